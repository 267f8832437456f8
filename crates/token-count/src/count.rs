//! Counts a text word by word.

use crate::split::Split;
use crate::tokenizer::Tokenizer;
use crate::words::Words;

impl Tokenizer {
    /// Returns the number of tokens of `text`. Special-token text such as `<|endoftext|>` counts as the text that it is.
    pub fn count(self, text: &str) -> u64 {
        // No text has so many tokens.
        count(self, text, usize::MAX).map_or(u64::MAX, |tokens| tokens as u64)
    }

    /// Returns true if `text` has more than `most` tokens. It is read only until that is certain.
    pub fn exceeds(self, text: &str, most: usize) -> bool {
        // No token is shorter than a byte.
        text.len() > most && count(self, text, most).is_none()
    }
}

/// Returns the number of tokens of a text, or `None` if it is above `most`. The rest of the text is not read then.
fn count(tokenizer: Tokenizer, text: &str, most: usize) -> Option<usize> {
    let words = Words::of(tokenizer);
    let (mut start, mut left) = (0, most);
    for end in Split::new(tokenizer, text) {
        left -= words.count(text.as_bytes(), start, end, left)?;
        start = end;
    }
    Some(most - left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_counts() {
        assert_eq!(Tokenizer::O200k.count("hello world"), 2);
        assert_eq!(Tokenizer::Cl100k.count("tiktoken is great!"), 6);
        assert!(Tokenizer::Cl100k.count("a <|endoftext|> b") > 3);
    }

    #[test]
    fn a_limit_is_met_exactly() {
        let words = "word ".repeat(5_000);
        for tokenizer in [Tokenizer::O200k, Tokenizer::Cl100k] {
            let text = words.trim_end();
            assert_eq!(tokenizer.count(text), 5_000);
            assert!(!tokenizer.exceeds(text, 5_000) && tokenizer.exceeds(text, 4_999));
            // One piece that no rule cuts, of unknown words.
            let piece = "xqzj".repeat(1_000);
            let tokens = usize::try_from(tokenizer.count(&piece)).unwrap();
            assert!(!tokenizer.exceeds(&piece, tokens) && tokenizer.exceeds(&piece, tokens - 1));
        }
    }
}

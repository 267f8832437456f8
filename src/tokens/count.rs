//! Counts a text word by word.

use super::Tokenizer;
use super::split::Split;
use super::words::Words;

/// Returns the number of tokens of a text, or `None` if it is above `most`. The rest of the text is not read then.
pub(super) fn count(tokenizer: Tokenizer, text: &str, most: usize) -> Option<usize> {
    let words = Words::of(tokenizer);
    let (mut start, mut left) = (0, most);
    for end in Split::new(tokenizer, text) {
        left -= words.count(text.as_bytes(), start, end, left)?;
        start = end;
    }
    Some(most - left)
}

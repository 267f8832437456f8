//! Counts a text word by word.

use super::Tokenizer;
use super::split::Split;
use super::words::Words;

/// The number of tokens of a text, or `None` where it is above `most`; what comes after them is not read.
pub(super) fn count(tokenizer: Tokenizer, text: &str, most: usize) -> Option<usize> {
    let words = Words::of(tokenizer);
    let (mut start, mut left) = (0, most);
    for end in Split::new(tokenizer, text) {
        left -= words.count(text.as_bytes(), start, end, left)?;
        start = end;
    }
    Some(most - left)
}

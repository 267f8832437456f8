//! Texts in pieces, which never cut a character: on native endpoints each piece is a string of its own.

/// Returns the pieces of a text, of at most `size` bytes. A longer character is a piece of its own.
pub(crate) fn of(text: &str, size: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?.len_utf8();
        let (piece, after) = rest.split_at_checked(floor(rest, size.max(first)))?;
        rest = after;
        Some(piece)
    })
}

/// Returns the largest boundary between two characters that is not after `at`.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_stay_whole() {
        assert_eq!(of("aé👋b", 2).collect::<Vec<_>>(), ["a", "é", "👋", "b"]);
        assert_eq!(of("hello", 2).collect::<Vec<_>>(), ["he", "ll", "o"]);
        assert_eq!(of("", 2).count(), 0);
        assert_eq!(of("ab", 0).count(), 2);
    }
}

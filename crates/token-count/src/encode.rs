//! Counts the tokens of one word: byte-pair encoding without the merges.
//!
//! Two tokens may stand beside each other if the merges of their bytes would not join them. Tokens of which each two neighbours may are
//! the encoding of their text, so the encoding is found from the left: the longest token that may follow, else a shorter one, else
//! another one before it. A place that no encoding passes is noted, so that a word costs time in proportion to its length.

use crate::table::{LONGEST, Table};

impl Table {
    /// Returns the number of tokens of a word, or `None` if it is above `most`. The word is read only until that is certain.
    pub(crate) fn count(&self, word: &[u8], most: usize) -> Option<usize> {
        let mut next = self.longest(word);
        if next.is_some_and(|token| self.length(token) == word.len()) {
            return (most > 0).then_some(1);
        }
        let mut tokens: Vec<u32> = Vec::with_capacity(word.len().min(most) / 3 + 1);
        let mut is_dead = vec![false; word.len() + 1];
        let mut at = 0;
        while let Some(mut token) = next {
            let before = tokens.last().copied();
            next = loop {
                let end = at + self.length(token);
                let is_open = is_dead.get(end) == Some(&false);
                if is_open && before.is_none_or(|before| self.may_follow(before, token)) {
                    tokens.push(token);
                    at = end;
                    break self.longest(word.get(end..).unwrap_or_default());
                }
                if let Some(shorter) = self.shorter(token) {
                    token = shorter;
                    continue;
                }
                if let Some(place) = is_dead.get_mut(at) {
                    *place = true;
                }
                tokens.pop();
                at -= before.map_or(0, |before| self.length(before));
                break before;
            };
            // What follows may join the last tokens, but no more than one token can hold.
            if tokens.len() > most.saturating_add(LONGEST) {
                return None;
            }
        }
        Some(tokens.len()).filter(|tokens| *tokens <= most)
    }

    /// Returns true if the encoding of the text of two tokens is these two. The merges are undone, the last one first: before each of
    /// them, the two parts at the border must not have been joined.
    #[inline]
    fn may_follow(&self, mut left: u32, mut right: u32) -> bool {
        let mut before = u32::MAX;
        loop {
            if self.merged(left, right).is_some_and(|merged| merged < before) {
                return false;
            }
            let (of_left, of_right) = (self.split(left), self.split(right));
            match (of_left, of_right) {
                (Some((_, end)), None) => (before, left) = (left, end),
                (Some((_, end)), _) if left > right => (before, left) = (left, end),
                // Of equal merges, the left one is made first.
                (_, Some((begin, _))) => (before, right) = (right + 1, begin),
                (None, None) => return true,
            }
        }
    }
}

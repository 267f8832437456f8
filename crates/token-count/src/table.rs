//! The tables of a tokenizer, which `build.rs` lays out. They are read where they lie in the program, so that nothing is loaded.

use crate::hashed::{Hashed, NONE, key_of_pair};

/// The longest token, in bytes.
pub(crate) const LONGEST: usize = 128;

/// The tables of a tokenizer.
pub(crate) struct Table {
    /// The bytes of all tokens, one after the other.
    text: &'static [u8],
    /// For each token four numbers: where its text begins, the two tokens that it is merged from, and the longest token that it begins
    /// with. Behind them stands where the last text ends.
    tokens: &'static [u8],
    /// The token of each byte.
    first: &'static [u8],
    /// The token that is merged from two.
    pairs: Hashed,
    /// From the beginning of a token and the byte behind it to the longer beginning. A number below those of the tokens is a token.
    steps: Hashed,
}

macro_rules! table {
    ($name:literal) => {
        Table {
            text: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".text")),
            tokens: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".tokens")),
            first: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".first")),
            pairs: Hashed(include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".pairs"))),
            steps: Hashed(include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".steps"))),
        }
    };
}

/// GPT-4o and later.
pub(crate) static O200K: Table = table!("o200k");
/// GPT-3.5, GPT-4 and the embedding models.
pub(crate) static CL100K: Table = table!("cl100k");

impl Table {
    /// Returns the number of tokens.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.tokens.len() / 16 - 1
    }

    /// Returns the bytes of a token.
    pub(crate) fn text(&self, token: u32) -> Option<&'static [u8]> {
        let (start, end) = (self.start(token as usize)?, self.start(token as usize + 1)?);
        self.text.get(start..end)
    }

    /// Returns the length of a token in bytes.
    #[inline]
    pub(crate) fn length(&self, token: u32) -> usize {
        let (start, end) = (self.start(token as usize), self.start(token as usize + 1));
        end.unwrap_or_default().saturating_sub(start.unwrap_or_default())
    }

    #[inline]
    fn start(&self, token: usize) -> Option<usize> {
        self.record(token).map(|[start, ..]| start as usize)
    }

    /// Returns the two tokens that a token is merged from; `None` for one that is not merged.
    #[inline]
    pub(crate) fn split(&self, token: u32) -> Option<(u32, u32)> {
        let [_, left, right, _] = self.record(token as usize)?;
        (left != NONE).then_some((left, right))
    }

    /// Returns the longest token that a token begins with, and that is shorter.
    #[inline]
    pub(crate) fn shorter(&self, token: u32) -> Option<u32> {
        self.record(token as usize).map(|[.., shorter]| shorter).filter(|shorter| *shorter != NONE)
    }

    /// Returns the token that two tokens are merged to.
    #[inline]
    pub(crate) fn merged(&self, left: u32, right: u32) -> Option<u32> {
        self.pairs.get(key_of_pair(left, right))
    }

    /// Returns the longest token that a text begins with; `None` at the end of the text.
    #[inline]
    pub(crate) fn longest(&self, text: &[u8]) -> Option<u32> {
        let (byte, rest) = text.split_first()?;
        let first = self.first.as_chunks().0.get(usize::from(*byte))?;
        let mut found = u32::from_le_bytes(*first);
        let mut beginning = found;
        for byte in rest {
            let Some(longer) = self.steps.get(u64::from(beginning) << 8 | u64::from(*byte)) else { break };
            beginning = longer;
            if (longer as usize) < self.len() {
                found = longer;
            }
        }
        Some(found)
    }

    #[inline]
    fn record(&self, token: usize) -> Option<[u32; 4]> {
        let record: &[u8; 16] = self.tokens.as_chunks().0.get(token)?;
        let number = u128::from_le_bytes(*record);
        Some([number as u32, (number >> 32) as u32, (number >> 64) as u32, (number >> 96) as u32])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_are_those_of_the_library() {
        for (table, library) in [(&O200K, bpe_openai::o200k_base()), (&CL100K, bpe_openai::cl100k_base())] {
            assert_eq!(table.len(), library.bpe.num_tokens());
            for id in 0..table.len() as u32 {
                let text = library.bpe.decode_tokens(&[id]);
                assert_eq!(table.text(id), Some(text.as_slice()));
                assert!(text.len() <= LONGEST && table.length(id) == text.len() && table.longest(&text) == Some(id));
            }
            assert_eq!(table.text(table.len() as u32), None);
        }
    }
}

//! The tokenizers of OpenAI's models, and their tables.

use crate::table::{CL100K, O200K, Table};

/// A table of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokenizer {
    /// GPT-4o and later.
    O200k,
    /// GPT-3.5, GPT-4 and the embedding models.
    Cl100k,
}

impl Tokenizer {
    /// Returns the name that people write.
    pub fn name(self) -> &'static str {
        match self {
            Tokenizer::O200k => "o200k",
            Tokenizer::Cl100k => "cl100k",
        }
    }

    /// Returns true if an id stands for a piece of text.
    pub fn knows(self, id: u32) -> bool {
        (id as usize) < self.table().len()
    }

    /// Returns the text of token ids; `None` for an id outside the table, or for bytes that are no text.
    pub fn decode(self, ids: &[u32]) -> Option<String> {
        let pieces: Option<Vec<&[u8]>> = ids.iter().map(|id| self.table().text(*id)).collect();
        String::from_utf8(pieces?.concat()).ok()
    }

    /// Returns the tables.
    pub(crate) fn table(self) -> &'static Table {
        match self {
            Tokenizer::O200k => &O200K,
            Tokenizer::Cl100k => &CL100K,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_ids_become_text_again() {
        assert_eq!(Tokenizer::Cl100k.decode(&[83, 1609, 5963, 374, 2294, 0]).as_deref(), Some("tiktoken is great!"));
        for unknown in [100_256, u32::MAX] {
            assert!(!Tokenizer::Cl100k.knows(unknown));
            assert_eq!(Tokenizer::Cl100k.decode(&[83, unknown]), None);
        }
        // The first byte of a longer character.
        assert_eq!(Tokenizer::Cl100k.decode(&[159]), None);
    }
}

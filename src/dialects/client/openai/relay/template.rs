//! The usual chunk of a relayed stream, and what the client gets of it.

use crate::dialects::upstream::openai::pattern::ChunkPattern;
use crate::json;
use std::ops::Range;

/// A chunk that may come again with another text, and the event that it becomes.
#[derive(Debug)]
pub struct ChunkTemplate {
    pattern: ChunkPattern,
    /// What the client gets before and after the text.
    out_before: Box<[u8]>,
    out_after: Box<[u8]>,
}

impl ChunkTemplate {
    /// Makes the template of a chunk that was rewritten to `out`. `text` and `padding` are slices of `data`, and `written` is where the
    /// text begins and ends in `out`.
    pub fn new(data: &str, text: &str, padding: Option<&str>, out: &[u8], written: Range<usize>) -> Option<Self> {
        Some(ChunkTemplate {
            pattern: ChunkPattern::new(data, text, padding)?,
            out_before: out.get(..written.start)?.into(),
            out_after: out.get(written.end..)?.into(),
        })
    }

    /// Returns the text of a chunk that differs only where it may.
    pub fn text_of<'a>(&self, data: &'a str) -> Option<&'a str> {
        self.pattern.text_of(data)
    }

    /// Appends the chunk with this text.
    pub fn push(&self, out: &mut Vec<u8>, text: &str) {
        out.reserve(self.out_before.len() + text.len() + self.out_after.len());
        out.extend_from_slice(&self.out_before);
        json::push_inside(out, text);
        out.extend_from_slice(&self.out_after);
    }
}

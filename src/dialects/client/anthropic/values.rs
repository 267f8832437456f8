//! Places and failures in Anthropic's words: `messages.1.content.0: …`.

use crate::wire::Failure;
use std::fmt;

/// Where a block stands: the message, the block in it, and the block within that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockPlace {
    message: usize,
    block: Option<usize>,
    inner: Option<usize>,
}

impl BlockPlace {
    /// Returns the place of a message.
    pub fn of_message(message: usize) -> Self {
        BlockPlace { message, block: None, inner: None }
    }

    /// Returns the place of a block of this message, or of a block within this block.
    pub fn of_block(self, index: usize) -> Self {
        match self.block {
            None => BlockPlace { block: Some(index), ..self },
            Some(_) => BlockPlace { inner: Some(index), ..self },
        }
    }
}

impl fmt::Display for BlockPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "messages.{}", self.message)?;
        for index in [self.block, self.inner].into_iter().flatten() {
            write!(f, ".content.{index}")?;
        }
        Ok(())
    }
}

/// Returns a 400 for a field, in the words of the vendor.
pub fn invalid(place: &str, why: &str) -> Failure {
    Failure::bad_field(place, format!("{place}: {why}"))
}

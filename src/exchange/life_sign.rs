//! What a silent stream gets so that nobody takes it for dead.

use crate::wire::Pulse;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// What keeps one stream alive: a comment that is always the same, or events that depend on what was written before.
#[derive(Clone)]
pub struct LifeSign {
    comment: &'static [u8],
    pulse: Option<Arc<dyn Pulse>>,
}

impl LifeSign {
    /// Keeps a stream alive with this comment, or with events of `pulse`.
    pub fn new(comment: &'static [u8], pulse: Option<Arc<dyn Pulse>>) -> Self {
        LifeSign { comment, pulse }
    }

    /// Returns the comment, which changes nothing wherever it stands between two events; empty if the dialect has none.
    pub fn comment(&self) -> &'static [u8] {
        self.comment
    }

    /// Returns what the client gets after a silence.
    pub fn sign(&self) -> Bytes {
        let Some(pulse) = &self.pulse else { return Bytes::from_static(self.comment) };
        let mut out = Vec::new();
        pulse.beat(&mut out);
        Bytes::from(out)
    }
}

impl fmt::Debug for LifeSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LifeSign").finish_non_exhaustive()
    }
}

//! Thinking that clients keep for the next turn, sealed so that nobody else reads or changes it.

use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::upstream::AnswerForm;
use crate::plan::Context;
use crate::wire::Seal;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Seals what only this proxy, and only for the same caller, is to read again.
#[derive(Clone)]
pub struct Sealer {
    /// The key.
    pub seal: Arc<Seal>,
    /// Whom it is for.
    pub owner: Arc<str>,
}

impl Sealer {
    /// Returns what seals for the caller of a request.
    pub fn of(cx: &Context<'_>) -> Self {
        let owner = format!("{}\n{}", cx.caller.name.as_deref().unwrap_or_default(), cx.caller.user);
        Sealer { seal: cx.seal.clone(), owner: owner.into() }
    }

    /// Returns a block of thinking as the client keeps it; `None` where its vendor has no such blocks.
    pub fn seal(&self, frame: &ReplyFrame, block: impl FnOnce() -> Vec<u8>) -> Option<String> {
        (frame.form == Some(AnswerForm::Anthropic)).then(|| self.seal.seal(&block(), &self.owner)).flatten()
    }

    /// Returns the block that was sealed; `None` for anything else.
    pub fn unseal(&self, sealed: &str) -> Option<Box<RawValue>> {
        RawValue::from_string(self.seal.open(sealed, &self.owner)?).ok()
    }
}

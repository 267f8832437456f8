//! What a relayed reply is made from.

use crate::chat::Delivery;
use crate::dialects::client::anthropic::encoder::MessageEncoder;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::known_names::KnownNames;
use crate::dialects::upstream::ChatDialect;
use std::sync::Arc;

/// What a relayed reply is made from.
#[derive(Clone)]
pub struct RelayTerms {
    /// The facts of the reply.
    pub frame: ReplyFrame,
    /// The names of tools, for answers that come in another form after all.
    pub known: Arc<KnownNames>,
    /// The upstream's dialect.
    pub dialect: &'static dyn ChatDialect,
}

impl RelayTerms {
    /// Returns the encoder of an answer that comes in another form after all.
    pub fn encoder(&self, delivery: Delivery) -> MessageEncoder {
        MessageEncoder::new(self.frame.clone(), self.known.clone(), delivery)
    }
}

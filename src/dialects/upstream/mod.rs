//! Upstream dialects: how a gateway wants a request and what its replies mean. A route's upstream names one in the table.

pub mod argo;
pub mod error;
mod facts;
pub mod openai_form;
mod registry;

pub use facts::{UpstreamDialect, VendorError};
pub use registry::{DIALECTS, Dialect, DialectRow, find};

use crate::chat::tools::Tools;
use crate::chat::{Conversation, Sink};
use crate::json::Vector;
use crate::models::Family;
use crate::wire::Failure;
use serde_json::value::RawValue;

/// Who calls which model, as the upstream knows them, and how.
#[derive(Debug, Clone, Copy)]
pub struct CallTerms<'a> {
    /// The caller's credential: the user's name.
    pub user: &'a str,
    /// The upstream's own id of the model.
    pub model: &'a str,
    /// Whether the answer is to be streamed.
    pub stream: bool,
}

/// An upstream that answers conversations.
pub trait ChatDialect: UpstreamDialect {
    /// Whether the upstream can take the tools that are offered to a model of this family.
    ///
    /// # Errors
    /// 400 naming what it cannot take.
    fn check_tools(&self, tools: &Tools<'_>, family: Family) -> Result<(), Failure>;

    /// Whether the upstream streams answers to such a conversation; if not, it is asked for a whole one.
    fn streams(&self, chat: &Conversation<'_>) -> bool;

    /// The request body for a model whose tools have the shape of `family`.
    fn encode(&self, chat: &Conversation<'_>, call: CallTerms<'_>, family: Family) -> Vec<u8>;

    /// What a complete reply with a success status says. `offered` are the tools whose calls may have leaked into its text.
    ///
    /// # Errors
    /// When the body is an error in disguise or no answer at all.
    fn whole(&self, body: &[u8], offered: &[String], sink: &mut dyn Sink) -> Result<(), Failure>;

    /// A decoder for one streamed reply.
    fn stream(&self) -> Box<dyn StreamDecoder>;
}

/// Decodes one streamed reply piece by piece.
pub trait StreamDecoder: Send + Sync {
    /// Takes a piece, however it was cut.
    ///
    /// # Errors
    /// When the stream cannot be an answer; what came before has been handed to `sink`.
    fn piece(&mut self, piece: &[u8], sink: &mut dyn Sink) -> Result<(), Failure>;

    /// The stream broke off: hands what was held back to `sink`, or says what it surely was instead of an answer.
    fn broken(&mut self, sink: &mut dyn Sink) -> Option<Failure>;

    /// The stream ended as it should.
    ///
    /// # Errors
    /// When what came so far is no complete answer.
    fn end(&mut self, sink: &mut dyn Sink) -> Result<(), Failure>;
}

/// An upstream that turns texts into vectors.
pub trait EmbeddingDialect: UpstreamDialect {
    /// The request body for texts that are raw JSON strings.
    fn encode(&self, inputs: &[&RawValue], call: CallTerms<'_>) -> Vec<u8>;

    /// The vectors of a complete reply, in order, each a JSON array.
    ///
    /// # Errors
    /// When the body is an error or no list of vectors.
    fn vectors<'a>(&self, body: &'a [u8]) -> Result<Vec<Vector<'a>>, Failure>;

    /// The most texts that one call takes.
    fn most_inputs(&self) -> usize;
}

//! Upstream dialects: how a gateway takes requests and what its replies mean. Each upstream in the table names one.

pub mod anthropic;
pub mod anthropic_form;
pub mod argo;
mod embedding_form;
pub mod error;
pub mod error_body;
pub mod facts;
pub mod front_door;
pub mod openai;
pub mod openai_form;
mod registry;
pub mod responses;
pub mod unsupported;
mod vendor;

pub use facts::{UpstreamDialect, VendorError, beyond_text};
pub use registry::{DIALECTS, Dialect, DialectRow};
pub use vendor::{GatewayDialect, Vendor};

use crate::chat::{Conversation, Message, Sink};
use crate::json::Vector;
use crate::models::Rules;
use crate::wire::Failure;
use serde_json::value::RawValue;

/// The user, the model and the kind of a call, as the upstream knows them.
#[derive(Debug, Clone, Copy)]
pub struct CallTerms<'a> {
    /// The caller's credential: the user's name.
    pub user: &'a str,
    /// The upstream's own id of the model.
    pub model: &'a str,
    /// True if the answer is to be streamed.
    pub stream: bool,
    /// The model's quirks at this upstream.
    pub rules: &'a Rules,
}

/// A form of requests and answers that a client dialect and an upstream dialect share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerForm {
    /// OpenAI's chat completions.
    OpenaiChat,
    /// OpenAI's Responses.
    OpenaiResponses,
    /// Anthropic's messages.
    Anthropic,
}

/// An upstream that answers conversations.
pub trait ChatDialect: UpstreamDialect {
    /// Returns true if the upstream streams answers to this conversation; otherwise it is asked for a whole answer.
    fn streams(&self, chat: &Conversation<'_>) -> bool;

    /// Returns true if the upstream knows this parameter. What it does not know is left out of the call.
    fn takes(&self, _param: &str) -> bool {
        true
    }

    /// Refuses messages with a part that this dialect has no way to say. `encode` refuses them too, but then no other upstream can
    /// be chosen.
    ///
    /// # Errors
    /// 400 naming the part.
    fn carries(&self, _messages: &[Message<'_>]) -> Result<(), Failure> {
        Ok(())
    }

    /// Returns true if answers carry the upstream's own counts of tokens, so that nothing is counted here.
    fn reports_usage(&self) -> bool {
        false
    }

    /// Returns the client dialect that the upstream speaks, if there is one. Then requests and answers of that dialect can pass
    /// almost as they come.
    fn form(&self) -> Option<AnswerForm> {
        None
    }

    /// Returns true if the result of a call may have images. Elsewhere they follow the results, in a message of the user.
    fn takes_images_in_results(&self) -> bool {
        false
    }

    /// Returns whose gateway answers. Some send notices in place of answers.
    fn vendor(&self) -> Vendor {
        Vendor::Other
    }

    /// Returns what `encode` makes of parameters that have another form in this dialect, and why, for explanations.
    fn remarks(&self, _chat: &Conversation<'_>, _call: CallTerms<'_>) -> Vec<String> {
        Vec::new()
    }

    /// Returns the request body.
    ///
    /// # Errors
    /// When the upstream's dialect has no way to say a part of the conversation.
    fn encode(&self, chat: &Conversation<'_>, call: CallTerms<'_>) -> Result<Vec<u8>, Failure>;

    /// Decodes a complete reply with a success status. `offered` are the tools whose calls may have leaked into its
    /// text.
    ///
    /// # Errors
    /// When the body is a hidden error or not an answer.
    fn whole(&self, body: &[u8], offered: &[String], sink: &mut dyn Sink) -> Result<(), Failure>;

    /// Returns a decoder for one streamed reply.
    fn stream(&self) -> Box<dyn StreamDecoder>;
}

/// Decodes one streamed reply piece by piece.
pub trait StreamDecoder: Send + Sync {
    /// Takes a piece, however it was cut.
    ///
    /// # Errors
    /// When the stream cannot be an answer; everything before this has been passed to `sink`.
    fn piece(&mut self, piece: &[u8], sink: &mut dyn Sink) -> Result<(), Failure>;

    /// Takes the break of a stream. Passes held text to `sink`, or returns the failure if the text surely was not an
    /// answer.
    fn broken(&mut self, sink: &mut dyn Sink) -> Option<Failure>;

    /// Takes the regular end of the stream.
    ///
    /// # Errors
    /// When the received text is not a complete answer.
    fn end(&mut self, sink: &mut dyn Sink) -> Result<(), Failure>;
}

/// A reply to a call for vectors.
#[derive(Debug, Default)]
pub struct VectorAnswer<'a> {
    /// The vectors in the order of the texts, each a list, whatever form it came in.
    pub vectors: Vec<Vector<'a>>,
    /// The tokens of the texts, where the upstream counts them.
    pub tokens: Option<u64>,
}

/// An upstream that turns texts into vectors.
pub trait EmbeddingDialect: UpstreamDialect {
    /// Returns the request body for texts that are raw JSON strings.
    fn encode(&self, inputs: &[&RawValue], call: CallTerms<'_>) -> Vec<u8>;

    /// Reads a complete reply.
    ///
    /// # Errors
    /// When the body is an error or not a list of vectors.
    fn read<'a>(&self, body: &'a [u8]) -> Result<VectorAnswer<'a>, Failure>;

    /// Returns true if answers carry the upstream's own count of tokens, so that nothing is counted here.
    fn reports_usage(&self) -> bool {
        false
    }

    /// Returns the maximum number of texts in one call.
    fn most_inputs(&self) -> usize;
}

//! A request for chat answers, as every client dialect decodes it.

use super::conversation::{Message, Param};
use super::format::AskedFormat;
use super::tools::Tools;
use std::time::Duration;

/// A request for answers.
#[derive(Debug, Default)]
pub struct ChatRequest<'a> {
    /// What is answered: a list of messages for each conversation, at least one.
    pub conversations: Vec<Vec<Message<'a>>>,
    /// How many answers to each; 0 and 1 are one.
    pub answers: u64,
    /// The tools that are offered.
    pub tools: Option<Tools<'a>>,
    /// The JSON that the answers are to be.
    pub format: Option<AskedFormat<'a>>,
    /// Everything that goes upstream as it came, by OpenAI's names.
    pub params: Vec<Param<'a>>,
    /// The client's name for the limit of its answer, where it sets one.
    pub limit_name: Option<&'static str>,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// Whether a stream tells its usage.
    pub include_usage: bool,
    /// The time limit that the request asks for.
    pub timeout: Option<Duration>,
}

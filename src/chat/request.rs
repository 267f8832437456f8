//! A request for chat answers, as every client dialect decodes it.

use super::conversation::{Message, Param};
use super::format::AskedFormat;
use super::tools::Tools;
use crate::wire::Failure;
use std::time::Duration;

/// A request for answers.
#[derive(Debug, Default)]
pub struct ChatRequest<'a> {
    /// The conversations to answer, at least one, each as a list of messages.
    pub conversations: Vec<Vec<Message<'a>>>,
    /// How many answers to give to each; 0 and 1 both mean one.
    pub answers: u64,
    /// The offered tools.
    pub tools: Option<Tools<'a>>,
    /// The JSON format of the answers.
    pub format: Option<AskedFormat<'a>>,
    /// The parameters that go upstream unchanged, by OpenAI's names.
    pub params: Vec<Param<'a>>,
    /// The client's name for the limit of its answer, if it sets one.
    pub limit_name: Option<&'static str>,
    /// True if the client wants a stream.
    pub stream: bool,
    /// True if a stream reports its usage.
    pub include_usage: bool,
    /// What keeps the request from every upstream of another form: a part that only its own form has.
    pub bound: Option<Failure>,
    /// The time limit that the request asks for.
    pub timeout: Option<Duration>,
}

//! Facts about an upstream dialect that do not depend on its answers: its name, its headers, how its errors read.

use crate::plan::Held;
use http::{HeaderName, HeaderValue, StatusCode};

/// The facts of an upstream dialect. Messages, heads and errors use them, so no other module names a vendor.
pub trait UpstreamDialect: Send + Sync {
    /// Returns the upstream's name in messages. It is used at the beginning of a sentence and before `'s`.
    fn name(&self) -> &'static str;

    /// Returns what to check when the upstream cannot be reached at this host, in whole sentences.
    fn hint(&self, _host: &str) -> Option<&'static str> {
        None
    }

    /// Returns `Accept` of a whole or a streamed call.
    fn accept(&self, stream: bool) -> HeaderValue;

    /// Returns the headers that every call has beside those. A row of the table can replace them.
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        Vec::new()
    }

    /// Returns true if this host of the upstream redirects a path without its final slash instead of answering.
    fn needs_final_slash(&self, _host: &str) -> bool {
        false
    }

    /// Returns true if streamed calls go to the URL of whole ones, unless the table says otherwise.
    fn streams_at_url(&self) -> bool {
        false
    }

    /// Returns true if the upstream is known to answer nothing, with a success status, where a model cannot think as it is asked to.
    fn may_say_nothing(&self) -> bool {
        false
    }

    /// Returns why a parameter with this value cannot be served, if leaving it out would change the meaning of the answer.
    fn refuses(&self, param: &str, value: &str) -> Option<&'static str> {
        beyond_text(param, value)
    }

    /// Reads an answer with an error status.
    fn error(&self, held: &Held) -> VendorError;
}

/// Returns why a parameter cannot be served by an upstream that gives texts and nothing about them.
pub fn beyond_text(param: &str, value: &str) -> Option<&'static str> {
    let (is_refused, why) = match param {
        "logprobs" => (value != "false", "gives no log probabilities"),
        "top_logprobs" => (value != "0", "gives no log probabilities"),
        "audio" => (true, "gives no audio"),
        "modalities" => (value.contains("\"audio\""), "gives no audio"),
        "echo" => (value != "false", "does not repeat the prompt"),
        "best_of" => (true, "does not tell which answer is the best"),
        "suffix" => (value != "\"\"", "does not insert text"),
        _ => (false, ""),
    };
    is_refused.then_some(why)
}

/// An error as an upstream describes it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct VendorError {
    /// The status of the vendor's own answer, where a gateway reports it in the body and answers another one.
    pub status: Option<StatusCode>,
    /// The vendor's type of the error.
    pub kind: Option<String>,
    /// The message for people; empty if the body has none.
    pub message: String,
    /// The request field at fault.
    pub param: Option<String>,
    /// The vendor's code.
    pub code: Option<String>,
}

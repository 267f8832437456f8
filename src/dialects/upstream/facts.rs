//! What is true of an upstream dialect whatever it answers: its name, its headers, how its errors read.

use crate::plan::Held;
use http::HeaderValue;

/// The facts of an upstream dialect. Messages, heads and errors are made from them, so that no other module names a vendor.
pub trait UpstreamDialect: Send + Sync {
    /// The name of such an upstream in messages; it stands at the beginning of a sentence, and before `'s`.
    fn name(&self) -> &'static str;

    /// What to look at when the upstream cannot be reached: whole sentences.
    fn hint(&self) -> Option<&'static str> {
        None
    }

    /// `Accept` of a call, whole or streamed.
    fn accept(&self, stream: bool) -> HeaderValue;

    /// Whether the upstream redirects a path without its final slash instead of answering.
    fn needs_final_slash(&self) -> bool {
        false
    }

    /// What an answer says whose status is an error.
    fn error(&self, held: &Held) -> VendorError;
}

/// What an upstream says of an error.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct VendorError {
    /// For people; empty when the body holds nothing.
    pub message: String,
    /// The request field at fault.
    pub param: Option<String>,
    /// The vendor's code.
    pub code: Option<String>,
}

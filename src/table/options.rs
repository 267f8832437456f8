//! What a row of the table changes beside what it does.

use super::Images;
use crate::access::{Globs, Limits};
use crate::diagnostics::Place;
use crate::json::overlay::Overlay;
use http::{HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;

/// Options of a row.
#[derive(Debug, Default)]
pub struct Options {
    /// The longest that a call may take, in place of the configuration's limit.
    pub timeout: Option<Duration>,
    /// The largest request body in bytes, in place of the configuration's limit.
    pub max_body: Option<usize>,
    /// What each caller may use of it.
    pub limits: Limits,
    /// Headers of every reply.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Fields of the request's body that the row decides.
    pub overlay: Option<Overlay>,
    /// How images that a request names by URL are fetched.
    pub images: Arc<Images>,
    /// Who may use it; everybody where it names nobody.
    pub callers: Option<RowCallers>,
}

/// The callers that a row names.
#[derive(Debug, Clone)]
pub struct RowCallers {
    /// Their names.
    pub globs: Globs,
    /// The same, each with its place.
    pub names: Vec<(String, Place)>,
}

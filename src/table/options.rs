//! Options of a row: everything that it sets besides its action.

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
    /// The time limit of a call, in place of the configuration's limit.
    pub timeout: Option<Duration>,
    /// The largest request body in bytes, in place of the configuration's limit.
    pub max_body: Option<usize>,
    /// The limits of each caller on this row.
    pub limits: Limits,
    /// Headers to add to every reply.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Fields of the request's body that the row sets.
    pub overlay: Option<Overlay>,
    /// How images that a request names by URL are fetched.
    pub images: Arc<Images>,
    /// The callers that may use the row; `None`: all.
    pub callers: Option<RowCallers>,
}

/// The callers that a row names.
#[derive(Debug, Clone)]
pub struct RowCallers {
    /// The callers' names as globs.
    pub globs: Globs,
    /// The same names, each with its place in the file.
    pub names: Vec<(String, Place)>,
}

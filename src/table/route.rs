//! A route: a row of the table, ready to serve.

use super::options::Options;
use super::path;
use super::upstream::Upstream;
use crate::models::Models;
use crate::plan::{Client, Transformer};
use crate::transform::local::Audience;
use bytes::Bytes;
use http::Method;
use std::sync::Arc;

/// A row of the table.
pub struct Route {
    /// The route's number in the table, from 0, in the order of [`crate::table::Table::routes`].
    pub number: usize,
    /// The path as the table has it.
    pub path: String,
    /// The accepted methods.
    pub methods: Vec<Method>,
    /// The upstreams to call, in the order in which they are preferred. None for a local reply.
    pub upstreams: Vec<Arc<Upstream>>,
    /// The group of models that the route serves; `None` for a local reply.
    pub models: Option<Arc<Models>>,
    /// The code that serves a request.
    pub transformer: Arc<dyn Transformer>,
    /// The client dialect, which writes failures. `None` for a local reply, which serves clients of every dialect.
    pub client: Option<&'static dyn Client>,
    /// The name of the transformer.
    pub does: &'static str,
    /// The body to use for a request without a body.
    pub request: Bytes,
    /// The row's options.
    pub options: Options,
    /// Who gets its reply where calls need a key.
    pub audience: Audience,
    /// The purpose of the route, in one line.
    pub about: String,
    /// The row's name in messages: its number and path, and its file if that is not the table's first.
    pub place: String,
    /// The file and line of the row's path.
    pub from: String,
}

impl Route {
    /// Returns true if the route calls an upstream.
    pub fn calls(&self) -> bool {
        !self.upstreams.is_empty()
    }

    /// Returns true if the route reads the request's body. Of local replies only the page does.
    pub fn reads_body(&self) -> bool {
        self.calls() || self.audience == Audience::Page
    }

    /// Returns the names of the path's parameters, in the order of their values.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        path::names(&self.path)
    }
}

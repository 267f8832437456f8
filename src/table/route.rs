//! A row of the table, ready to serve.

use super::options::Options;
use super::path;
use super::upstream::Upstream;
use crate::models::Models;
use crate::plan::{Client, Transformer};
use bytes::Bytes;
use http::Method;
use std::sync::Arc;

/// A row of the table.
pub struct Route {
    /// Its number in the table, from 0 in the order of [`Table::routes`].
    pub number: usize,
    /// The path as the table has it.
    pub path: String,
    /// The methods that it takes.
    pub methods: Vec<Method>,
    /// What it calls; `None` for a reply made here.
    pub upstream: Option<Arc<Upstream>>,
    /// Whose models it serves; `None` for a reply made here.
    pub models: Option<Arc<Models>>,
    /// What it does.
    pub transformer: Arc<dyn Transformer>,
    /// How failures read to its clients; `None` for a reply made here, which clients of every dialect may ask for.
    pub client: Option<&'static dyn Client>,
    /// The name of the transformer.
    pub does: &'static str,
    /// The body of a request that comes without one.
    pub request: Bytes,
    /// What it changes beside.
    pub options: Options,
    /// Whether it is for everybody, also where calls need a key.
    pub is_public: bool,
    /// What it is for, in one line.
    pub about: String,
    /// What the row is called: its number and path, and its file where that is not the table's first.
    pub place: String,
    /// File and line of its path.
    pub from: String,
}

impl Route {
    /// Returns true if the row wants the request's body. A row that is answered here does not.
    pub fn reads_body(&self) -> bool {
        self.upstream.is_some()
    }

    /// The names of the path's parameters, in the order of their values.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        path::names(&self.path)
    }
}

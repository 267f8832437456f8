//! What shows who sends a request.

use crate::wire::Query;
use http::{HeaderMap, Uri};

/// What shows who sends a request, before a route is known.
#[derive(Debug, Clone, Copy)]
pub struct ClientSigns<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its path.
    pub path: &'a str,
    /// Its query.
    pub query: Query<'a>,
}

impl<'a> ClientSigns<'a> {
    /// Returns what a head shows.
    pub fn of(headers: &'a HeaderMap, uri: &'a Uri) -> Self {
        ClientSigns { headers, path: uri.path(), query: Query(uri.query()) }
    }
}

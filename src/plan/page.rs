//! A request of the page for people. A transformer knows the table alone, so that the running process answers.

use crate::wire::OwnedQuery;
use bytes::Bytes;

/// A request of the page for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCall {
    /// What is asked for: the name of a file or of data; empty for the page itself.
    pub part: String,
    /// Where the page's files and data are, such as `/page`.
    pub prefix: String,
    /// The query.
    pub query: OwnedQuery,
    /// The body.
    pub body: Bytes,
}

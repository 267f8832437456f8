//! Client dialects: how clients ask, and how replies and errors read to them.
//!
//! A new dialect is a folder here, a row in [`CLIENTS`] where its clients can be told by their request's head, and the
//! transformers that it serves.

pub mod chat;
pub mod frame;
pub mod openai;

pub use chat::{ChatClient, Exceeded};
pub use frame::{ReplyFrame, ReplyOptions, Tally};

use crate::plan::Client;
use http::HeaderMap;

/// A client dialect, and how its clients are told.
pub struct ClientRow {
    /// What it is called.
    pub name: &'static str,
    /// Returns true for the head of a request that such a client sends, by its headers and its path.
    pub speaks: fn(&HeaderMap, &str) -> bool,
    /// How failures read to it.
    pub client: &'static dyn Client,
}

/// All client dialects. The first that speaks is taken; the last one speaks always.
pub const CLIENTS: &[ClientRow] = &[ClientRow { name: "openai", speaks: |_, _| true, client: &openai::Openai }];

/// Returns the dialect of whoever sent a request, for failures before a route is known.
pub fn speaking(headers: &HeaderMap, path: &str) -> &'static dyn Client {
    speaking_of(CLIENTS, headers, path)
}

/// Returns the dialect of whoever sent a request, of these.
pub fn speaking_of(clients: &[ClientRow], headers: &HeaderMap, path: &str) -> &'static dyn Client {
    let row = clients.iter().find(|row| (row.speaks)(headers, path));
    row.map_or(&openai::Openai, |row| row.client)
}

//! Client dialects: the form of clients' requests, and of the replies and errors that they read.
//!
//! A new dialect is a folder here and the transformers that serve it. If the head of a request shows its clients, it
//! also has a row in [`CLIENTS`].

pub mod anthropic;
pub mod chat;
pub mod frame;
pub mod openai;
pub mod responses;
pub mod values;

pub use chat::{ChatClient, Exceeded};
pub use frame::{ReplyFrame, ReplyOptions, Tally};

use crate::plan::{Client, ClientVendor};
use http::HeaderMap;

/// A client dialect, and how its clients are recognized.
pub struct ClientRow {
    /// Its name.
    pub name: &'static str,
    /// Returns true if the headers and the path of a request come from such a client.
    pub speaks: fn(&HeaderMap, &str) -> bool,
    /// How failures read to such clients.
    pub client: &'static dyn Client,
}

/// All client dialects. The first one that recognizes the request is used; the last one recognizes every request.
pub const CLIENTS: &[ClientRow] = &[
    ClientRow {
        name: "anthropic",
        speaks: |headers, _| headers.contains_key("anthropic-version"),
        client: &anthropic::AnthropicClient,
    },
    ClientRow { name: "openai", speaks: |_, _| true, client: &openai::Openai },
];

/// Headers that only Google's clients send.
const OF_GOOGLE: [&str; 2] = ["x-goog-api-key", "x-goog-api-client"];

/// Returns the vendor whose clients send such a head. Google's may have their key in the query.
pub fn vendor_of(headers: &HeaderMap, query: Option<&str>) -> ClientVendor {
    let has_key = || query.is_some_and(|query| query.split('&').any(|part| part.starts_with("key=")));
    if OF_GOOGLE.iter().any(|name| headers.contains_key(*name)) || has_key() {
        ClientVendor::Google
    } else if headers.contains_key("anthropic-version") {
        ClientVendor::Anthropic
    } else {
        ClientVendor::Openai
    }
}

/// Returns the dialect of the client that sent a request, for failures before a route is known.
pub fn speaking(headers: &HeaderMap, path: &str) -> &'static dyn Client {
    speaking_of(CLIENTS, headers, path)
}

/// Returns the dialect of the client that sent a request, out of `clients`.
pub fn speaking_of(clients: &[ClientRow], headers: &HeaderMap, path: &str) -> &'static dyn Client {
    let row = clients.iter().find(|row| (row.speaks)(headers, path));
    row.map_or(&openai::Openai, |row| row.client)
}

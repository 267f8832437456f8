//! Client dialects: the form of clients' requests, and of the replies and errors that they read.
//!
//! A new dialect is a folder here and the transformers that serve it. If the head of a request shows its clients, it
//! also has a row in [`CLIENTS`].

pub mod anthropic;
pub mod call_maker;
pub mod chat;
pub mod embedded;
pub mod frame;
pub mod gemini;
pub mod known_names;
pub mod openai;
pub mod responses;
mod signs;
pub mod spoken;
pub mod too_long;
pub mod values;

pub use chat::{ChatClient, Exceeded};
pub use frame::{ReplyFrame, ReplyOptions, Tally};
pub use signs::ClientSigns;

use crate::plan::{Client, ClientVendor};

/// A client dialect, and how its clients are recognized.
pub struct ClientRow {
    /// The vendor of its clients.
    pub vendor: ClientVendor,
    /// Returns true if a request comes from such a client.
    pub speaks: fn(&ClientSigns<'_>) -> bool,
    /// How failures read to such clients.
    pub client: &'static dyn Client,
}

/// All client dialects. The first one that recognizes the request is used; the last one recognizes every request.
pub const CLIENTS: &[ClientRow] = &[
    ClientRow { vendor: ClientVendor::Google, speaks: gemini::speaks, client: &gemini::GeminiClient },
    ClientRow {
        vendor: ClientVendor::Anthropic,
        speaks: |signs| signs.headers.contains_key("anthropic-version"),
        client: &anthropic::AnthropicClient,
    },
    OTHERS,
];

/// OpenAI's clients, and all that show nothing else.
const OTHERS: ClientRow = ClientRow { vendor: ClientVendor::Openai, speaks: |_| true, client: &openai::Openai };

/// Returns the dialect of the client that sent a request.
pub fn speaking(signs: &ClientSigns<'_>) -> &'static ClientRow {
    speaking_of(CLIENTS, signs)
}

/// Returns the dialect of the client that sent a request, out of `clients`.
pub fn speaking_of<'c>(clients: &'c [ClientRow], signs: &ClientSigns<'_>) -> &'c ClientRow {
    clients.iter().find(|row| (row.speaks)(signs)).unwrap_or(&OTHERS)
}

/// Returns how failures read to a client of which nothing is known.
pub fn unknown() -> &'static dyn Client {
    OTHERS.client
}

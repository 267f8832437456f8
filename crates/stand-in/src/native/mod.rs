//! The native endpoints, in the shapes of the vendors whose libraries they serve.
//!
//! ```text
//! chat          /v1/chat/completions                          each: checks, the whole answer, the streamed answer
//! messages      /v1/messages, /v1/messages/count_tokens       thinking, history: checks that only Claude has
//! responses     /v1/responses                                 input, offered: what is asked; response: the object
//! ├ dialect     what an endpoint has a shape of its own for   refusal: what is shaped; user: who calls
//! ├ answer      text, calls, reason of the end, tokens        structured: JSON that fits a schema; pieces: of texts
//! ├ sampling    refused by OpenAI's newest family
//! embeddings    /v1/embeddings                                openapi: /openapi.json
//! ├ body        borrowed view of a body
//! ├ model       what an id says about a model
//! └ json        JSON as Python writes it                      moment: the time of each answer
//! ```

pub(crate) mod answer;
mod body;
pub(crate) mod chat;
mod dialect;
pub(crate) mod embeddings;
mod json;
pub(crate) mod messages;
mod model;
mod moment;
pub(crate) mod openapi;
mod pieces;
mod refusal;
pub(crate) mod responses;
mod sampling;
mod structured;
mod user;

pub(crate) use refusal::Mishap;

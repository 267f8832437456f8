//! The native endpoints, in the shapes of the vendors whose libraries they serve.
//!
//! ```text
//! chat          /v1/chat/completions                          each: checks, the whole answer, the streamed answer
//! ├ dialect     what an endpoint has a shape of its own for   refusal: what is shaped; user: who calls
//! ├ answer      text, calls, reason of the end, tokens        structured: JSON that fits a schema; pieces: of texts
//! ├ body        borrowed view of a body
//! ├ model       what an id says about a model
//! └ json        JSON as Python writes it                      moment: the time of each answer
//! ```

pub(crate) mod answer;
mod body;
pub(crate) mod chat;
mod dialect;
mod json;
mod model;
mod moment;
mod pieces;
mod refusal;
mod structured;
mod user;

pub(crate) use refusal::Mishap;

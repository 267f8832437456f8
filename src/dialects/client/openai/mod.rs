//! OpenAI's endpoints on the client side: parameters, messages and tools of requests; chunks, whole replies, usage,
//! errors.

pub mod body;
mod calls;
pub mod chat;
pub mod choices;
pub mod endpoint;
mod errors;
pub mod format;
pub mod history;
pub mod images;
pub mod inputs;
pub mod params;
mod relay;
pub mod reply_fields;
pub mod shape;
pub mod stream;
pub mod tools;
mod usage;
pub mod vector_list;
pub mod vectors;
pub mod whole;

pub use errors::Openai;

//! Google's Gemini API on the client side: generation settings, contents and tools of requests; replies whole and in pieces, usage,
//! errors, vectors.

mod calls;
pub mod chat;
mod encoder;
mod errors;
mod frames;
mod history;
pub mod images;
mod join;
pub mod params;
mod parts;
pub mod request;
mod results;
mod schema;
mod signs;
mod spelling;
mod tools;
mod usage;
mod values;
pub mod vectors;

pub use errors::GeminiClient;
pub use frames::StreamForm;
pub use signs::speaks;
pub use usage::push_total_tokens;

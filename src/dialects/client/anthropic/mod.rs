//! Anthropic's messages on the client side: parameters, messages and tools of requests; events, whole replies, usage, errors.

pub mod blocks;
mod calls;
pub mod chat;
mod encoder;
mod errors;
mod frames;
pub mod history;
pub mod images;
mod pairs;
pub mod params;
pub mod relay;
pub mod request;
mod stream;
mod tools;
mod usage;
mod values;
mod whole;

pub use errors::AnthropicClient;

//! The dialects of clients and upstreams, a folder for each. The hub ([`crate::chat`]) lies between the two sides.

pub mod client;
pub mod upstream;

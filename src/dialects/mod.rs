//! How clients and upstreams speak: a folder for each dialect. The hub ([`crate::chat`]) lies between the two sides.

pub mod client;
pub mod upstream;

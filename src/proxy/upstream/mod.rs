//! Making a call: peers and heads, names, breakers, fail-over, connecting, and what comes of it. Nothing here knows a request's
//! context or a client's session.

pub mod breaker;
pub mod call_state;
pub mod client;
pub mod connect;
pub mod errors;
pub mod failover;
pub mod heads;
pub mod peers;
pub mod probe;
pub mod resolver;

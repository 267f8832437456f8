//! Data as it travels: replies, failures, SSE, UTF-8, gzip, certificates. No I/O; nothing here knows a route, a model
//! or a socket.

pub mod answer;
pub mod body_buffer;
pub mod failure;
pub mod gunzip;
pub mod http_url;
pub mod ids;
pub mod pem;
mod pulse;
mod query;
mod seal;
pub mod sse;
pub mod utf8;

pub use answer::Answer;
pub use body_buffer::Gathered;
pub use failure::Failure;
pub use http_url::{HttpUrl, UrlFault};
pub use pulse::Pulse;
pub use query::{OwnedQuery, Query};
pub use seal::Seal;

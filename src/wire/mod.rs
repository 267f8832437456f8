//! Shapes as they travel: JSON text, SSE, UTF-8, gzip, and failures. No I/O, and nothing here knows a route, a model or a socket.

pub mod answer;
pub mod body_end;
pub mod cut;
pub mod decimal;
pub mod failure;
pub mod fields;
pub mod gathered;
pub mod gunzip;
pub mod json;
pub mod overlay;
pub mod pem;
pub mod python;
pub mod splice;
pub mod sse;
pub mod unwrap;
pub mod utf8;
pub mod vector;

pub use answer::Answer;
pub use failure::Failure;
pub use fields::Fields;
pub use gathered::Gathered;
pub use vector::Vector;

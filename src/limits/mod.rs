//! How much callers use, and when that is too much: accounts, queues and words, without a socket and with the caller's clock.

mod account;
mod bounds;
mod bucket;
mod concurrency;
mod limiter;
mod refusal;
mod told;

pub use bounds::{Bound, Bounds, SetBy};
pub use concurrency::Turn;
pub use limiter::{Admitted, Limiter, Row};
pub use refusal::{Kind, Refusal};
pub use told::{Standing, Told, reset};

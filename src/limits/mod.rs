//! How much callers use, and when that is too much: accounts, queues and words, without a socket and with the caller's clock.

mod account;
mod bounds;
mod bucket;
mod concurrency;
mod headers;
mod limiter;
mod refusal;

pub use bounds::{Bound, BoundSource, Bounds};
pub use concurrency::Turn;
pub use headers::{RateLimitHeaders, Standing, reset};
pub use limiter::{Admitted, LimitedRow, Limiter};
pub use refusal::{LimitKind, Refusal};

//! How much callers use, and when to refuse them: accounts, queues and messages. There are no sockets here, and the
//! time is a parameter.

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

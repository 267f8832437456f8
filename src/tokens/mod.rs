//! Token counts of requests and answers, exact or estimated, for usage, limits and logs.
//!
//! The crate `token-count` counts a text. This room knows which texts of a request or an answer count.

mod counting;
mod ledger;
mod meter;
mod prompt;
#[cfg(test)]
mod tests;

pub use counting::Counting;
pub use ledger::{Asked, CountNeed, Ledger};
pub use meter::Meter;
pub use prompt::Prompt;
pub use token_count::Tokenizer;

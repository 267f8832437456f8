//! The outcome of requests: times, metrics, access log. Nothing here knows a network.

pub mod bodies;
mod body_log;
mod handles;
mod hour;
pub mod json_line;
mod log_queue;
mod log_target;
pub mod meters;
pub mod metrics;
pub mod now;
pub mod process_log;
pub mod recent;
pub mod record;
mod registrar;
pub mod stopwatch;
#[cfg(test)]
mod tests;
pub mod text_line;

pub use body_log::BodyLog;
pub use hour::HourSeries;
pub use meters::{Meters, ModelLabel};
pub use metrics::Metrics;
pub use recent::{FinishedRequest, RecentRequests};
pub use record::{AccessLog, By, CalledUpstream, Ended, Record};
pub use stopwatch::{Spent, Stopwatch};

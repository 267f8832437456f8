//! The phases of one request: routed and admitted by its head, read, planned, called, answered, recorded.

pub mod accept;
pub mod address;
mod another_attempt;
mod answered;
mod body;
mod call_summary;
pub mod context;
mod early_head;
mod ending;
pub mod failure_reply;
pub mod fallback;
pub mod held_reply;
mod kept_request;
pub mod page;
pub mod prepare;
pub mod record;
mod reply_facts;
pub mod reply_heads;
pub mod response;
pub mod routing;
mod stop;
mod stream_rest;
mod subrequests;
mod ticket;
mod unwritten;
pub mod upstream_hooks;
mod work;
mod writer;

pub use reply_facts::ReplyFacts;

//! The phases of one request: accepted, routed, admitted, read, prepared, called, answered, recorded.

pub mod accept;
pub mod body;
pub mod call_summary;
pub mod context;
pub mod record;
pub mod response;
pub mod routing;
pub mod subrequests;
pub mod ticket;
pub mod writer;

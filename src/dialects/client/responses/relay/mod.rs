//! Requests and answers of upstreams that speak Responses themselves: what nobody has to change stays as it came.

mod descriptions;
mod request;
mod stream;
mod whole;

pub use request::request;

use super::encoder::ResponseEncoder;
use crate::chat::Delivery;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::upstream::ChatDialect;
use crate::plan::Reply;
use stream::ResponseStream;
use whole::WholeResponse;

/// Returns the reply that hands on an answer. `encoder` writes what the upstream does not: failures, and a stream of an answer that
/// came whole.
pub fn reply(
    encoder: ResponseEncoder,
    frame: ReplyFrame,
    dialect: &'static dyn ChatDialect,
    delivery: Delivery,
) -> Box<dyn Reply> {
    match delivery {
        Delivery::Whole => Box::new(WholeResponse::new(frame, dialect)),
        Delivery::Stream | Delivery::Recut => Box::new(ResponseStream::new(encoder, frame, dialect)),
    }
}

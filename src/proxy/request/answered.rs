//! What becomes of every whole answer before it is written.

use super::context::Ctx;
use super::ending;
use crate::wire::Answer;

/// Bodies from this size on are made into answers on another thread, since decoding and counting take time.
pub const ASIDE: usize = 256 * 1024;

/// Charges for an answer and records an upstream's error.
pub fn record(ctx: &mut Ctx, answer: &Answer) {
    let failed = answer.status.is_client_error() || answer.status.is_server_error();
    ctx.settle(failed);
    if failed {
        ctx.failure.get_or_insert_with(|| ending::answered_badly(answer));
    }
}

//! Keeps pingora's streams alive: a comment at each silence, and the head before the first text once that takes long.
//!
//! No hook runs while pingora waits. So the connection's clock has the head that it may send, and the hooks that come later ask
//! whether it did.

use super::context::Ctx;
use super::prepare::Prepared;
use super::reply_facts::ReplyFacts;
use super::reply_heads::stream_head;
use crate::exchange::Exchange;
use crate::plan::Client;
use crate::proxy::connection::clock;
use crate::proxy::connection::keep_alive::{self, EarlyHead, KeepAlive};
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, StatusCode, Version, header};
use pingora::protocols::http::date;
use pingora_proxy::Session;
use std::time::Instant;

/// Has the clock keep the stream alive whose call begins, if it is one.
pub fn begin(session: &Session, ctx: &mut Ctx, prepared: &Prepared) {
    let version = session.req_header().version;
    let Some((content_type, sign)) = prepared.exchange.early_stream() else { return };
    // Without chunks the reply's bytes have no seams between which something else fits.
    if version < Version::HTTP_11 || sign.comment().is_empty() {
        return;
    }
    ctx.stream_type = Some(content_type);
    let facts = ctx.facts.clone();
    let head = EarlyHead(Box::new(move || head_on_the_wire(content_type, &facts)));
    let (every, first) = (keep_alive::interval(&prepared.deadline), ctx.live.settings.first_head);
    clock::keep_alive(KeepAlive::new(sign, every, first, head, Instant::now()));
}

/// Returns a head as pingora writes it. The connection ends after the reply: what pingora is about to decide of it is not known.
fn head_on_the_wire(content_type: &'static str, facts: &ReplyFacts) -> Bytes {
    let mut head = stream_head(content_type, Version::HTTP_11, facts);
    // Both are valid names and values.
    let _ = head.insert_header(header::DATE, date::get_cached_date());
    // Where a broken connection tells of a failure, it must not be announced: Node takes one that was for a whole reply.
    if !facts.client().is_some_and(Client::breaks_after_error) {
        let _ = head.insert_header(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let mut wire = BytesMut::new();
    wire.extend_from_slice(format!("HTTP/1.1 {}\r\n", StatusCode::OK).as_bytes());
    head.header_to_h1_wire(&mut wire);
    wire.extend_from_slice(b"\r\n");
    wire.freeze()
}

/// Tells an exchange whether its head went out meanwhile.
pub fn note(exchange: &mut Exchange) {
    if exchange.awaits_text() && clock::is_head_early() {
        exchange.head_went_out();
    }
}

/// Has the head that is written next dropped, if the client has one. Returns true if so.
pub fn drop_repeated(session: &mut Session) -> bool {
    let is_early = clock::is_head_early();
    if is_early {
        session.set_keepalive(None);
        clock::drop_repeated_head();
    }
    is_early
}

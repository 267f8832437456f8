//! Writes whole replies, failures included, and says what has been written.

use super::reply_facts::ReplyFacts;
use super::reply_heads::{is_without_body, whole_head};
use super::routing;
use crate::dialects::client::ClientSigns;
use crate::plan::{Client, between_pieces};
use crate::proxy::connection::clock;
use crate::telemetry::BodyLog;
use crate::wire::Answer;
use bytes::BytesMut;
use http::{StatusCode, Version, header};
use log::debug;
use pingora::Result;
use pingora::protocols::http::date;
use pingora_proxy::Session;

/// Writes a whole reply. A client that went away is worth no more than a debug line.
pub async fn write(session: &mut Session, facts: &ReplyFacts, bodies: &BodyLog, answer: Answer) {
    if let Err(e) = try_write(session, facts, bodies, answer).await {
        debug!("the reply could not be written: {e}");
        session.set_keepalive(None);
    }
}

async fn try_write(session: &mut Session, facts: &ReplyFacts, bodies: &BodyLog, answer: Answer) -> Result<()> {
    let head = whole_head(&answer, facts);
    let no_body = is_without_body(&session.req_header().method, &answer);
    bodies.show("reply", &answer.body);
    session.write_response_header(Box::new(head), no_body).await?;
    if !no_body {
        session.write_response_body(Some(answer.body), true).await?;
    }
    Ok(())
}

/// Writes a whole reply in the place of a stream's head that waits for its first text. Returns the reply's status; `None` if the
/// head is out, so that only the connection's end can tell of the failure.
pub async fn write_instead(
    session: &mut Session,
    facts: &ReplyFacts,
    bodies: &BodyLog,
    answer: Answer,
) -> Option<StatusCode> {
    let mut head = whole_head(&answer, facts);
    head.insert_header(header::DATE, date::get_cached_date()).ok()?;
    head.insert_header(header::CONNECTION, "close").ok()?;
    let status = head.status;
    let mut reply = BytesMut::new();
    reply.extend_from_slice(format!("HTTP/1.1 {status}\r\n").as_bytes());
    head.header_to_h1_wire(&mut reply);
    reply.extend_from_slice(b"\r\n");
    reply.extend_from_slice(&answer.body);
    if !clock::replace_head(reply.freeze()) {
        return None;
    }
    bodies.show("reply", &answer.body);
    // The connection drops these bytes. pingora counts them, and finishes a body that it believes to be this one.
    if let Err(e) = session.write_response_body(Some(answer.body), true).await {
        debug!("the reply could not be written: {e}");
    }
    Some(status)
}

/// Records that a stream of this type to a client that speaks `version` has begun, and what may keep it alive.
pub fn may_keep_alive(version: Version, content_type: &str, client: &dyn Client) {
    // Without chunks the reply's bytes have no seams between which something else fits.
    clock::reply_may_carry(if version > Version::HTTP_10 { between_pieces(client, content_type) } else { b"" });
}

/// Returns how failures read to the client of a request that is being served.
pub fn client(session: &Session, facts: &ReplyFacts) -> &'static dyn Client {
    let head = session.req_header();
    routing::client_of(facts.route.as_deref(), &ClientSigns::of(&head.headers, &head.uri))
}

/// Returns true if the head of a reply is out.
pub fn is_head_out(session: &Session) -> bool {
    session.response_written().is_some_and(|head| !head.status.is_informational())
}

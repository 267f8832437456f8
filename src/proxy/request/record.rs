//! Tells of a request: bodies while it is served, where they are wanted; then its line, and its counts.

use super::call_summary::Driving;
use super::context::Ctx;
use crate::proxy::connection::watchdog::Cut;
use crate::proxy::upstream::call_state::CallState;
use crate::proxy::upstream::errors::TIME_UP;
use crate::telemetry::{AccessLog, By, Ended, Model, Record, Spent, bodies, json_line, text_line};
use crate::tokens::Asked;
use crate::wire::Failure;
use jiff::Timestamp;
use log::{info, warn};
use pingora::{Error, ErrorSource, ErrorType};
use pingora_proxy::Session;
use std::io::Write;
use std::sync::atomic::Ordering;

/// The most bytes of one request's bodies that are shown.
pub const ROOM: usize = 4 * bodies::MOST;
/// The most bytes of a stream that are kept to be shown.
const KEPT: usize = 64 * 1024;

/// A failure that the client is told of.
pub fn failed(failure: &Failure, by: By, why: String) -> Ended {
    Ended { by, kind: failure.word().into(), why: Some(why), failed: true }
}

/// Whose doing it is that a reply fails: a limit of time that is not the upstream's own is ours.
pub fn ender(e: &Error, call: Option<&CallState>) -> By {
    use ErrorType::{ReadTimedout, WriteTimedout};
    let slow = |call: &CallState| match call.cut() {
        Some(Cut::Late) => true,
        Some(Cut::FirstByte(_) | Cut::Idle(_)) => false,
        None => matches!(e.etype(), ReadTimedout | WriteTimedout) || *e.etype() == TIME_UP,
    };
    match (e.esource(), call) {
        (ErrorSource::Downstream, _) => By::Client,
        (_, Some(call)) if !slow(call) => By::Upstream,
        _ => By::Us,
    }
}

/// An answer of the upstream's that is an error; `why` begins with its code.
pub fn answered_badly(why: Option<&str>) -> Ended {
    let kind = why.and_then(|why| why.split(' ').next()).unwrap_or("upstream_error");
    let why = why.unwrap_or("the upstream's own");
    Ended { by: By::Upstream, kind: kind.into(), why: Some(why.to_owned()), failed: true }
}

/// Shows a body in the log, where that is wanted.
pub fn show(ctx: &Ctx, what: &str, body: &[u8]) {
    if !ctx.live.settings.verbose || body.is_empty() {
        return;
    }
    let room = ctx.room.load(Ordering::Relaxed);
    let shown = bodies::shown(body, room);
    ctx.room.store(room.saturating_sub(shown.len()), Ordering::Relaxed);
    info!("{what} of {}, {} bytes: {shown}", ctx.request_id.to_str().unwrap_or_default(), body.len());
}

/// Keeps a piece of a stream, to be shown when it is over.
pub fn keep(ctx: &mut Ctx, piece: &[u8]) {
    if ctx.live.settings.verbose {
        let room = KEPT.saturating_sub(ctx.spoken.len());
        ctx.spoken.extend_from_slice(piece.get(..room).unwrap_or(piece));
    }
}

/// Writes the line of a request that is over, and counts it.
pub fn tell(session: &Session, e: Option<&Error>, ctx: &mut Ctx) {
    ctx.clock.lap(Spent::Client);
    show(ctx, "stream", &ctx.spoken);
    let settings = &ctx.live.settings;
    let record = of(session, e, ctx);
    if let Some(meters) = ctx.live.meters() {
        let row = ctx.route.as_ref().map(|route| route.number);
        let model = match ctx.ledger.asked() {
            None => Model::None,
            Some(Asked { number: None, .. }) => Model::Other,
            Some(Asked { number: Some(number), .. }) => Model::Listed(*number),
        };
        meters.count(row, model, &record, &ctx.clock);
    }
    match settings.access_log {
        AccessLog::Json => {
            let line = json_line::line(&record, Timestamp::now());
            // Nobody is there to be told that the log cannot be written.
            let _ = std::io::stdout().write_all(&line);
        }
        AccessLog::Text | AccessLog::None if record.failed() => warn!("{}", text_line::line(&record)),
        AccessLog::Text if log::log_enabled!(log::Level::Info) => info!("{}", text_line::line(&record)),
        AccessLog::Text | AccessLog::None => {}
    }
}

fn of<'a>(session: &'a Session, e: Option<&Error>, ctx: &'a Ctx) -> Record<'a> {
    let head = session.req_header();
    let asked = ctx.ledger.asked();
    let models = ctx.route.as_ref().and_then(|route| route.models.as_ref());
    let listed = asked.and_then(|asked| models?.get(asked.number?));
    let call = ctx.exchange.as_ref().map(|exchange| exchange.call());
    let model_id = call.map(|call| call.model.as_str()).or(ctx.driving.as_ref().map(|driving| driving.model.as_str()));
    Record {
        id: ctx.request_id.to_str().unwrap_or_default(),
        caller: ctx.caller.as_ref().and_then(|caller| caller.name.as_deref()),
        method: head.method.as_str(),
        path: head.uri.path(),
        route: ctx.route.as_ref().map(|route| route.path.as_str()),
        asked: asked.and_then(|asked| asked.name.as_deref()).or(listed.map(|model| model.name.as_str())),
        model: listed.map(|model| model.name.as_str()),
        model_id,
        status: session.response_written().map(|head| head.status.as_u16()).filter(|status| *status >= 200),
        upstream: ctx.call.as_ref().map(CallState::told).or(ctx.driving.as_ref().map(Driving::told)),
        stream: call.map_or(ctx.driving.as_ref().is_some_and(|driving| driving.stream), |call| call.stream),
        calls: ctx.driving.as_ref().map_or(usize::from(ctx.call.is_some()), |driving| driving.calls),
        retries: ctx
            .call
            .as_ref()
            .map_or(ctx.driving.as_ref().map_or(0, |driving| driving.retries), |call| call.retries),
        bytes_in: session.body_bytes_read(),
        bytes_out: session.body_bytes_sent(),
        input_tokens: ctx.ledger.prompt(),
        output_tokens: ctx.ledger.completion(),
        first_byte: ctx.clock.first_byte(),
        first_text: ctx.clock.first_text(),
        own: ctx.clock.own(),
        total: if ctx.clock.is_on() { ctx.clock.total() } else { ctx.begun.elapsed() },
        ended: ended(e, ctx),
    }
}

fn ended(e: Option<&Error>, ctx: &Ctx) -> Option<Ended> {
    if let Some(failure) = &ctx.failure {
        return Some(failure.clone());
    }
    if let Some(why) = &ctx.refusal {
        let (kind, field) = why.split_once(' ').unwrap_or((why, ""));
        let why = (!field.is_empty()).then(|| field.to_owned());
        return Some(Ended { by: By::Us, kind: kind.into(), why, failed: false });
    }
    let by = match e?.esource() {
        ErrorSource::Downstream => By::Client,
        ErrorSource::Upstream => By::Upstream,
        ErrorSource::Internal | ErrorSource::Unset => By::Us,
    };
    Some(Ended { by, kind: e?.etype().as_str().into(), why: None, failed: false })
}

//! pingora's `logging`, after the reply: writes the request's line and counts it.

use super::call_summary::CallSummary;
use super::context::Ctx;
use super::ending;
use crate::access::UserOrigin;
use crate::limits::LimitKind;
use crate::proxy::upstream::call_state::CallState;
use crate::telemetry::{AccessLog, ModelLabel, RecentRequests, Record, Spent, json_line, process_log, text_line};
use crate::tokens::Asked;
use crate::transform::local::Audience;
use jiff::Timestamp;
use log::{info, warn};
use pingora::Error;
use pingora_proxy::Session;

/// Logs and counts a request that is over.
pub fn report(recent: &RecentRequests, session: &Session, e: Option<&Error>, ctx: &mut Ctx) {
    ctx.facts.timing.lap(Spent::Client);
    ctx.bodies.show_stream();
    let record = record(session, e.filter(|_| !ctx.is_recovered), ctx);
    if let Some(meters) = ctx.live.meters() {
        let row = ctx.facts.route.as_ref().map(|route| route.number);
        let model = match ctx.ledger.asked() {
            None => ModelLabel::None,
            Some(Asked { number: None, .. }) => ModelLabel::Other,
            Some(Asked { number: Some(number), .. }) => ModelLabel::Listed(*number),
        };
        meters.count(row, model, &record, &ctx.facts.timing);
    }
    let settings = &ctx.live.settings;
    // The page's own requests would be most of what it shows.
    let is_page = ctx.facts.route.as_ref().is_some_and(|route| route.audience == Audience::Page);
    if settings.page && !is_page {
        recent.keep(&record);
    }
    if !settings.verbose && !record.failed() {
        return;
    }
    match settings.access_log {
        AccessLog::Json => {
            process_log::json_line(json_line::line(&record, Timestamp::now()));
        }
        AccessLog::Text if record.failed() => warn!("{}", text_line::line(&record)),
        AccessLog::Text => info!("{}", text_line::line(&record)),
    }
}

fn record<'a>(session: &'a Session, e: Option<&Error>, ctx: &'a Ctx) -> Record<'a> {
    let (head, facts) = (session.req_header(), &ctx.facts);
    let asked = ctx.ledger.asked();
    let models = facts.route.as_ref().and_then(|route| route.models.as_ref());
    let listed = asked.and_then(|asked| models?.get(asked.number?));
    let (proxied, subrequests) = (ctx.work.proxied(), ctx.work.subrequests());
    let call = proxied.map(|proxied| proxied.exchange.call());
    let calls = subrequests.map_or(usize::from(proxied.is_some()), |summary| summary.calls);
    let retries = proxied.map(|proxied| proxied.call.retries).or(subrequests.map(|summary| summary.retries));
    let written = session.response_written().map(|head| head.status);
    Record {
        id: facts.request_id.to_str().unwrap_or_default(),
        caller: ctx.caller.as_ref().and_then(|caller| caller.name.as_deref()),
        is_listed: ctx.caller.as_ref().is_some_and(|caller| caller.user_from != UserOrigin::Key),
        method: head.method.as_str(),
        path: head.uri.path(),
        route: facts.route.as_ref().map(|route| route.path.as_str()),
        asked: asked.and_then(|asked| asked.name.as_deref()).or(listed.map(|model| model.name.as_str())),
        model: listed.map(|model| model.name.as_str()),
        model_id: call.map(|call| call.model.as_str()).or(subrequests.map(|summary| summary.model.as_str())),
        status: ctx.instead.or(written).map(|status| status.as_u16()).filter(|status| *status >= 200),
        upstream: ctx.work.call().map(CallState::summary).or(subrequests.map(CallSummary::upstream)),
        stream: call.map_or(subrequests.is_some_and(|summary| summary.stream), |call| call.stream),
        calls,
        retries: retries.unwrap_or(0),
        bytes_in: session.body_bytes_read(),
        bytes_out: session.body_bytes_sent(),
        input_tokens: ctx.ledger.prompt(),
        output_tokens: ctx.ledger.completion(),
        first_byte: facts.timing.first_byte(),
        first_text: facts.timing.first_text(),
        own: facts.timing.own(),
        total: if facts.timing.is_on() { facts.timing.total() } else { ctx.begun.elapsed() },
        ended: ending::of(e, ctx),
        limit: ctx.over_limit.map(LimitKind::name),
    }
}

//! pingora's `request_filter`: accepts a request phase by phase, until it is answered here or its call is ready.

use super::address;
use super::body::{self, ReadBody};
use super::context::Ctx;
use super::kept_request::KeptRequest;
use super::prepare::{self, Prepared, Ready, Surroundings, Terms};
use super::routing::{self, AdmittedRequest, ByHead, RequestHead};
use super::stop::Stop;
use super::ticket::{OverLimit, Ticket};
use super::work::{ProxiedCall, Work};
use super::{early_head, page, subrequests, writer};
use crate::access::{Sender, admit};
use crate::dialects::client::ClientSigns;
use crate::json::SlimBody;
use crate::plan::{Address, Attempt, Plan, refuse};
use crate::proxy::aside;
use crate::proxy::connection::{clock, sender};
use crate::proxy::images::{Room, Wanted};
use crate::proxy::service::Proxy;
use crate::proxy::upstream::call_state::CallState;
use crate::table::Route;
use crate::telemetry::Spent;
use crate::wire::Query;
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::StatusCode;
use http::uri::Authority;
use pingora::Result;
use pingora_proxy::Session;
use std::sync::Arc;

/// Prompts above this many bytes are counted on another thread while the upstream works.
const COUNT_ASIDE: usize = 8 * 1024;

/// Accepts a request. Returns true if the reply is written already.
pub async fn accept(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) -> Result<bool> {
    // Held replies rely on it, see `response`.
    session.set_ignore_info_resp(true);
    // Bytes after this request belong to the next one. They are no reason to give this one up.
    session.set_pipelining_enabled(true);
    if proxy.in_flight.is_stopping() {
        session.set_keepalive(None);
    }
    let head = session.req_header();
    let signs = ClientSigns::of(&head.headers, &head.uri);
    ctx.facts.set_head(&signs, &ctx.live.settings);
    ctx.bodies.set_id(&ctx.facts.request_id);
    let answer = match phases(proxy, session, ctx).await {
        Ok(Ready::Answer(answer)) => answer,
        Ok(Ready::Page(call, caller)) => match page::answer(proxy, session, ctx, call, caller).await? {
            Some(answer) => answer,
            None => return Ok(true),
        },
        Ok(Ready::Call(prepared)) => {
            start_call(session, ctx, prepared);
            return Ok(false);
        }
        Ok(Ready::Subrequests(prepared)) => {
            if let Some(first) = prepared.calls.first() {
                before_calls(session, ctx, first);
            }
            return subrequests::run(proxy, session, ctx, prepared).await.map(|()| true);
        }
        Err(Stop::Refused(failure)) => {
            if let Some(ticket) = ctx.ticket.as_mut() {
                ctx.facts.rate_limit = Some(ticket.give_back());
            }
            ctx.memory.answered(0);
            refuse(writer::client(session, &ctx.facts), &failure)
        }
        Err(Stop::Gone(e)) => return Err(e),
    };
    answer_here(session, ctx, answer).await;
    Ok(true)
}

/// The phases of a request, in the order in which they decide. `explain` calls the same functions, but for those that need a
/// session.
async fn phases(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) -> std::result::Result<Ready, Stop> {
    body::check_head(session, ctx.live.settings.client_timeouts.max_head)?;
    body::check_framing(session)?;
    let admitted = match decide(proxy, session, ctx)? {
        ByHead::Answer(answer) => return Ok(Ready::Answer(answer)),
        ByHead::Admitted(admitted) => admitted,
    };
    let (route, caller) = (admitted.route.clone(), admitted.caller.clone());
    take_ticket(proxy, session, ctx, &admitted)?;
    let given = read_body(session, ctx, &route).await?;
    wait_for_place(session, ctx, given.size()).await?;
    let text = routing::body(&ctx.live.settings, &session.req_header().method, &route, given.text.clone())?;
    let body = given.with_text(text);
    ctx.bodies.show_made("request", || body.restored(body.text.clone()));
    let (body, fetched) = match images(&route, &body.text).await? {
        None => (body, false),
        Some(wanted) => (fetch_images(proxy, session, ctx, &admitted, wanted, body).await?, true),
    };
    let size = body.size();
    ctx.fallback = KeptRequest::keep(&admitted, &body);
    let plan = plan(proxy, session, ctx, admitted, body).await?;
    ctx.memory.called(size);
    let mut ready = terms(session, ctx).prepare(&route, &caller, plan, fetched)?;
    reserve(ctx, &mut ready)?;
    Ok(ready)
}

/// Counts the calls that are about to be made, reserves their tokens, and lets as many run at once as there are places for.
fn reserve(ctx: &mut Ctx, ready: &mut Ready) -> std::result::Result<(), Failure> {
    let Some(ticket) = ctx.ticket.as_mut() else { return Ok(()) };
    let reserved = match ready {
        Ready::Answer(_) | Ready::Page(..) => return Ok(()),
        Ready::Call(one) => ticket.reserve(1, one.exchange.call().answer_tokens),
        Ready::Subrequests(several) => {
            let tokens = several.calls.iter().map(|one| one.exchange.call().answer_tokens);
            let reserved = ticket.reserve(several.calls.len(), tokens.fold(0, u64::saturating_add));
            several.at_once = ticket.places(several.at_once.min(several.calls.len()));
            reserved
        }
    };
    match reserved {
        Ok(rate_limit) => {
            ctx.facts.rate_limit = Some(rate_limit);
            Ok(())
        }
        Err(over) => Err(over_limit(ctx, over)),
    }
}

fn decide(proxy: &Proxy, session: &Session, ctx: &mut Ctx) -> std::result::Result<ByHead, Failure> {
    let head = session.req_header();
    let local_ip = session.server_addr().and_then(|address| address.as_inet()).map(|address| address.ip());
    let decision = routing::by_head(
        &ctx.live,
        &RequestHead {
            method: &head.method,
            path: head.uri.path(),
            query: Query(head.uri.query()),
            authority: head.uri.authority().map(Authority::as_str),
            headers: &head.headers,
            local_ip: local_ip.map(|ip| ip.to_canonical()),
            sender: sender(proxy, session, ctx),
            known: None,
        },
    );
    ctx.facts.route = decision.route;
    if let Ok(ByHead::Admitted(admitted)) = &decision.result {
        ctx.caller = Some(admitted.caller.clone());
    }
    decision.result
}

/// Returns whose connection the request came on, where that matters.
fn sender(proxy: &Proxy, session: &Session, ctx: &Ctx) -> Sender {
    if !ctx.live.settings.access.asks_sender() {
        return Sender::Unknown;
    }
    match (sender::of(session.digest().and_then(|digest| digest.socket_digest.as_deref())), &proxy.own_key) {
        (sender @ Sender::Own, _) | (sender, None) => sender,
        (_, Some(own_key)) => {
            let head = session.req_header();
            admit::by_key(&head.headers, Query(head.uri.query()), own_key)
        }
    }
}

/// Takes a ticket where the caller or the row has limits.
fn take_ticket(
    proxy: &Proxy,
    session: &Session,
    ctx: &mut Ctx,
    admitted: &AdmittedRequest,
) -> std::result::Result<(), Failure> {
    let (settings, method) = (&ctx.live.settings, &session.req_header().method);
    match Ticket::take(&proxy.limiter, settings, &admitted.caller, method, &admitted.route, &ctx.ledger) {
        Ok(None) => {}
        Ok(Some(ticket)) => {
            ctx.facts.rate_limit = Some(ticket.rate_limit());
            ctx.ledger = ticket.ledger.clone();
            ctx.ticket = Some(ticket);
        }
        Err(over) => return Err(over_limit(ctx, over)),
    }
    Ok(())
}

/// Reads the body, where the row wants one.
async fn read_body(session: &mut Session, ctx: &mut Ctx, route: &Route) -> std::result::Result<SlimBody, Stop> {
    if !route.reads_body() {
        return Ok(SlimBody::default());
    }
    let settings = &ctx.live.settings;
    let most = routing::max_body(route, settings);
    ctx.facts.timing.lap(Spent::Own);
    let read = body::read(session, most, &settings.client_timeouts, &mut ctx.memory).await?;
    clock::request_read(session.req_header().version);
    if session.is_body_done() {
        clock::request_complete();
    }
    ctx.facts.timing.lap(Spent::Client);
    match read {
        ReadBody::Whole(body) => {
            let body = slim(body).await?;
            ctx.memory.take_parsed(body.size())?;
            Ok(body)
        }
        ReadBody::NoRoom(failure) => Err(failure.into()),
        ReadBody::TooLarge => Err(routing::too_large(most).into()),
    }
}

/// Waits for a place among the requests that run at the same time, if there was none.
async fn wait_for_place(session: &mut Session, ctx: &mut Ctx, bytes: usize) -> std::result::Result<(), Stop> {
    let limit = ctx.live.settings.limits_wait;
    let Some(ticket) = ctx.ticket.as_mut() else { return Ok(()) };
    match ticket.wait(session, limit, bytes).await? {
        None => Ok(()),
        Some(over) => {
            ctx.ticket = None;
            Err(over_limit(ctx, over).into())
        }
    }
}

fn over_limit(ctx: &mut Ctx, over: Box<OverLimit>) -> Failure {
    ctx.facts.rate_limit = Some(over.rate_limit);
    ctx.over_limit = Some(over.kind);
    over.failure
}

/// Takes the large images out of a body, on another thread.
async fn slim(body: Bytes) -> std::result::Result<SlimBody, Failure> {
    if body.len() <= aside::LARGE_BODY || !SlimBody::may_have_images(&body) {
        return Ok(body.into());
    }
    read_aside(move || Ok(SlimBody::without_images(body))).await
}

/// Searches a body for images, on another thread where that may take long.
async fn images(route: &Arc<Route>, body: &Bytes) -> std::result::Result<Option<Wanted>, Failure> {
    if body.len() <= aside::LARGE_BODY {
        return routing::images(route, body);
    }
    let (route, body) = (route.clone(), body.clone());
    read_aside(move || routing::images(&route, &body)).await
}

/// Fetches the images of a body, unless the client goes away meanwhile.
async fn fetch_images(
    proxy: &Proxy,
    session: &mut Session,
    ctx: &mut Ctx,
    AdmittedRequest { route, caller, .. }: &AdmittedRequest,
    wanted: Wanted,
    given: SlimBody,
) -> std::result::Result<SlimBody, Stop> {
    ctx.facts.timing.lap(Spent::Own);
    body::finish(session, ctx.rest_due()).await?;
    let (timeout, to_stream) = wanted.time_limit();
    let deadline = terms(session, ctx).deadline(route, timeout, to_stream);
    let settings = &ctx.live.settings;
    let room = Room::new(given.size(), routing::max_body(route, settings), ctx.memory.another());
    let (fetcher, options) = (proxy.image_fetcher.of(caller), route.options.images.clone());
    let fetching = wanted.fetch(fetcher, settings.connect_timeout, options, room, &deadline);
    tokio::pin!(fetching);
    let fetched = loop {
        tokio::select! {
            fetched = &mut fetching => break fetched,
            gone = session.read_body_or_idle(true) => { gone.map_err(|e| e.into_down())?; }
        }
    };
    ctx.facts.timing.lap(Spent::Upstream);
    let body = given.with_text(fetched?);
    ctx.memory.take_parsed(body.size())?;
    Ok(body)
}

/// Asks the transformer, on another thread where that may take long.
async fn plan(
    proxy: &Proxy,
    session: &Session,
    ctx: &Ctx,
    admitted: AdmittedRequest,
    body: SlimBody,
) -> std::result::Result<Plan, Failure> {
    let around = Surroundings {
        ledger: ctx.ledger.clone(),
        is_behind: proxy.current.is_behind(),
        is_stopping: proxy.in_flight.is_stopping(),
        attempt: Attempt::default(),
        steps: None,
    };
    let address = address::of(&session.req_header().headers, address::arrival(session), &ctx.live.settings.guard);
    if body.size() <= aside::LARGE_BODY {
        return prepare::plan(&ctx.live, address, admitted, body, &around);
    }
    let (live, scheme, host) = (ctx.live.clone(), address.scheme, address.host.to_owned());
    read_aside(move || prepare::plan(&live, Address { scheme, host: &host }, admitted, body, &around)).await
}

/// Reads a body on another thread.
async fn read_aside<T: Send + 'static>(
    read: impl FnOnce() -> std::result::Result<T, Failure> + Send + 'static,
) -> std::result::Result<T, Failure> {
    let panicked = |_| Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The request could not be read."));
    aside::run(read).await.unwrap_or_else(panicked)
}

fn terms<'a>(session: &'a Session, ctx: &'a Ctx) -> Terms<'a> {
    Terms { headers: &session.req_header().headers, settings: &ctx.live.settings, begun: ctx.begun }
}

/// What every call begins with.
fn before_calls(session: &mut Session, ctx: &mut Ctx, first: &Prepared) {
    if let Some(ticket) = &mut ctx.ticket {
        ticket.called();
    }
    // A client that does not read cannot hold the call for longer than the call may take.
    if !clock::limit_stall(first.deadline.limit) {
        session.set_write_timeout(Some(first.deadline.limit));
    }
    let prompt = first.exchange.call().prompt.clone();
    if let Some(prompt) = prompt.filter(|prompt| prompt.takes_long(COUNT_ASIDE)) {
        ctx.counting = Some(tokio::spawn(async move {
            // A failure only means that the count is made where it is asked for.
            let _ = aside::run(move || prompt.tokens()).await;
        }));
    }
}

/// Hands the call to pingora's hooks.
fn start_call(session: &mut Session, ctx: &mut Ctx, prepared: Prepared) {
    before_calls(session, ctx, &prepared);
    early_head::begin(session, ctx, &prepared);
    let Prepared { upstream, endpoints, deadline, exchange } = prepared;
    ctx.bodies.show("call", &exchange.call().body);
    let mut call = CallState::new(&ctx.live.upstreams, upstream, endpoints, deadline);
    call.awaits_client = !session.is_body_done();
    if call.awaits_client {
        ctx.body_due = ctx.rest_due();
    }
    ctx.is_replayed = session.get_retry_buffer().is_none();
    ctx.work = Work::Proxied(ProxiedCall { exchange, call });
}

/// Writes a reply that was made here, a refusal among them.
async fn answer_here(session: &mut Session, ctx: &mut Ctx, answer: Answer) {
    ctx.refusal.clone_from(&answer.why);
    ctx.facts.timing.lap(Spent::Own);
    let unread = body::settle(session).await;
    if unread {
        // Before the head is written, since the head says so.
        session.set_keepalive(None);
    }
    writer::write(session, &ctx.facts, &ctx.bodies, answer).await;
    if unread {
        body::linger(session, ctx.live.settings.max_body).await;
    }
}

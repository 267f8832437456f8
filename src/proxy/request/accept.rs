//! Opens a request: finds its route, reads its body, and either answers or prepares the call.

use super::body::{self, Read};
use super::context::Ctx;
use super::routing::{self, ByHead, Prepared, Terms};
use super::{record, subrequests, ticket, writer};
use crate::access::Caller;
use crate::plan::{Alone, Call, Context, Join, Plan, Reply, Streamed, Subrequests, refuse};
use crate::proxy::connection::clock;
use crate::proxy::images::Wanted;
use crate::proxy::upstream::call_state::CallState;
use crate::proxy::{Live, Proxy};
use crate::table::Route;
use crate::telemetry::Spent;
use crate::tokens::Ledger;
use crate::wire::{Answer, Failure, ids, sse};
use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pingora::Result;
use pingora_proxy::Session;
use std::sync::Arc;

/// A client's request id is kept up to this length.
const LONGEST_ID: usize = 128;
/// Prompts above this many bytes are counted on another thread while the upstream works.
const COUNT_ASIDE: usize = 8 * 1024;

/// Requests with a body above this many bytes are opened on another thread: there may be much to decode, or to count.
const OPEN_ASIDE: usize = 64 * 1024;

/// What a request becomes.
enum Opened {
    Answer(Answer),
    Call(Call, Box<dyn Reply>),
    Driven(Subrequests),
}

/// pingora's `request_filter`: whether the reply is written already.
pub async fn open(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) -> Result<bool> {
    // Held replies rely on it, see `reply`.
    session.set_ignore_info_resp(true);
    // What follows this request is the next one, not a reason to give this one up.
    session.set_pipelining_enabled(true);
    if proxy.in_flight.is_stopping() {
        session.set_keepalive(None);
    }
    introduce(&session.req_header().headers, ctx);
    let live = ctx.live.clone();
    let opened = match dispatch(proxy, &live, session, ctx).await? {
        Ok(opened) => opened,
        Err(failure) => Opened::Answer(refuse(writer::client(session, ctx), &failure)),
    };
    let answer = match opened {
        Opened::Answer(answer) => answer,
        Opened::Call(call, reply) => match prepare(session, ctx, call, reply) {
            Ok(()) => return Ok(false),
            Err(failure) => refuse(writer::client(session, ctx), &failure),
        },
        Opened::Driven(driven) => match drive(proxy, session, ctx, driven).await? {
            Ok(()) => return Ok(true),
            Err(failure) => refuse(writer::client(session, ctx), &failure),
        },
    };
    ctx.refusal.clone_from(&answer.why);
    ctx.clock.lap(Spent::Own);
    let unread = body::settle(session).await;
    if unread {
        // Before the head is written, which tells the client.
        session.set_keepalive(None);
    }
    writer::write(session, ctx, answer).await;
    if unread {
        body::linger(session, live.settings.max_body).await;
    }
    Ok(true)
}

/// Request id and origin, which every reply carries.
pub fn introduce(headers: &HeaderMap, ctx: &mut Ctx) {
    let sane = |id: &&HeaderValue| {
        !id.is_empty() && id.len() <= LONGEST_ID && id.as_bytes().iter().all(|byte| byte.is_ascii_graphic())
    };
    ctx.request_id = match headers.get(writer::REQUEST_ID).filter(sane) {
        Some(id) => id.clone(),
        None => HeaderValue::try_from(ids::random_id("req_")).unwrap_or(HeaderValue::from_static("req")),
    };
    let origin = headers.get(header::ORIGIN);
    ctx.origin =
        origin.filter(|origin| origin.to_str().is_ok_and(|origin| (ctx.live.settings.allows_origin)(origin))).cloned();
}

async fn dispatch(
    proxy: &Proxy,
    live: &Arc<Live>,
    session: &mut Session,
    ctx: &mut Ctx,
) -> Result<Result<Opened, Failure>> {
    if let Err(failure) = body::check_head(session, live.settings.patience.max_head) {
        return Ok(Err(failure));
    }
    let arrived =
        session.server_addr().and_then(|address| address.as_inet()).map(|address| address.ip().to_canonical());
    let head = session.req_header();
    let method = head.method.clone();
    let authority = head.uri.authority().map(Authority::as_str);
    if let Err(failure) = live.settings.guard.host(&head.headers, authority, arrived) {
        return Ok(Err(failure));
    }
    let decided = routing::by_head(&live.table, &method, head.uri.path(), &head.headers);
    if !matches!(decided, Ok(ByHead::Route(..))) {
        ctx.route = routing::route_of(&live.table, &method, head.uri.path());
    }
    let (route, params) = match decided {
        Ok(ByHead::Answer(answer)) => return Ok(Ok(Opened::Answer(answer))),
        Ok(ByHead::Route(route, params)) => (route, params),
        Err(failure) => return Ok(Err(failure)),
    };
    ctx.route = Some(route.clone());
    let caller = match routing::admit(&live.settings, &method, &route, &session.req_header().headers) {
        Ok(caller) => caller,
        Err(failure) => return Ok(Err(failure)),
    };
    ctx.caller = Some(caller.clone());
    if let Err(failure) = ticket::begin(&proxy.limiter, ctx, &caller, &method, &route) {
        return Ok(Err(failure));
    }
    let given = match routing::reads_body(&route) {
        false => Bytes::new(),
        true => {
            let most = routing::max_body(&route, &live.settings);
            ctx.clock.lap(Spent::Own);
            let read = body::read(session, most, &live.settings.patience).await?;
            ctx.clock.lap(Spent::Client);
            match read {
                Read::Whole(body) => body,
                Read::TooLarge => return Ok(Err(routing::too_large(most))),
            }
        }
    };
    if let Err(failure) = ticket::wait(session, ctx, given.len()).await? {
        return Ok(Err(failure));
    }
    let body = routing::body(&method, &route, given);
    record::show(ctx, "request", &body);
    let (body, fetched) = match routing::images(&route, &body) {
        Ok(None) => (body, false),
        Ok(Some(wanted)) => {
            ctx.clock.lap(Spent::Own);
            let fetched = fetch(proxy, live, session, ctx, &route, wanted).await?;
            ctx.clock.lap(Spent::Upstream);
            match fetched {
                Ok(body) => (body, true),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Err(failure) => return Ok(Err(failure)),
    };
    let (is_behind, is_stopping) = (proxy.current.is_behind(), proxy.in_flight.is_stopping());
    let asker = Asker { caller, ledger: ctx.ledger.clone(), is_behind, is_stopping };
    let host = routing::host(&session.req_header().headers);
    let plan = match body.len() > OPEN_ASIDE {
        false => plan(live, host, &asker, &route, params, body),
        true => {
            let (live, host) = (live.clone(), host.to_owned());
            let aside = move || plan(&live, &host, &asker, &route, params, body);
            tokio::task::spawn_blocking(aside).await.unwrap_or_else(|_| Err(unread()))
        }
    };
    Ok(plan.map(|plan| match plan {
        Plan::Answer(answer) => Opened::Answer(answer),
        Plan::Call(call, reply) if fetched => Opened::Driven(alone(call, reply)),
        Plan::Call(call, reply) => Opened::Call(call, reply),
        Plan::Subrequests(driven) => Opened::Driven(driven),
    }))
}

/// Fetches the images of a body, unless the client goes away meanwhile.
async fn fetch(
    proxy: &Proxy,
    live: &Live,
    session: &mut Session,
    ctx: &Ctx,
    route: &Route,
    wanted: Wanted,
) -> Result<Result<Bytes, Failure>> {
    body::finish(session).await?;
    let terms = Terms { headers: &session.req_header().headers, settings: &live.settings, begun: ctx.begun };
    let (timeout, to_stream) = wanted.patience();
    let deadline = terms.deadline(route, timeout, to_stream);
    let most = routing::max_body(route, &live.settings);
    let options = route.options.images.clone();
    let fetching = wanted.fetch(proxy.outbound.clone(), &live.settings, options, most, &deadline);
    tokio::pin!(fetching);
    loop {
        tokio::select! {
            fetched = &mut fetching => return Ok(fetched),
            gone = session.read_body_or_idle(true) => { gone.map_err(|e| e.into_down())?; }
        }
    }
}

/// The only call of a request whose connection was watched while its images were fetched: all of its body is read by then, so
/// that pingora would not send the call's.
fn alone(call: Call, reply: Box<dyn Reply>) -> Subrequests {
    let join: Box<dyn Join> = if call.stream { Box::new(Streamed(sse::CONTENT_TYPE)) } else { Box::new(Alone) };
    Subrequests { parts: vec![(call, reply)], at_once: 1, join }
}

/// For whom a plan is made.
struct Asker {
    caller: Arc<Caller>,
    ledger: Arc<Ledger>,
    /// Whether there is a newer table that cannot be used.
    is_behind: bool,
    /// Whether the process only waits for what is in flight.
    is_stopping: bool,
}

fn plan(
    live: &Live,
    host: &str,
    asker: &Asker,
    route: &Route,
    params: Vec<String>,
    body: Bytes,
) -> std::result::Result<Plan, Failure> {
    let (id, now) = (ids::random_id(""), ids::unix_now());
    let state = live.state(asker.is_behind, asker.is_stopping);
    let (caller, ledger) = (&*asker.caller, &asker.ledger);
    let cx = Context { caller, id: &id, now, host, state, ledger, steps: None };
    routing::open(route, params, body, &cx)
}

fn unread() -> Failure {
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The request could not be read.")
}

/// Makes the calls that pingora cannot make, and writes the reply.
async fn drive(
    proxy: &Proxy,
    session: &mut Session,
    ctx: &mut Ctx,
    driven: Subrequests,
) -> Result<Result<(), Failure>> {
    let terms = Terms { headers: &session.req_header().headers, settings: &ctx.live.settings, begun: ctx.begun };
    let prepared = match terms.prepare_driven(ctx.route.as_deref(), driven) {
        Ok(prepared) => prepared,
        Err(failure) => return Ok(Err(failure)),
    };
    if let Some(first) = prepared.calls.first() {
        get_ready(session, ctx, first);
    }
    subrequests::run(proxy, session, ctx, prepared).await.map(Ok)
}

/// What every call begins with.
fn get_ready(session: &mut Session, ctx: &mut Ctx, prepared: &Prepared) {
    ctx.held.iter_mut().for_each(|held| held.is_called());
    // A client that does not read cannot hold the call for longer than it may take.
    if !clock::limit_deafness(prepared.deadline.limit) {
        session.set_write_timeout(Some(prepared.deadline.limit));
    }
    let prompt = prepared.exchange.call().prompt.clone();
    if let Some(prompt) = prompt.filter(|prompt| prompt.takes_long(COUNT_ASIDE)) {
        ctx.counting = Some(tokio::task::spawn_blocking(move || {
            prompt.tokens();
        }));
    }
}

/// Makes the exchange and what the network needs to know of it.
fn prepare(session: &mut Session, ctx: &mut Ctx, call: Call, reply: Box<dyn Reply>) -> Result<(), Failure> {
    let terms = Terms { headers: &session.req_header().headers, settings: &ctx.live.settings, begun: ctx.begun };
    let prepared = terms.prepare(ctx.route.as_deref(), call, reply)?;
    get_ready(session, ctx, &prepared);
    record::show(ctx, "call", &prepared.exchange.call().body);
    ctx.call = Some(CallState::new(&ctx.live, prepared.upstream, prepared.endpoints, prepared.deadline));
    ctx.replayed = session.get_retry_buffer().is_none();
    ctx.exchange = Some(prepared.exchange);
    Ok(())
}

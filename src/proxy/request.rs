//! Opens a request: finds its route, reads its body, and either answers or prepares the call.

use super::body::{self, Read};
use super::ctx::{CallState, Ctx};
use super::dispatch::{self, ByHead};
use super::{Proxy, Settings, writer};
use crate::transform::{Call, Context, Plan, Reply};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use pingora::Result;
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A client's request id is kept up to this length.
const LONGEST_ID: usize = 128;
/// Prompts above this many bytes are counted on another thread while the upstream works.
const COUNT_ASIDE: usize = 8 * 1024;
/// What a request becomes.
enum Opened {
    Answer(Answer),
    Call(Call, Box<dyn Reply>),
    /// The body is larger than the limit: answered, and read on for a while.
    TooLarge(Answer),
}

/// pingora's `request_filter`: whether the reply is written already.
pub async fn open(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) -> Result<bool> {
    // Held replies rely on it, see `reply`.
    session.set_ignore_info_resp(true);
    introduce(&proxy.settings, &session.req_header().headers, ctx);
    let opened = match dispatch(proxy, session, ctx).await? {
        Ok(opened) => opened,
        Err(failure) => Opened::Answer(failure.to_answer()),
    };
    match opened {
        Opened::Answer(answer) => writer::write(session, ctx, answer).await,
        Opened::TooLarge(answer) => {
            session.set_keepalive(None);
            writer::write(session, ctx, answer).await;
            body::linger(session, proxy.settings.max_body).await;
        }
        Opened::Call(call, reply) => match prepare(proxy, session, ctx, call, reply) {
            Ok(()) => return Ok(false),
            Err(failure) => writer::write(session, ctx, failure.to_answer()).await,
        },
    }
    Ok(true)
}

/// Request id and origin, which every reply carries.
pub fn introduce(settings: &Settings, headers: &HeaderMap, ctx: &mut Ctx) {
    let sane = |id: &&HeaderValue| {
        !id.is_empty() && id.len() <= LONGEST_ID && id.as_bytes().iter().all(|byte| byte.is_ascii_graphic())
    };
    ctx.request_id = match headers.get(writer::REQUEST_ID).filter(sane) {
        Some(id) => id.clone(),
        None => HeaderValue::from_str(&format!("req_{}", random_id())).unwrap_or(HeaderValue::from_static("req")),
    };
    let origin = headers.get(header::ORIGIN);
    ctx.origin = origin.filter(|origin| origin.to_str().is_ok_and(|origin| (settings.allows_origin)(origin))).cloned();
}

/// 24 random letters and digits.
pub fn random_id() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(24).collect()
}

/// Now, in Unix seconds.
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

async fn dispatch(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) -> Result<Result<Opened, Failure>> {
    let head = session.req_header();
    let (route, params) = match dispatch::by_head(&proxy.table, &head.method, head.uri.path(), &head.headers) {
        Ok(ByHead::Answer(answer)) => return Ok(Ok(Opened::Answer(answer))),
        Ok(ByHead::Route(route, params)) => (route, params),
        Err(failure) => return Ok(Err(failure)),
    };
    ctx.route = Some(route.clone());
    let given = match dispatch::reads_body(&route) {
        false => Bytes::new(),
        true => match body::read(session, proxy.settings.max_body).await? {
            Read::Whole(body) => body,
            Read::TooLarge => {
                return Ok(Ok(Opened::TooLarge(dispatch::too_large(proxy.settings.max_body).to_answer())));
            }
        },
    };
    let (id, now) = (random_id(), unix_now());
    let host = dispatch::host(&session.req_header().headers);
    let cx = Context { user: &proxy.settings.user, id: &id, now, host, steps: None };
    Ok(dispatch::open(&route, params, dispatch::body(&route, given), &cx).map(|plan| match plan {
        Plan::Answer(answer) => Opened::Answer(answer),
        Plan::Call(call, reply) => Opened::Call(call, reply),
    }))
}

/// Makes the exchange and what the network needs to know of it.
fn prepare(proxy: &Proxy, session: &Session, ctx: &mut Ctx, call: Call, reply: Box<dyn Reply>) -> Result<(), Failure> {
    let headers = &session.req_header().headers;
    let prepared = dispatch::prepare(ctx.route.as_deref(), call, reply, headers, &proxy.settings, ctx.begun)?;
    let prompt = prepared.exchange.call().prompt.clone();
    if let Some(prompt) = prompt.filter(|prompt| prompt.size() > COUNT_ASIDE) {
        ctx.counting = Some(tokio::task::spawn_blocking(move || {
            prompt.tokens();
        }));
    }
    ctx.call = Some(CallState {
        endpoint: prepared.endpoint,
        group: prepared.upstream.number,
        deadline: prepared.deadline,
        addresses: Arc::new([]),
        tried: 0,
        fresh: false,
        sent: None,
        status: None,
    });
    ctx.exchange = Some(prepared.exchange);
    Ok(())
}

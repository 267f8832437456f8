//! Explains what becomes of a request, without a network: the request goes through the code that serves, and what that
//! decides is written down.

mod fields;
mod fill;
mod report;
mod scripted;
mod text;

pub use fields::{Change, Field};
pub use report::{
    Body, BodyFrom, Client, Explanation, Fetched, Header, Limit, ModelStep, Passed, RouteTaken, Rule, Sent, Verdict,
};
pub use scripted::Scripted;

use crate::exchange::joined::{JoinedExchanges, Step};
use crate::exchange::{Exchange, HeadPlan};
use crate::plan::trace::Trace;
use crate::plan::{Context, Plan, refuse};
use crate::proxy::request::context::Ctx;
use crate::proxy::request::routing::{self, ByHead, Prepared, PreparedDriven, Terms};
use crate::proxy::request::{accept, response, writer};
use crate::proxy::{InFlight, Live};
use crate::table::Matched;
use crate::wire::{Answer, Failure, ids};
use bytes::Bytes;
use http::{HeaderMap, Method, Version};
use pingora::Result;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

/// A request that somebody wonders about.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its method.
    pub method: Method,
    /// Its path, without a query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, complete.
    pub body: Bytes,
    /// What the upstream would answer to each call, if that matters; the last one serves all further calls.
    pub answers: Vec<Scripted>,
}

/// How far a request comes.
enum Came {
    /// Only to an answer made here.
    Answered(Answer),
    /// To a call; with the body that it was made from.
    Called(Box<Prepared>, Bytes),
    /// To calls that the proxy makes itself.
    Driven(PreparedDriven, Bytes),
}

/// Explains a request to what is live.
///
/// # Errors
/// A head that cannot be written; the heads of a loaded table can.
pub fn explain(live: &Arc<Live>, question: &Question) -> Result<Explanation> {
    let mut ctx = Ctx::new(live.clone(), InFlight::default().enter());
    accept::introduce(&question.headers, &mut ctx);
    let steps = Trace::default();
    let came = came(live, question, &steps);
    let mut told = Explanation::new(&question.method, &question.path);
    if let Matched::Route(route, values) = live.table.find(&question.method, &question.path) {
        told.taken(&question.method, &route, values, !question.body.is_empty());
        ctx.take(route);
    }
    told.passed_over = live.table.passed_over(&question.method, &question.path).iter().map(Passed::new).collect();
    told.decided(steps.into_list());
    match came {
        Ok(Came::Answered(answer)) => {
            told.verdict = Verdict::AnsweredHere;
            told.client = Some(whole(&question.method, answer, &ctx));
        }
        Err(failure) => {
            let client = routing::client_of(ctx.route.as_deref(), &question.headers, &question.path);
            told.verdict = Verdict::Refused;
            told.client = Some(whole(&question.method, refuse(client, &failure), &ctx));
        }
        Ok(Came::Called(prepared, body)) => {
            told.verdict = Verdict::Called;
            told.limits = Limit::all(&live.settings, &prepared);
            told.upstream = Some(Sent::new(&prepared, &body)?);
            if let Some(answer) = question.answers.first() {
                told.client = client(&question.method, answer, prepared.exchange, &ctx)?;
            }
        }
        Ok(Came::Driven(prepared, body)) => {
            told.verdict = Verdict::Called;
            let mut sent = Vec::new();
            for call in &prepared.calls {
                sent.push(Sent::new(call, &body)?);
            }
            told.limits = prepared.calls.first().map_or(Vec::new(), |call| Limit::all(&live.settings, call));
            let mut sent = sent.into_iter();
            told.upstream = sent.next();
            told.further = sent.collect();
            told.client = driven(&question.method, &question.answers, prepared, &ctx)?;
        }
    }
    Ok(told)
}

/// The way of a request through the decisions of serving, in their order.
fn came(live: &Live, question: &Question, steps: &Trace) -> std::result::Result<Came, Failure> {
    let (headers, settings) = (&question.headers, &live.settings);
    settings.guard.host(headers, None, Some(Ipv4Addr::LOCALHOST.into()))?;
    let (route, params) = match routing::by_head(&live.table, &question.method, &question.path, headers)? {
        ByHead::Answer(answer) => return Ok(Came::Answered(answer)),
        ByHead::Route(route, params) => (route, params),
    };
    let caller = routing::admit(settings, &question.method, &route, headers)?;
    let given = if routing::reads_body(&route) { question.body.clone() } else { Bytes::new() };
    let most = routing::max_body(&route, settings);
    if given.len() > most {
        return Err(routing::too_large(most));
    }
    let body = routing::body(&question.method, &route, given);
    let (id, now, host) = (ids::random_id(""), ids::unix_now(), routing::host(headers));
    let ledger = Arc::default();
    let state = live.state(false, false);
    let cx = Context { caller: &caller, id: &id, now, host, state, ledger: &ledger, steps: Some(steps) };
    if let Some(wanted) = routing::images(&route, &body)? {
        wanted.note(&cx);
    }
    let terms = Terms { headers, settings, begun: Instant::now() };
    match routing::open(&route, params, body.clone(), &cx)? {
        Plan::Answer(answer) => Ok(Came::Answered(answer)),
        Plan::Call(call, reply) => {
            let prepared = terms.prepare(Some(&route), call, reply)?;
            Ok(Came::Called(Box::new(prepared), body))
        }
        Plan::Subrequests(calls) => {
            let prepared = terms.prepare_driven(Some(&route), calls)?;
            Ok(Came::Driven(prepared, body))
        }
    }
}

/// A whole reply as it would be written.
fn whole(method: &Method, answer: Answer, ctx: &Ctx) -> Client {
    let head = writer::whole_head(&answer, ctx);
    let body = if writer::is_without_body(method, &answer) { Bytes::new() } else { answer.body };
    Client::new(&head, body, false)
}

/// What the client gets when several calls are answered so, one after the other.
fn driven(method: &Method, answers: &[Scripted], prepared: PreparedDriven, ctx: &Ctx) -> Result<Option<Client>> {
    let Some(last) = answers.last() else { return Ok(None) };
    let exchanges: Vec<Exchange> = prepared.calls.into_iter().map(|call| call.exchange).collect();
    let answers = answers.iter().chain(std::iter::repeat(last));
    let heads =
        exchanges.iter().zip(answers).map(|(exchange, answer)| Ok((answer.head(exchange.call().stream)?, answer)));
    let heads: Vec<_> = heads.collect::<Result<_>>()?;
    let mut drive = JoinedExchanges::new(exchanges, prepared.join);
    let mut body = Vec::new();
    for (index, (head, answer)) in heads.iter().enumerate() {
        let first = drive.head(index, head.status, &head.headers, response::is_bodiless(head));
        let mut steps = vec![first];
        steps.extend(answer.pieces().map(|piece| drive.piece(index, piece)));
        steps.push(drive.end(index));
        for step in steps {
            match step {
                Step::Wait | Step::Break => {}
                Step::Stream(bytes) | Step::Last(bytes) => body.extend_from_slice(&bytes),
                Step::Answer(answer) => return Ok(Some(whole(method, answer, ctx))),
            }
        }
    }
    let Some(content_type) = drive.stream() else { return Ok(None) };
    let head = response::stream_head(content_type, Version::HTTP_11, ctx);
    Ok(Some(Client::new(&head, body.into(), false)))
}

/// What the client gets of an upstream's answer.
fn client(method: &Method, answer: &Scripted, mut exchange: Exchange, ctx: &Ctx) -> Result<Option<Client>> {
    let head = answer.head(exchange.call().stream)?;
    let plan = exchange.head(head.status, &head.headers, response::is_bodiless(&head));
    let own = response::own_head(plan, &head, Version::HTTP_11, ctx);
    let mut body = Vec::new();
    for piece in answer.pieces() {
        body.extend_from_slice(&exchange.piece(piece));
    }
    if !exchange.is_over() {
        body.extend_from_slice(&exchange.end());
    }
    match own {
        Some(own) => {
            let broken = plan == HeadPlan::Pass && exchange.is_over();
            Ok(Some(Client::new(&own, body.into(), broken)))
        }
        None => Ok(exchange.answer().map(|answer| whole(method, answer, ctx))),
    }
}

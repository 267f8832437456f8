//! Explains how a request is handled, without a network. The request passes through the same code as in serving, and
//! each decision is recorded.

mod fields;
mod fill;
mod report;
mod scripted;
mod text;
mod usage_limits;

pub use fields::{ChangeKind, FieldChange};
pub use report::{
    AppliedRule, BodyFrom, Explanation, Fetched, HeaderLine, Limit, ModelStep, Passed, RouteTaken, Sent, ShownBody,
    ShownReply, UpstreamStep, Verdict,
};
pub use scripted::Scripted;
pub use usage_limits::UsageLimit;

use crate::access::{Caller, Sender};
use crate::dialects::client::ClientSigns;
use crate::exchange::joined::{JoinedExchanges, JoinedStep};
use crate::exchange::{Exchange, HeadPlan};
use crate::plan::trace::Trace;
use crate::plan::{Attempt, refuse};
use crate::proxy::live::Live;
use crate::proxy::request::address::{self, Arrival};
use crate::proxy::request::prepare::{self, PreparedSubrequests, Ready, Surroundings, Terms};
use crate::proxy::request::routing::{self, AdmittedRequest, ByHead, RequestHead};
use crate::proxy::request::{ReplyFacts, reply_heads};
use crate::proxy::upstream::heads;
use crate::table::Matched;
use crate::telemetry::Stopwatch;
use crate::wire::{Answer, Failure, Query};
use bytes::Bytes;
use http::{HeaderMap, Method, Version};
use pingora::Result;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

/// A request to explain.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its method.
    pub method: Method,
    /// Its path, without a query.
    pub path: String,
    /// Its query.
    pub query: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, complete.
    pub body: Bytes,
    /// Who sends it; `None`: its headers say that.
    pub caller: Option<Arc<Caller>>,
    /// The upstream's answer to each call, if given. The last one is repeated for further calls.
    pub answers: Vec<Scripted>,
}

impl Question {
    fn query(&self) -> Query<'_> {
        Query(self.query.as_deref())
    }

    fn signs(&self) -> ClientSigns<'_> {
        ClientSigns { headers: &self.headers, path: &self.path, query: self.query() }
    }
}

/// The result of the phases that need no network.
struct Decided {
    /// The call or the answer that the request leads to, or the failure for the client.
    ready: std::result::Result<Ready, Failure>,
    /// The body that its calls are made from.
    body: Bytes,
    /// How much its caller may use.
    usage_limits: Vec<UsageLimit>,
}

/// Explains how a request is handled with the live table and settings.
///
/// # Errors
/// A head that cannot be written. This does not happen with a loaded table.
pub fn explain(live: &Arc<Live>, question: &Question) -> Result<Explanation> {
    let (method, settings) = (&question.method, &live.settings);
    let mut facts = ReplyFacts::new(Stopwatch::start(Instant::now(), false), settings.server_timing);
    facts.set_head(&question.signs(), settings);
    let steps = Trace::default();
    let Decided { ready, body, usage_limits } = decide(live, question, &steps, &mut facts);
    let mut told = Explanation::new(method, &question.path);
    if let Matched::Route(route, values) = live.table.find(method, &question.path) {
        told.taken(method, &route, values, !question.body.is_empty());
    }
    told.passed_over = live.table.passed_over(method, &question.path).iter().map(Passed::new).collect();
    told.decided(steps.into_list());
    told.usage_limits = usage_limits;
    match ready {
        Ok(Ready::Answer(answer)) => {
            told.verdict = Verdict::AnsweredHere;
            told.client = Some(whole(method, answer, &facts));
        }
        Ok(Ready::Page(..)) => told.verdict = Verdict::AnsweredHere,
        Err(failure) => {
            told.verdict = Verdict::Refused;
            // A request that was refused before routing has no route to name its dialect.
            let client = routing::client_of(facts.route.as_deref(), &question.signs());
            told.client = Some(whole(method, refuse(client, &failure), &facts));
        }
        Ok(Ready::Call(prepared)) => {
            told.verdict = Verdict::Called;
            told.limits = Limit::all(settings, &prepared, prepared.exchange.early_stream().is_some());
            told.upstream = Some(Sent::new(&prepared, &body)?);
            if let Some(answer) = question.answers.first() {
                told.client = client(method, answer, prepared.exchange, &facts)?;
            }
        }
        Ok(Ready::Subrequests(prepared)) => {
            told.verdict = Verdict::Called;
            let mut sent = prepared.calls.iter().map(|call| Sent::new(call, &body)).collect::<Result<Vec<_>>>()?;
            let to_stream = prepared.join.stream().is_some();
            told.limits = prepared.calls.first().map_or(Vec::new(), |call| Limit::all(settings, call, to_stream));
            told.further = sent.split_off(sent.len().min(1));
            told.upstream = sent.pop();
            told.client = joined(method, &question.answers, prepared, &facts)?;
        }
    }
    Ok(told)
}

/// Runs the phases of serving that need no session.
fn decide(live: &Live, question: &Question, steps: &Trace, facts: &mut ReplyFacts) -> Decided {
    let (method, headers) = (&question.method, &question.headers);
    let (local_ip, sender) = (Some(Ipv4Addr::LOCALHOST.into()), Sender::Own);
    let decision = routing::by_head(
        live,
        &RequestHead {
            method,
            path: &question.path,
            query: question.query(),
            authority: None,
            headers,
            local_ip,
            sender,
            known: question.caller.as_ref(),
        },
    );
    facts.route = decision.route;
    let mut usage_limits = Vec::new();
    let (ready, body) = match decision.result {
        Ok(ByHead::Answer(answer)) => (Ok(Ready::Answer(answer)), Bytes::new()),
        Ok(ByHead::Admitted(admitted)) => {
            usage_limits = UsageLimit::all(&live.settings, &admitted.caller, method, &admitted.route);
            let given = if admitted.route.reads_body() { question.body.clone() } else { Bytes::new() };
            match routing::body(&live.settings, method, &admitted.route, given) {
                Ok(body) => (prepare(live, question, admitted, body.clone(), steps), body),
                Err(failure) => (Err(failure), Bytes::new()),
            }
        }
        Err(failure) => (Err(failure), Bytes::new()),
    };
    Decided { ready, body, usage_limits }
}

fn prepare(
    live: &Live,
    question: &Question,
    admitted: AdmittedRequest,
    body: Bytes,
    steps: &Trace,
) -> std::result::Result<Ready, Failure> {
    let (headers, settings) = (&question.headers, &live.settings);
    let (route, caller) = (admitted.route.clone(), admitted.caller.clone());
    if let Some(wanted) = routing::images(&route, &body)? {
        steps.push(wanted.step());
    }
    let (ledger, steps) = (Arc::default(), Some(steps));
    let attempt = Attempt::default();
    let around = Surroundings { ledger, is_behind: false, is_stopping: false, attempt, steps };
    let plan =
        prepare::plan(live, address::of(headers, Arrival::default(), &settings.guard), admitted, body.into(), &around)?;
    Terms { headers, settings, begun: Instant::now() }.prepare(&route, &caller, plan, false)
}

/// Returns a whole reply as the client receives it.
fn whole(method: &Method, answer: Answer, facts: &ReplyFacts) -> ShownReply {
    let head = reply_heads::whole_head(&answer, facts);
    let body = if reply_heads::is_without_body(method, &answer) { Bytes::new() } else { answer.body };
    ShownReply::new(&head, body, false)
}

/// Returns the client's reply if several calls receive these answers, one after the other.
fn joined(
    method: &Method,
    answers: &[Scripted],
    prepared: PreparedSubrequests,
    facts: &ReplyFacts,
) -> Result<Option<ShownReply>> {
    let Some(last) = answers.last() else { return Ok(None) };
    let exchanges: Vec<Exchange> = prepared.calls.into_iter().map(|call| call.exchange).collect();
    let answers = answers.iter().chain(std::iter::repeat(last));
    let heads =
        exchanges.iter().zip(answers).map(|(exchange, answer)| Ok((answer.head(exchange.call().stream)?, answer)));
    let heads: Vec<_> = heads.collect::<Result<_>>()?;
    let mut drive = JoinedExchanges::new(exchanges, prepared.join);
    let mut body = Vec::new();
    for (index, (head, answer)) in heads.iter().enumerate() {
        let first = drive.head(index, head.status, &head.headers, heads::is_bodiless(head));
        let mut steps = vec![first];
        steps.extend(answer.pieces().map(|piece| drive.piece(index, piece)));
        steps.push(drive.end(index));
        for step in steps {
            match step {
                JoinedStep::Wait | JoinedStep::Break => {}
                JoinedStep::Stream(bytes) | JoinedStep::Last(bytes) => body.extend_from_slice(&bytes),
                JoinedStep::Answer(answer) => return Ok(Some(whole(method, answer, facts))),
            }
        }
    }
    let Some(content_type) = drive.stream() else { return Ok(None) };
    let head = reply_heads::stream_head(content_type, Version::HTTP_11, facts);
    Ok(Some(ShownReply::new(&head, body.into(), false)))
}

/// Returns the client's reply to an upstream's answer.
fn client(
    method: &Method,
    answer: &Scripted,
    mut exchange: Exchange,
    facts: &ReplyFacts,
) -> Result<Option<ShownReply>> {
    let head = answer.head(exchange.call().stream)?;
    let plan = exchange.head(head.status, &head.headers, heads::is_bodiless(&head));
    let own = reply_heads::immediate_head(plan, &head, Version::HTTP_11, facts);
    let mut body = Vec::new();
    for piece in answer.pieces() {
        body.extend_from_slice(&exchange.piece(piece));
    }
    if !exchange.is_over() {
        body.extend_from_slice(&exchange.end());
    }
    match own.filter(|_| !exchange.is_refused()) {
        Some(own) => {
            let broken = plan == HeadPlan::Pass && exchange.is_over();
            Ok(Some(ShownReply::new(&own, body.into(), broken)))
        }
        None => Ok(exchange.answer().map(|answer| whole(method, answer, facts))),
    }
}

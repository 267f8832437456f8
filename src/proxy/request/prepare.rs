//! From an admitted request to calls that are ready to be made. No socket is touched, so serving and explaining share it.

use super::routing::{AdmittedRequest, client_of};
use crate::access::Caller;
use crate::dialects::client::ClientSigns;
use crate::exchange::{Exchange, ExchangeLimits};
use crate::json::SlimBody;
use crate::json::crowded::{self, CrowdedValue};
use crate::json::fields::MOST_ENTRIES;
use crate::plan::trace::Trace;
use crate::plan::{
    Address, Alone, Attempt, Call, Context, Join, PageCall, Plan, Reply, Request, Streamed, Subrequests,
};
use crate::proxy::deadline::Deadline;
use crate::proxy::live::Live;
use crate::proxy::settings::Settings;
use crate::table::{Endpoints, Route, Upstream};
use crate::tokens::Ledger;
use crate::wire::Query;
use crate::wire::{Answer, Failure, ids, sse};
use http::{HeaderMap, StatusCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A call that is ready to be made.
pub struct Prepared {
    /// Whom it calls.
    pub upstream: Arc<Upstream>,
    /// Where, in the order in which the URLs are tried.
    pub endpoints: Endpoints,
    /// How long it may take.
    pub deadline: Deadline,
    /// The call, and what its reply becomes.
    pub exchange: Exchange,
}

/// Calls that are ready to be made, and what makes one reply of them.
pub struct PreparedSubrequests {
    /// The calls.
    pub calls: Vec<Prepared>,
    /// How many run at the same time.
    pub at_once: usize,
    /// Makes one reply of the parts.
    pub join: Box<dyn Join>,
}

/// What a request became.
#[expect(
    clippy::large_enum_variant,
    reason = "it is moved twice and kept nowhere; a box would cost an allocation for each call"
)]
pub enum Ready {
    /// It is answered here.
    Answer(Answer),
    /// The page for people answers it, for this caller.
    Page(PageCall, Arc<Caller>),
    /// pingora makes one call for it.
    Call(Prepared),
    /// The proxy makes calls for it.
    Subrequests(PreparedSubrequests),
}

/// The state of the process, and where tokens are noted.
pub struct Surroundings<'a> {
    /// Where the tokens that are counted are noted.
    pub ledger: Arc<Ledger>,
    /// True if there is a newer table that cannot be used.
    pub is_behind: bool,
    /// True if the process only waits for the requests in flight.
    pub is_stopping: bool,
    /// What earlier attempts at the request have shown.
    pub attempt: Attempt,
    /// Where decisions are written down; `None` while serving.
    pub steps: Option<&'a Trace>,
}

/// Asks the row's transformer, with the fields that the row sets. It sees the body's text; the calls have the whole.
///
/// # Errors
/// What the client did wrong.
pub fn plan(
    live: &Live,
    address: Address<'_>,
    admitted: AdmittedRequest,
    given: SlimBody,
    around: &Surroundings<'_>,
) -> Result<Plan, Failure> {
    let AdmittedRequest { route, params, query, caller, vendor, takes_pages } = admitted;
    if let Some(found) = crowded::find(&given.text) {
        return Err(too_many(found));
    }
    let body = match &route.options.overlay {
        Some(overlay) => overlay.lay(given.text.clone()),
        None => given.text.clone(),
    };
    let (id, now) = (around.ledger.reply_id(), ids::unix_now());
    let state = live.state(around.is_behind, around.is_stopping);
    let (ledger, steps) = (&around.ledger, around.steps);
    let attempt = Attempt { failing: live.upstreams.failing(&route), ..around.attempt };
    let seal = &live.settings.seal;
    let context = Context { caller: &caller, id, now, address, state, attempt, seal, ledger, steps };
    let mut plan = route.transformer.open(&Request { body, params, query, vendor, takes_pages }, &context)?;
    plan.bodies(|body| given.restored(body));
    Ok(plan)
}

fn too_many(found: CrowdedValue) -> Failure {
    let CrowdedValue { place, is_list } = found;
    let what = if is_list { "elements" } else { "fields" };
    if place.is_empty() {
        return Failure::bad_request(format!("The request body has more than {MOST_ENTRIES} {what}."));
    }
    let message = format!("'{place}' has more than {MOST_ENTRIES} {what}.");
    Failure::bad_field(place, message)
}

/// The terms on which calls are made for a request, beside what its body says.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// What was current when it came.
    pub settings: &'a Settings,
    /// When its head was read.
    pub begun: Instant,
}

impl Terms<'_> {
    /// Prepares the calls of a plan for `caller`. When images were `fetched`, the client's body is read to its end, and pingora
    /// would not send the call's; so the proxy makes that call itself.
    ///
    /// # Errors
    /// The upstream does not stream, but the call wants it to.
    pub fn prepare(&self, route: &Route, caller: &Arc<Caller>, plan: Plan, fetched: bool) -> Result<Ready, Failure> {
        match plan {
            Plan::Answer(answer) => Ok(Ready::Answer(answer)),
            Plan::Page(call) => Ok(Ready::Page(call, caller.clone())),
            Plan::Call(call, reply) if fetched => self.subrequests(route, caller, only(call, reply)),
            Plan::Call(call, reply) => {
                let stream = call.stream;
                self.call(route, caller, call, reply, stream).map(Ready::Call)
            }
            Plan::Subrequests(subrequests) => self.subrequests(route, caller, subrequests),
        }
    }

    /// Returns how long the client may wait. `asked` is the limit that its body asks for; `to_stream` is true if the client
    /// waits for a stream.
    pub fn deadline(&self, route: &Route, asked: Option<Duration>, to_stream: bool) -> Deadline {
        let own = route.options.timeout;
        let deadline = Deadline::new(self.begun, own.unwrap_or(self.settings.timeout), asked, self.headers, to_stream);
        if own.is_some() { deadline.of_route() } else { deadline }
    }

    fn subrequests(&self, route: &Route, caller: &Arc<Caller>, subrequests: Subrequests) -> Result<Ready, Failure> {
        let to_stream = subrequests.join.stream().is_some();
        let parts = subrequests.parts.into_iter();
        let calls =
            parts.map(|(call, reply)| self.call(route, caller, call, reply, to_stream)).collect::<Result<_, _>>()?;
        Ok(Ready::Subrequests(PreparedSubrequests {
            calls,
            at_once: subrequests.at_once.max(1),
            join: subrequests.join,
        }))
    }

    fn call(
        &self,
        route: &Route,
        caller: &Arc<Caller>,
        mut call: Call,
        reply: Box<dyn Reply>,
        to_stream: bool,
    ) -> Result<Prepared, Failure> {
        let Some(upstream) = route.upstreams.get(call.upstream).cloned() else {
            return Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The route has no upstream."));
        };
        let endpoints = match (call.stream, &upstream.stream) {
            (true, Some(stream)) => stream.clone(),
            (true, None) => {
                return Err(Failure::unsupported("stream", &format!("upstream '{}' has no stream_url", upstream.name)));
            }
            (false, _) => upstream.whole.clone(),
        };
        call.credential = upstream.credential.header(&caller.user);
        let deadline = self.deadline(route, call.timeout, to_stream);
        let first = endpoints.first();
        let (url, setting) = (first.url.clone(), first.setting.clone());
        let name = upstream.facts().name();
        let client =
            client_of(Some(route), &ClientSigns { headers: self.headers, path: &route.path, query: Query::default() });
        let (caller, max_answer) = (caller.clone(), self.settings.max_answer);
        let limits = ExchangeLimits { client, max_answer, caller, upstream: name, url, setting };
        Ok(Prepared { upstream, endpoints, deadline, exchange: Exchange::new(call, reply, limits) })
    }
}

/// One call as a subrequest.
fn only(call: Call, reply: Box<dyn Reply>) -> Subrequests {
    let join: Box<dyn Join> = if call.stream {
        Box::new(Streamed(reply.stream_type().unwrap_or(sse::CONTENT_TYPE)))
    } else {
        Box::new(Alone)
    };
    Subrequests { parts: vec![(call, reply)], at_once: 1, join }
}

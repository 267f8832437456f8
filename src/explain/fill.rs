//! Fills the explanation with the decisions of serving.

use super::fields;
use super::report::{
    AppliedRule, BodyFrom, Explanation, Fetched, HeaderLine, Limit, ModelStep, Passed, RouteTaken, Sent, ShownBody,
    ShownReply, UpstreamStep, Verdict,
};
use crate::models::{self, Form, How, Spelling};
use crate::plan::trace::{TraceStep, UpstreamVerdict};
use crate::proxy::deadline::Connecting;
use crate::proxy::request::prepare::Prepared;
use crate::proxy::request::routing;
use crate::proxy::settings::Settings;
use crate::proxy::upstream::heads::CallHead;
use crate::table::{self, Route, SkipReason};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use pingora::Result;
use pingora::http::ResponseHeader;
use std::sync::Arc;
use std::time::Duration;

impl From<&[u8]> for ShownBody {
    fn from(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => ShownBody::Text(text.to_owned()),
            Err(_) => ShownBody::Bytes { base64: STANDARD.encode(bytes) },
        }
    }
}

impl Explanation {
    /// Returns the explanation of a request before any decision.
    pub(super) fn new(method: &Method, path: &str) -> Self {
        Explanation {
            method: method.to_string(),
            path: path.to_owned(),
            verdict: Verdict::Refused,
            body_from: BodyFrom::Nobody,
            route: None,
            passed_over: Vec::new(),
            model: None,
            rules: Vec::new(),
            images: Vec::new(),
            left_out: Vec::new(),
            structured: None,
            counting: None,
            limits: Vec::new(),
            usage_limits: Vec::new(),
            upstreams: Vec::new(),
            upstream: None,
            further: Vec::new(),
            client: None,
        }
    }

    /// Adds the row that handles it, with the values of its parameters.
    pub(super) fn taken(&mut self, method: &Method, route: &Route, values: Vec<String>, has_body: bool) {
        let own = routing::asks_own(method, route, has_body);
        self.body_from = match (route.calls(), own, route.request.is_empty()) {
            (true, false, _) => BodyFrom::Client,
            (true, true, false) => BodyFrom::Route,
            _ => BodyFrom::Nobody,
        };
        self.route = Some(RouteTaken {
            place: route.place.clone(),
            path: route.path.clone(),
            methods: methods(route),
            does: route.does.to_owned(),
            about: route.about.clone(),
            parameters: route.parameters().map(str::to_owned).zip(values).collect(),
            upstream: route.upstreams.first().map(|upstream| upstream.name.clone()),
            upstream_names: route.upstreams.iter().map(|one| (one.name.clone(), one.facts().name())).collect(),
        });
    }

    /// Leaves out rows that its sender may not know: those that almost match, and one that is not for that sender.
    pub fn leave_out_other_rows(&mut self) {
        self.passed_over.clear();
        if self.verdict == Verdict::Refused && self.client.as_ref().is_some_and(|client| client.status == 403) {
            self.route = None;
        }
    }

    /// Puts `***` in the place of a username: for those whom the proxy lets call as somebody else, it is a key that is not theirs.
    pub fn hide_user(&mut self, user: &str) {
        let (quoted, hidden) = (format!("\"{user}\""), "\"***\"");
        for sent in self.upstream.iter_mut().chain(&mut self.further) {
            for (_, value) in &mut sent.headers {
                if value.split(' ').any(|word| word == user) {
                    *value = value.replace(user, "***");
                }
            }
            if let ShownBody::Text(text) = &mut sent.body {
                *text = text.replace(&quoted, hidden);
            }
        }
    }

    /// Adds the recorded decisions, in their order.
    pub(super) fn decided(&mut self, steps: Vec<TraceStep>) {
        for step in steps {
            match step {
                TraceStep::Model { asked, how, name, id, deprecated, gone, listed, rules } => {
                    let patterns =
                        if let How::Pattern(pattern) = &how { vec![pattern.to_string()] } else { Vec::new() };
                    let matched = Some(form(&how));
                    let (name, id, near) = (Some(name), Some(id), Vec::new());
                    self.model = Some(ModelStep { asked, matched, name, id, deprecated, gone, listed, near, patterns });
                    self.rules = rules.matched.iter().map(|rule| AppliedRule::new(rule)).collect();
                }
                TraceStep::NoModel { asked, near, patterns } => {
                    self.model = Some(ModelStep { asked, near, patterns, ..ModelStep::default() });
                }
                TraceStep::Upstream { name, verdict, rules } => {
                    if let Some(rules) = rules {
                        self.rules = rules.matched.iter().map(|rule| AppliedRule::new(rule)).collect();
                    }
                    self.upstreams.push(UpstreamStep::new(&name, verdict));
                }
                TraceStep::Rule { place, did } => {
                    let rule = self.rules.iter_mut().find(|rule| Some(&rule.place) == place.as_ref());
                    rule.into_iter().for_each(|rule| rule.did.push(did.clone()));
                }
                TraceStep::Images { parts } => {
                    self.images = parts.into_iter().map(|(part, host)| Fetched { part, host }).collect();
                }
                TraceStep::LeftOut { place } => self.left_out.push(place),
                TraceStep::Structured(did) => self.structured = Some(did),
                TraceStep::CountedUpstream => {
                    self.counting = Some("by the upstream; an answer without its counts is estimated".to_owned());
                }
                TraceStep::Counting { counting, tokenizer, own } => {
                    self.counting = Some(super::text::counting(counting, tokenizer, own));
                }
            }
        }
    }
}

fn methods(route: &Route) -> Vec<String> {
    route.methods.iter().map(Method::to_string).collect()
}

fn form(how: &How) -> &'static str {
    match how {
        How::Default => "default",
        How::Named(Form::Name) => "name",
        How::Named(Form::Id) => "id",
        How::Named(Form::PrefixedId) => "prefixed_id",
        How::Named(Form::ShortName) => "short_name",
        How::Pattern(_) => "pattern",
        How::Spelled(Spelling::Written) => "spelling",
        How::Spelled(Spelling::Dated) => "dated",
        How::Spelled(Spelling::Latest) => "latest",
    }
}

impl UpstreamStep {
    fn new(name: &str, verdict: UpstreamVerdict) -> Self {
        let (verdict, why) = match verdict {
            UpstreamVerdict::Taken => ("taken", None),
            UpstreamVerdict::Next => ("next", None),
            UpstreamVerdict::ServesNot => ("serves_not", None),
            UpstreamVerdict::CannotCarry(why) => ("cannot_carry", Some(why)),
            UpstreamVerdict::Failing => ("failing", None),
            UpstreamVerdict::Asked => ("asked", None),
        };
        UpstreamStep { name: name.to_owned(), verdict, why }
    }
}

impl Passed {
    pub(super) fn new((route, why): &(Arc<Route>, SkipReason)) -> Self {
        let (why, by) = match why {
            SkipReason::Method => ("other_method", None),
            SkipReason::Path => ("other_path", None),
            SkipReason::Shadowed(by) => ("shadowed", Some(by.place.clone())),
        };
        Passed { place: route.place.clone(), path: route.path.clone(), methods: methods(route), why, by }
    }
}

impl AppliedRule {
    fn new(rule: &models::Rule) -> Self {
        AppliedRule { place: rule.place.clone(), pattern: rule.matches.join(", "), did: Vec::new() }
    }
}

impl Limit {
    /// Returns all time limits of a call, and that of a stream's head for a client that waits for a stream.
    pub(super) fn all(settings: &Settings, prepared: &Prepared, to_stream: bool) -> Vec<Limit> {
        let (deadline, upstream) = (&prepared.deadline, &prepared.upstream);
        let limit = |what, time: Duration, set_by| Limit { what, seconds: time.as_secs_f64(), set_by };
        let connecting = Connecting::new(settings.connect_timeout, upstream, deadline.limit);
        let mut all = vec![
            limit("the whole call", deadline.limit, deadline.set_by.to_string()),
            limit("connecting", connecting.limit, connecting.set_by(upstream, deadline)),
        ];
        let silence = deadline.silence().filter(|(silence, _)| *silence < deadline.limit);
        all.extend(silence.map(|(silence, by)| limit("silence on the stream", silence, by.to_string())));
        let first_head = settings.first_head.filter(|_| to_stream);
        let head_limit = |first| limit("the head of the stream", first, "first_head of the configuration".to_owned());
        all.extend(first_head.map(head_limit));
        let own = |key: &str| format!("upstreams.{}.{key}", upstream.name);
        let timeouts = upstream.timeouts;
        all.extend(timeouts.first_byte.map(|time| limit("the first byte", time, own("first_byte_timeout"))));
        all.extend(timeouts.idle.map(|time| limit("silence between pieces", time, own("idle_timeout"))));
        all
    }
}

impl Sent {
    /// Returns the upstream request of a call. `given` is the body that the call is made from.
    pub(super) fn new(prepared: &Prepared, given: &Bytes) -> Result<Self> {
        let call = prepared.exchange.call();
        let (upstream, endpoint) = (&prepared.upstream, prepared.endpoints.first());
        let shown = |header: &table::Header| Some((header.name.clone(), header.shown.parse::<HeaderValue>().ok()?));
        let head = CallHead::with(upstream.facts(), endpoint, upstream.headers.iter().filter_map(shown)).of(call);
        let mut wire = Vec::new();
        head.header_to_h1_wire(&mut wire);
        Ok(Sent {
            upstream: upstream.name.clone(),
            setting: endpoint.setting.to_string(),
            method: head.method.to_string(),
            url: endpoint.url.to_string(),
            else_urls: prepared.endpoints.iter().skip(1).map(|endpoint| endpoint.url.to_string()).collect(),
            connect_to: upstream.connect_to.clone(),
            stream: call.stream,
            headers: lines(&wire),
            body: ShownBody::from(call.body.as_ref()),
            fields: fields::compare(given, &call.body),
            prompt_tokens: call.prompt.as_ref().map(|prompt| prompt.tokens()),
        })
    }
}

impl ShownReply {
    pub(super) fn new(head: &ResponseHeader, body: Bytes, broken: bool) -> Self {
        let mut wire = Vec::new();
        head.header_to_h1_wire(&mut wire);
        ShownReply { status: head.status.as_u16(), headers: lines(&wire), body: ShownBody::from(body.as_ref()), broken }
    }

    /// Returns the status with its reason.
    pub fn status_line(&self) -> String {
        StatusCode::from_u16(self.status).map_or_else(|_| self.status.to_string(), |status| status.to_string())
    }
}

/// Returns the headers of a head as it is sent.
fn lines(wire: &[u8]) -> Vec<HeaderLine> {
    let text = String::from_utf8_lossy(wire);
    let lines = text.split("\r\n").filter_map(|line| line.split_once(": "));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

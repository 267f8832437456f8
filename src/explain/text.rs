//! The explanation as text for people: one block for each decision, with indented bodies.

use super::fields::ChangeKind;
use super::report::{
    AppliedRule, BodyFrom, Explanation, Fetched, HeaderLine, ModelStep, Passed, RouteTaken, Sent, ShownBody,
    ShownReply, UpstreamStep, Verdict,
};
use crate::tokens::{Counting, Tokenizer};
use std::fmt::{self, Display, Formatter};

/// Returns a sentence about how tokens are counted.
pub(super) fn counting(counting: Counting, tokenizer: Tokenizer, own: bool) -> String {
    let name = tokenizer.name();
    match (counting, own) {
        (Counting::None, _) => "not at all: the route says so, or nobody asked on this stream".to_owned(),
        (Counting::Estimate, _) => "estimated by character class, as the route says".to_owned(),
        (Counting::Exact, true) => format!("exactly, with {name}, the model's own tokenizer"),
        (Counting::Exact, false) => format!("with {name}, an estimate: the model's own tokenizer is not known"),
    }
}

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::AnsweredHere => "answered here, without a call",
            Verdict::Refused => "refused, without a call",
            Verdict::Called => "calls the upstream",
        };
        writeln!(f, "{} {}: {verdict}", self.method, self.path)?;
        match &self.route {
            Some(route) => show_route(f, route, self.body_from)?,
            None if self.verdict == Verdict::Refused => writeln!(f, "\nroute\n  none takes it")?,
            None => writeln!(f, "\nroute\n  none is needed: OPTIONS tells the methods of a path")?,
        }
        for passed in &self.passed_over {
            show_passed(f, passed)?;
        }
        if let Some(model) = &self.model {
            show_model(f, model, self.upstream_name())?;
        }
        show_upstreams(f, &self.upstreams)?;
        show_rules(f, &self.rules)?;
        show_images(f, &self.images)?;
        if !self.left_out.is_empty() {
            let fields = self.left_out.join(", ");
            writeln!(f, "\nleft out (only replies have it, it is null, or the vendor does not know it)\n  {fields}")?;
        }
        if let Some(structured) = &self.structured {
            writeln!(f, "\nresponse_format\n  {structured}")?;
        }
        if let Some(counting) = &self.counting {
            writeln!(f, "\ntokens are counted\n  {counting}")?;
        }
        if !self.limits.is_empty() {
            writeln!(f, "\ntime limits")?;
        }
        for limit in &self.limits {
            writeln!(f, "  {}: {} s, {}", limit.what, limit.seconds, limit.set_by)?;
        }
        if !self.usage_limits.is_empty() {
            writeln!(f, "\nusage limits")?;
        }
        for limit in &self.usage_limits {
            writeln!(f, "  {limit}")?;
        }
        for sent in self.upstream.iter().chain(&self.further) {
            show_sent(f, sent)?;
        }
        self.client.as_ref().map_or(Ok(()), |client| show_client(f, client))
    }
}

impl Explanation {
    /// Returns what messages call the upstream that takes the call, or else the one that the row prefers.
    fn upstream_name(&self) -> &'static str {
        let names = self.route.iter().flat_map(|route| &route.upstream_names);
        let taken = |name: &&(String, &str)| self.upstream.as_ref().is_some_and(|sent| sent.upstream == name.0);
        names.clone().find(taken).or(names.clone().next()).map_or("The upstream", |(_, name)| *name)
    }
}

fn show_upstreams(f: &mut Formatter<'_>, upstreams: &[UpstreamStep]) -> fmt::Result {
    if !upstreams.is_empty() {
        writeln!(f, "\nupstreams of the route")?;
    }
    for upstream in upstreams {
        let verdict = match upstream.verdict {
            "taken" => "takes the call",
            "next" => "is asked if those before it have no such endpoint or cannot be connected to",
            "serves_not" => "does not serve this model",
            "cannot_carry" => "cannot carry the request",
            "failing" => "does not answer, and comes last",
            _ => "was asked, and could not serve",
        };
        let why = upstream.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        writeln!(f, "  {} {verdict}{why}", upstream.name)?;
    }
    Ok(())
}

fn show_rules(f: &mut Formatter<'_>, rules: &[AppliedRule]) -> fmt::Result {
    if !rules.is_empty() {
        writeln!(f, "\nrules")?;
    }
    for rule in rules {
        let did = if rule.did.is_empty() { "nothing to do here".to_owned() } else { rule.did.join("; ") };
        writeln!(f, "  {} (match {}): {did}", rule.place, rule.pattern)?;
    }
    Ok(())
}

fn show_images(f: &mut Formatter<'_>, images: &[Fetched]) -> fmt::Result {
    if !images.is_empty() {
        writeln!(
            f,
            "\nimages (fetched while serving and sent as data URLs; here nothing is fetched and the URLs stay)"
        )?;
    }
    for image in images {
        writeln!(f, "  {} from {}", image.part, image.host)?;
    }
    Ok(())
}

fn show_route(f: &mut Formatter<'_>, route: &RouteTaken, body: BodyFrom) -> fmt::Result {
    writeln!(f, "\nroute\n  {}: {} {}", route.place, route.methods.join("|"), route.path)?;
    for (name, value) in &route.parameters {
        writeln!(f, "  {{{name}}} is '{value}'")?;
    }
    writeln!(f, "  {}: {}", route.does, route.about)?;
    if body == BodyFrom::Route {
        writeln!(f, "  the request has no body; the route's own is used")?;
    }
    Ok(())
}

fn show_passed(f: &mut Formatter<'_>, passed: &Passed) -> fmt::Result {
    let methods = passed.methods.join("|");
    write!(f, "  not {}: {methods} {}: ", passed.place, passed.path)?;
    match (&passed.by, passed.why) {
        (Some(by), _) => writeln!(f, "{by} comes before it"),
        (None, "other_method") => writeln!(f, "it takes only {methods}"),
        (None, _) => writeln!(f, "its path is another"),
    }
}

fn show_model(f: &mut Formatter<'_>, model: &ModelStep, upstream: &str) -> fmt::Result {
    match &model.asked {
        Some(asked) => writeln!(f, "\nmodel\n  the request asks for '{asked}'")?,
        None => writeln!(f, "\nmodel\n  the request names none")?,
    }
    let patterns = model.patterns.join(", ");
    let (Some(name), Some(id)) = (&model.name, &model.id) else {
        let near = if model.near.is_empty() { "nothing like it".to_owned() } else { model.near.join(", ") };
        writeln!(f, "  no model of the route is called so; near: {near}")?;
        return if patterns.is_empty() { Ok(()) } else { writeln!(f, "  nor does it fit a pattern: {patterns}") };
    };
    let how = match model.matched {
        Some("default") => "the group's default",
        Some("name") => "that is its name",
        Some("id") => "that is its id",
        Some("prefixed_id") => "that is its id behind the prefix of its name",
        Some("pattern") => "no model is called so, but it fits the pattern",
        Some("spelling") => "no model is called so, and of the names here only this one's is spelled alike",
        Some("dated") => "no model is called so, and only this one is called so without the date",
        Some("latest") => "no model is called so, and only this one is called so without `latest`",
        _ => "that is its name without the prefix",
    };
    let pattern = if patterns.is_empty() { String::new() } else { format!(" '{patterns}'") };
    writeln!(f, "  {name}: {how}{pattern}\n  {upstream} calls it '{id}'")?;
    if let Some(from) = &model.listed {
        writeln!(f, "  it is {from}, and in no file of the table")?;
    }
    if model.gone {
        writeln!(f, "  it is gone: no list of an upstream has it any more")?;
    }
    if model.deprecated { writeln!(f, "  it is deprecated") } else { Ok(()) }
}

fn show_sent(f: &mut Formatter<'_>, sent: &Sent) -> fmt::Result {
    let kind = if sent.stream { "streamed" } else { "whole" };
    writeln!(f, "\nupstream {} ({kind}; the URL is set by {})", sent.upstream, sent.setting)?;
    let named = |change: ChangeKind| {
        let names: Vec<&str> =
            sent.fields.iter().filter(|field| field.change == change).map(|field| field.name.as_str()).collect();
        names.join(", ")
    };
    for (change, what) in [
        (ChangeKind::Kept, "kept"),
        (ChangeKind::Changed, "changed"),
        (ChangeKind::Added, "added"),
        (ChangeKind::LeftOut, "left out"),
    ] {
        let names = named(change);
        if !names.is_empty() {
            writeln!(f, "  fields {what}: {names}")?;
        }
    }
    if let Some(tokens) = sent.prompt_tokens {
        writeln!(f, "  prompt tokens: {tokens}")?;
    }
    for url in &sent.else_urls {
        writeln!(f, "  {url} is next when a connection cannot be made")?;
    }
    if let Some(place) = &sent.connect_to {
        writeln!(f, "  connections go to {place}")?;
    }
    writeln!(f, "\n  {} {}", sent.method, sent.url)?;
    show_message(f, &sent.headers, &sent.body)
}

fn show_client(f: &mut Formatter<'_>, client: &ShownReply) -> fmt::Result {
    writeln!(f, "\nthe client gets\n\n  {}", client.status_line())?;
    show_message(f, &client.headers, &client.body)?;
    if client.broken {
        writeln!(f, "\n  and then the connection breaks: the format has no place for an error")?;
    }
    Ok(())
}

fn show_message(f: &mut Formatter<'_>, headers: &[HeaderLine], body: &ShownBody) -> fmt::Result {
    for (name, value) in headers {
        writeln!(f, "  {name}: {value}")?;
    }
    let text = match body {
        ShownBody::Text(text) => pretty(text),
        ShownBody::Bytes { base64 } => format!("(not UTF-8; in base64) {base64}"),
    };
    if !text.is_empty() {
        writeln!(f)?;
    }
    for line in text.lines() {
        writeln!(f, "{}", format!("  {line}").trim_end())?;
    }
    Ok(())
}

/// Returns JSON indented, and any other text unchanged.
fn pretty(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) if value.is_object() || value.is_array() => format!("{value:#}"),
        _ => text.to_owned(),
    }
}

//! Runs the tests in a table with the serving code, without a network. Each difference becomes a problem at the place
//! of the expectation.

mod differ;
mod excerpt;
mod reply_text;

use crate::diagnostics::Problem;
use crate::explain::{Explanation, Question, Scripted, ShownBody, Verdict, explain};
use crate::proxy::live::Live;
use crate::table::{Expected, Trial, What};
use differ::differences;
use excerpt::cut;
use http::HeaderValue;
use reply_text::ReplyText;
use serde_json::Value;
use std::sync::Arc;

/// The username for the upstream in tests.
pub const USER: &str = "tester";

/// The result of the tests.
pub struct Ran {
    /// The number of tests that were run.
    pub run: usize,
    /// The number of tests that were not run, because a file removes their row.
    pub left_out: usize,
    /// The problems that were found.
    pub problems: Vec<Problem>,
}

/// Runs those tests of the live table that are `wanted`.
pub fn run(live: &Arc<Live>, wanted: &dyn Fn(&Trial) -> bool) -> Ran {
    let trials = live.table.trials().iter().filter(|trial| wanted(trial));
    let (left_out, run): (Vec<&Trial>, Vec<_>) = trials.partition(|trial| trial.is_left_out);
    let problems = run.iter().flat_map(|trial| one(live, trial)).collect();
    Ran { run: run.len(), left_out: left_out.len(), problems }
}

fn one(live: &Arc<Live>, trial: &Trial) -> Vec<Problem> {
    let problem = |message: String, help: Option<&str>| {
        Problem::new(trial.place.clone(), format!("{}: {message}", trial.called), help.map(str::to_owned))
    };
    let told = match explain(live, &question(trial)) {
        Ok(told) => told,
        Err(e) => return vec![problem(format!("it cannot be run: {e}"), None)],
    };
    let mut found = Vec::new();
    if trial.answer.is_some() && told.verdict != Verdict::Called {
        let help = "take the answer out, or mend the request";
        found.push(problem(format!("nothing goes upstream{}, so that nobody answers", why(&told)), Some(help)));
    }
    for Expected { place, what } in &trial.expected {
        let wrong = check(what, &told);
        let message = |wrong| format!("{}: {wrong}", trial.called);
        found.extend(wrong.into_iter().map(|wrong| Problem::new(place.clone(), message(wrong), None)));
    }
    found
}

fn question(trial: &Trial) -> Question {
    let answer = trial.answer.as_ref().map(|answer| {
        Scripted::new(answer.status, HeaderValue::from_static(answer.content_type), answer.pieces.clone())
    });
    Question {
        method: trial.method.clone(),
        path: trial.path.clone(),
        query: trial.query.clone(),
        headers: trial.headers.clone(),
        body: trial.body.clone(),
        caller: None,
        answers: answer.into_iter().collect(),
    }
}

/// Returns why nothing was sent upstream.
fn why(told: &Explanation) -> String {
    match (&told.client, told.verdict) {
        (Some(client), Verdict::Refused) => format!(" (it is refused with {}: {})", client.status, short(&client.body)),
        _ => " (it is answered here)".to_owned(),
    }
}

/// Returns the differences from one expectation.
fn check(what: &What, told: &Explanation) -> Vec<String> {
    let not = |setting: &str, expected: &dyn std::fmt::Display, got: &dyn std::fmt::Display| {
        vec![format!("{setting}: expected {expected}, got {got}")]
    };
    match what {
        What::Route(path) => match &told.route {
            Some(route) if route.path == *path => Vec::new(),
            Some(route) => not("route", path, &route.path),
            None => not("route", path, &"none"),
        },
        What::Url(_) | What::Stream(_) | What::Sent(_) => match &told.upstream {
            None => vec![format!("upstream: nothing goes there{}", why(told))],
            Some(sent) => match what {
                What::Url(url) if sent.url != *url => not("upstream.url", url, &sent.url),
                What::Stream(stream) if sent.stream != *stream => not("upstream.stream", stream, &sent.stream),
                What::Sent(body) => json("upstream.body", body, &sent.body),
                _ => Vec::new(),
            },
        },
        _ => match &told.client {
            None => vec!["reply: the upstream is called; say what it answers, in `answer`".to_owned()],
            Some(client) => reply(what, client),
        },
    }
}

fn reply(what: &What, client: &crate::explain::ShownReply) -> Vec<String> {
    let text = |setting: &str, expected: &str, got: Option<&str>| match got {
        Some(got) if got == expected => Vec::new(),
        Some(got) => vec![format!("{setting}: expected {expected:?}, got {:?}", cut(got))],
        None => vec![format!("{setting}: expected {expected:?}, but it has none: {}", short(&client.body))],
    };
    match what {
        What::Status(status) if client.status != status.as_u16() => {
            vec![format!("reply.status: expected {}, got {}: {}", status.as_u16(), client.status, short(&client.body))]
        }
        What::Header(name, value) => {
            let got = client.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.as_str()));
            text(&format!("reply.headers.{name}"), value, got.map(|(_, value)| value.as_str()))
        }
        What::Json(expected) => json("reply.json", expected, &client.body),
        What::Text(expected) => text("reply.text", expected, as_text(&client.body)),
        What::Content(expected) => text("reply.content", expected, ReplyText::of(&client.body).content.as_deref()),
        What::FinishReason(expected) => {
            text("reply.finish_reason", expected, ReplyText::of(&client.body).finish_reason.as_deref())
        }
        _ => Vec::new(),
    }
}

fn json(setting: &str, expected: &Value, got: &ShownBody) -> Vec<String> {
    match as_text(got).and_then(|text| serde_json::from_str(text).ok()) {
        Some(got) => differences(setting, expected, &got),
        None => vec![format!("{setting}: expected JSON, got {}", short(got))],
    }
}

fn as_text(body: &ShownBody) -> Option<&str> {
    match body {
        ShownBody::Text(text) => Some(text),
        ShownBody::Bytes { .. } => None,
    }
}

fn short(body: &ShownBody) -> String {
    as_text(body).map_or_else(|| "bytes that are no UTF-8".to_owned(), cut)
}

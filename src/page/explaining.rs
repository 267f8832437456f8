//! `explain`: what would become of a request of the viewer's.

use super::view::View;
use crate::access::UserOrigin;
use crate::explain::{Explanation, Question, Scripted, explain as explained};
use crate::wire::Failure;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};

/// The request to explain, as the page sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionForm {
    method: String,
    path: String,
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    /// Bodies of the upstream's answers, each of which may begin with a line that has status and content type.
    #[serde(default)]
    answers: Vec<String>,
}

/// The explanation, for people and for the page.
#[derive(Serialize)]
pub struct Explained {
    text: String,
    explanation: Explanation,
}

/// Explains the request in a body, as one of the viewer's.
///
/// # Errors
/// 400: the body is not what the page sends.
pub fn explain(view: &View<'_>) -> Result<Explained, Failure> {
    let form: QuestionForm = serde_json::from_slice(&view.request.call.body)
        .map_err(|e| Failure::bad_request(format!("The request to explain cannot be read: {e}.")))?;
    let (path, query) = match form.path.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (form.path.clone(), form.query.clone()),
    };
    if !path.starts_with('/') {
        return Err(Failure::bad_field("path", "'path' must begin with a slash."));
    }
    let method = form.method.to_ascii_uppercase();
    let question = Question {
        method: method.parse::<Method>().map_err(|_| Failure::bad_field("method", "'method' is no method of HTTP."))?,
        path,
        query,
        headers: headers(&form.headers)?,
        body: Bytes::from(form.body),
        caller: Some(view.caller.clone()),
        answers: form.answers.into_iter().map(|answer| Scripted::parse(&Bytes::from(answer), None)).collect(),
    };
    let failed = |e: Box<pingora::Error>| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, e.to_string());
    let mut explanation = explained(view.live(), &question).map_err(failed)?;
    if !view.watches {
        explanation.leave_out_other_rows();
        if view.caller.user_from == UserOrigin::Config {
            explanation.hide_user(&view.caller.user);
        }
    }
    Ok(Explained { text: explanation.to_string(), explanation })
}

fn headers(lines: &[(String, String)]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (index, (name, value)) in lines.iter().enumerate() {
        let wrong = || Failure::bad_field(format!("headers[{index}]"), format!("'headers[{index}]' is no header."));
        let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
        headers.append(name, HeaderValue::from_str(value.trim()).map_err(|_| wrong())?);
    }
    Ok(headers)
}

//! The files of the page. They are part of the binary, and nothing of them comes from elsewhere.

use crate::wire::Answer;
use http::{HeaderName, HeaderValue, StatusCode, header};

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// The files, each with its content type.
const FILES: &[(&str, &str, &str)] = &[
    ("api.js", SCRIPT, include_str!("assets/api.js")),
    ("call.js", SCRIPT, include_str!("assets/call.js")),
    ("chart.js", SCRIPT, include_str!("assets/chart.js")),
    ("dialects.js", SCRIPT, include_str!("assets/dialects.js")),
    ("dom.js", SCRIPT, include_str!("assets/dom.js")),
    ("explained.js", SCRIPT, include_str!("assets/explained.js")),
    ("format.js", SCRIPT, include_str!("assets/format.js")),
    ("models.js", SCRIPT, include_str!("assets/models.js")),
    ("now.js", SCRIPT, include_str!("assets/now.js")),
    ("page.css", CSS, include_str!("assets/page.css")),
    ("page.js", SCRIPT, include_str!("assets/page.js")),
    ("parts.css", CSS, include_str!("assets/parts.css")),
    ("requests.js", SCRIPT, include_str!("assets/requests.js")),
    ("start.js", SCRIPT, include_str!("assets/start.js")),
    ("table.js", SCRIPT, include_str!("assets/table.js")),
    ("try.js", SCRIPT, include_str!("assets/try.js")),
];
/// The page itself. `{{prefix}}` stands for where its files are.
const INDEX: &str = include_str!("assets/index.html");
const HTML: &str = "text/html; charset=utf-8";

/// What the page may load and do: nothing of elsewhere, and no script or style that does not lie in a file of its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// Returns a file of the page, whose files are below `prefix`; an empty name is the page itself.
pub fn find(name: &str, prefix: &str) -> Option<Answer> {
    let mut answer = if name.is_empty() {
        Answer::new(StatusCode::OK, HTML, INDEX.replace("{{prefix}}", prefix))
    } else {
        let (_, content_type, text) = FILES.iter().find(|(known, ..)| *known == name)?;
        Answer::new(StatusCode::OK, content_type, *text)
    };
    answer.headers.extend([
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        // A browser with a page at this path gets the page, a program gets JSON.
        (header::VARY, HeaderValue::from_static("Accept")),
    ]);
    Some(answer)
}

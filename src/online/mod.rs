//! `check --online`: asks every URL of a table once, with the client that serving uses and without spending tokens, and compares the
//! models that the upstreams list with those of the table.

mod compare;
mod finding;
mod listing;
mod url_check;

use crate::diagnostics::{Place, Problem};
use crate::proxy::live::Live;
use crate::proxy::upstream::client::UpstreamClient;
use crate::table::{Endpoint, Upstream};
use finding::Finding;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url_check::UrlCheck;

/// The result of asking all URLs.
#[derive(Debug, Default)]
pub struct Online {
    /// A line for each URL, with a newline at its end.
    pub lines: String,
    /// URLs that a call would not reach, and models that only one side has.
    pub problems: Vec<Problem>,
}

/// Asks all URLs of the table at once. To be called outside any runtime.
pub fn check(live: &Arc<Live>) -> Online {
    let impossible = |why: String| Online {
        problems: vec![Problem::new(Place::Flag("--online"), format!("nothing can be asked: {why}"), None)],
        ..Online::default()
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let all = runtime.block_on(ask_all(live));
            // A resolver that hangs must not delay the exit.
            runtime.shutdown_background();
            tell(&all, live)
        }
        Err(e) => impossible(e.to_string()),
    }
}

/// A URL, and whose it is.
type UrlOf = (Arc<Upstream>, Arc<Endpoint>);

async fn ask_all(live: &Arc<Live>) -> Vec<UrlCheck> {
    let client = Arc::new(UpstreamClient::default());
    let mut lists: Vec<&str> = Vec::new();
    let mut asked: Vec<(UrlOf, bool, _)> = Vec::new();
    for (upstream, endpoint) in live.table.endpoints() {
        // Whole and streamed calls may go to one URL.
        let is_asked =
            |((known, before), ..): &(UrlOf, _, _)| known.name == upstream.name && before.url == endpoint.url;
        if asked.iter().any(is_asked) {
            continue;
        }
        let is_list = upstream.listing.as_ref().is_some_and(|listing| Arc::ptr_eq(listing, endpoint));
        if is_list {
            // Several upstreams may name the same list.
            if lists.contains(&&*endpoint.url) {
                continue;
            }
            lists.push(&endpoint.url);
        }
        let (client, live, upstream, endpoint) = (client.clone(), live.clone(), upstream.clone(), endpoint.clone());
        let whom = (upstream.clone(), endpoint.clone());
        let begun = Instant::now();
        let task = tokio::spawn(async move {
            let came = client.probe(&live.upstreams, live.settings.timeout, &upstream, &endpoint, is_list).await;
            (came.map_err(Some), begun.elapsed())
        });
        asked.push((whom, is_list, task));
    }
    let mut all = Vec::new();
    for ((upstream, endpoint), is_list, task) in asked {
        let (came, took) = task.await.unwrap_or((Err(None), Duration::ZERO));
        all.push(UrlCheck { upstream, endpoint, is_list, came, took });
    }
    all
}

fn tell(all: &[UrlCheck], live: &Live) -> Online {
    let mut online = Online::default();
    let name = |asked: &UrlCheck| asked.upstream.name.chars().count();
    let url = |asked: &UrlCheck| asked.endpoint.url.chars().count();
    let width = |of: &dyn Fn(&UrlCheck) -> usize| all.iter().map(of).max().unwrap_or(0);
    let (names, urls) = (width(&name), width(&url));
    for asked in all {
        let found = Finding::of(asked);
        let mut text = found.to_string();
        online.problems.extend(found.problem(asked));
        if let (Ok(answer), true) = (&asked.came, asked.is_list && found.works()) {
            match listing::read(&answer.body) {
                Ok(listed) => {
                    text = format!("{text}, lists {} models", listed.len());
                    online.problems.extend(compare::compare(&listed, &asked.endpoint, &live.table));
                }
                Err(why) => {
                    text = format!("{text}, but {why}");
                    online.problems.push(no_list(&asked.endpoint, &why));
                }
            }
        }
        let took = asked.took.as_millis();
        let (name, url) = (&asked.upstream.name, &asked.endpoint.url);
        online.lines.push_str(&format!("{name:names$}  {url:urls$}  {text}, {took} ms\n"));
    }
    online
}

fn no_list(endpoint: &Endpoint, why: &str) -> Problem {
    let message = format!("{}: {}: {why}", endpoint.setting, endpoint.url);
    let help = "expected ARGO's list of models: {\"data\": [{\"id\": …, \"internal_id\": …}]}, or its older form with \
                id and model_name";
    Problem::new(endpoint.place.clone(), message, Some(help.to_owned()))
}

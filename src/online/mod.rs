//! Asks the upstreams: `check --online` asks every URL of a table once, with the client that serving uses and without spending tokens,
//! and a serving process asks for the lists of models.

pub mod differences;
mod finding;
pub mod model_lists;
mod url_check;

use crate::diagnostics::{Place, Problem};
use crate::models::listing::Listed;
use crate::proxy::live::Live;
use crate::proxy::upstream::client::UpstreamClient;
use crate::table::Endpoint;
use finding::Finding;
use std::sync::Arc;
use url_check::{PendingCheck, UrlCheck};

/// The result of asking all URLs.
#[derive(Debug, Default)]
pub struct Online {
    /// A line for each URL, with a newline at its end.
    pub lines: String,
    /// URLs that a call would not reach, and lists of models that cannot be used.
    pub problems: Vec<Problem>,
    /// The lists of models that can be used, by URL.
    pub lists: Vec<(String, Vec<Listed>)>,
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

async fn ask_all(live: &Arc<Live>) -> Vec<UrlCheck> {
    let client = Arc::new(UpstreamClient::default());
    let mut pending: Vec<PendingCheck> = Vec::new();
    for (upstream, endpoint) in live.table.endpoints() {
        let is_list = upstream.listing.as_ref().is_some_and(|listing| Arc::ptr_eq(listing, endpoint));
        // Whole and streamed calls may go to one URL, and several upstreams may name the same list.
        let is_asked = |known: &PendingCheck| {
            let same_upstream = known.upstream.name == upstream.name;
            known.endpoint.url == endpoint.url && (same_upstream || (is_list && known.is_list))
        };
        if !pending.iter().any(is_asked) {
            pending.push(PendingCheck::begin(&client, live, upstream, endpoint));
        }
    }
    let mut all = Vec::new();
    for check in pending {
        all.push(check.end().await);
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
        if asked.is_list && found.works() {
            match model_lists::models_of(asked, &found, &live.table) {
                Ok(listed) => {
                    text = format!("{text}, lists {} models", listed.len());
                    online.lists.push((asked.endpoint.url.to_string(), listed));
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

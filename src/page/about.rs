//! `about.json`: what this proxy is, how clients reach it, and what it serves.

use super::view::View;
use crate::client_settings::SpokenApi;
use crate::models::Models;
use crate::table::{Route, Table};
use http::Method;
use serde::Serialize;
use std::sync::Arc;

/// The version in the paths of Google's API, where the table takes any.
const GOOGLE_VERSION: &str = "v1beta";

/// The dialects, each with its name for the page and for people.
const DIALECTS: [(SpokenApi, &str, &str); 4] = [
    (SpokenApi::Chat, "openai", "OpenAI chat completions"),
    (SpokenApi::Responses, "responses", "OpenAI Responses"),
    (SpokenApi::Messages, "anthropic", "Anthropic Messages"),
    (SpokenApi::Gemini, "gemini", "Gemini"),
];

/// What the page shows of the proxy as a whole.
#[derive(Serialize)]
pub struct ProxyFacts<'v> {
    name: &'static str,
    version: &'static str,
    upstreams: &'v str,
    access: &'static str,
    caller: Option<&'v str>,
    /// True if the viewer sees everybody's requests.
    watch: bool,
    /// True if the page can call models from where it is.
    calls: bool,
    default_model: Option<&'v str>,
    table_version: &'v str,
    base_urls: Vec<BaseUrl>,
    dialects: Vec<DialectPath>,
    routes: Vec<RouteRow<'v>>,
}

#[derive(Serialize)]
struct BaseUrl {
    dialect: &'static str,
    about: &'static str,
    url: String,
}

#[derive(Serialize)]
struct DialectPath {
    name: &'static str,
    about: &'static str,
    path: String,
    /// The path of streams, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_path: Option<String>,
}

#[derive(Serialize)]
struct RouteRow<'v> {
    methods: Vec<&'v str>,
    path: &'v str,
    about: &'v str,
    /// File and line, for those who see the table.
    place: Option<&'v str>,
}

impl<'v> ProxyFacts<'v> {
    /// Returns what a viewer may see.
    pub fn new(view: &'v View<'_>) -> Self {
        let (live, table) = (view.live(), &view.live().table);
        let chat = table.spoken(SpokenApi::Chat).and_then(|(route, _)| route.models.as_deref());
        let default = chat.and_then(Models::default);
        let is_open = |route: &&Arc<Route>| view.permissions().routes.as_ref().is_none_or(|rows| rows.fit(&route.path));
        let row = |route: &'v Arc<Route>| RouteRow {
            methods: route.methods.iter().map(Method::as_str).collect(),
            path: &route.path,
            about: &route.about,
            place: view.watches.then_some(&*route.from),
        };
        ProxyFacts {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            upstreams: table.upstream_names(),
            access: live.settings.access.mode().name(),
            caller: view.caller.name.as_deref(),
            watch: view.watches,
            calls: view.calls,
            default_model: default.filter(|model| view.may_use(model)).map(|model| model.name.as_str()),
            table_version: live.version(),
            base_urls: base_urls(table, &view.request.address),
            dialects: DIALECTS.iter().filter_map(|dialect| DialectPath::find(table, dialect)).collect(),
            routes: table.routes().filter(is_open).map(row).collect(),
        }
    }
}

fn base_urls(table: &Table, address: &str) -> Vec<BaseUrl> {
    let mut urls = Vec::new();
    if address.is_empty() {
        return urls;
    }
    if let Some(base) = table.base_path() {
        urls.push(BaseUrl { dialect: "openai", about: "OpenAI's API", url: format!("{address}{base}") });
    }
    for (speaks, dialect, about) in
        [(SpokenApi::Messages, "anthropic", "Anthropic's API"), (SpokenApi::Gemini, "gemini", "Google's API")]
    {
        if let Some((_, root)) = table.spoken(speaks) {
            urls.push(BaseUrl { dialect, about, url: format!("{address}{root}") });
        }
    }
    urls
}

impl DialectPath {
    fn find(table: &Table, (speaks, name, about): &(SpokenApi, &'static str, &'static str)) -> Option<Self> {
        let (route, _) = table.spoken(*speaks)?;
        let stream = (*speaks == SpokenApi::Gemini).then(|| table.routes().find(|route| route.does == "gemini_stream"));
        let stream_path = stream.flatten().map(|route| filled(route));
        Some(DialectPath { name, about, path: filled(route), stream_path })
    }
}

/// Returns a route's path with a place for the model, and a version where the table takes any.
fn filled(route: &Route) -> String {
    route.parameters().fold(route.path.clone(), |path, name| {
        let value = if name == "model" { "{model}" } else { GOOGLE_VERSION };
        path.replace(&format!("{{{name}}}"), value).replace(&format!("{{{name}*}}"), value)
    })
}

//! What `serve` prints at its start: what is served where, who may use it, and how to try it.

use super::args::ServeArgs;
use super::client_proxy;
use super::environment;
use super::listen::Listening;
use crate::access::Mode;
use crate::config::Config;
use crate::loading::Loaded;
use crate::server::Listener;
use crate::server::addresses::reachable;
use crate::table::{Endpoints, Table, Upstream};
use std::path::Path;

/// Returns the text. Nothing else prints "listening", and the port is bound by now.
pub fn text<'l>(
    args: &ServeArgs,
    loaded: &Loaded,
    listening: &Listening,
    admin: impl Iterator<Item = &'l Listener>,
    instance: Option<&Path>,
    has_own_key: bool,
) -> String {
    let mut lines: Vec<String> = Vec::new();
    if !args.quiet {
        lines.extend(sources(args, loaded));
        lines.extend(loaded.table.upstreams().map(upstream));
        lines.extend(rights(loaded, has_own_key));
        lines.extend(instance.map(|place| format!("instance  {}", place.display())));
    }
    lines.extend(admin.map(|listener| format!("metrics   {}/metrics", reach(listener))));
    if !args.quiet {
        lines.extend(page(&loaded.table, loaded.config.page, listening));
    }
    lines.extend(listening.addresses.iter().map(|address| format!("listening on {}://{address}", listening.scheme)));
    lines.extend(listening.socket.iter().map(|path| format!("listening on {}", path.display())));
    if !args.quiet {
        let first = listening.addresses.first();
        lines.extend(
            first.and_then(|address| client_proxy::warning(listening.scheme, reachable(*address).ip(), &environment)),
        );
        lines.extend(first_steps(loaded, listening, has_own_key));
        let seconds = loaded.config.drain_timeout.as_secs();
        lines.push(format!("Ctrl-C stops it; requests in flight get {seconds} s. Times in the log are UTC.\n"));
    }
    lines.join("\n") + "\n"
}

/// Returns the beginning of a URL at a listener, after the flag that `curl` needs for it, if any.
fn reach(listener: &Listener) -> String {
    match (listener.address(), listener.path()) {
        (Some(address), _) => format!("http://{address}"),
        (None, path) => format!("--unix-socket {} http://localhost", path.unwrap_or_default()),
    }
}

/// Returns the version and the files.
fn sources(args: &ServeArgs, loaded: &Loaded) -> [String; 3] {
    let table = &loaded.table;
    let routes = table.files().join(" and ");
    let config =
        if args.demo { "none: the demo".to_owned() } else { args.files.config(&environment).display().to_string() };
    let hidden = table.groups().flat_map(|group| group.iter()).filter(|model| model.hidden).count();
    let listed = table.model_count() - hidden;
    [
        format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        format!("config    {config}"),
        format!("routes    {routes} ({} routes, {listed} models, {hidden} second names)", table.routes().count()),
    ]
}

fn upstream(upstream: &std::sync::Arc<Upstream>) -> String {
    let urls =
        |endpoints: &Endpoints| endpoints.iter().map(|endpoint| &*endpoint.url).collect::<Vec<_>>().join(", else ");
    let stream = upstream.stream.as_ref().map(urls).filter(|streams| *streams != urls(&upstream.whole));
    let stream = stream.map(|urls| format!(", streams {urls}"));
    let way = upstream.connect_to.as_ref().map(|place| format!(", by way of {place}"));
    let more = [stream, way].into_iter().flatten().collect::<String>();
    format!("upstream  {} {}{more}", upstream.name, urls(&upstream.whole))
}

/// Returns who may use the proxy, and how much, where that is limited.
fn rights(loaded: &Loaded, has_own_key: bool) -> Vec<String> {
    let config = &loaded.config;
    let enabled = loaded.callers.iter().flat_map(|file| &file.rows).filter(|row| row.enabled).count();
    let access = match config.access {
        Mode::Own if has_own_key => "own: only who has the key above".to_owned(),
        Mode::Own => "own: only you and root, of all users of this machine".to_owned(),
        Mode::Open => "open: whoever reaches the address".to_owned(),
        Mode::Keys => format!("keys ({enabled} callers)"),
        Mode::Passthrough => "passthrough: a username is the key".to_owned(),
    };
    let limits = limits(config);
    let limits = (!limits.is_empty()).then(|| format!("limits    {limits} for each caller"));
    [Some(format!("access    {access}")), limits].into_iter().flatten().collect()
}

fn limits(config: &Config) -> String {
    let limits = &config.limits;
    let all = [
        ("requests a minute", "requests_per_minute", limits.requests_per_minute),
        ("tokens a minute", "tokens_per_minute", limits.tokens_per_minute),
        ("calls at the same time", "concurrent", limits.concurrent),
    ];
    // Defaults are no news.
    let set = all.into_iter().filter(|(_, key, _)| config.is_set(&format!("limits.{key}")));
    let set = set.filter_map(|(what, _, limit)| Some(format!("{} {what}", limit?.most()?)));
    set.collect::<Vec<_>>().join(", ")
}

/// Returns the address of the page for people, where the table has one and a browser reaches it.
fn page(table: &Table, has_page: bool, listening: &Listening) -> Option<String> {
    let docs = || table.routes().find(|route| route.does == "docs").map(|route| route.path.as_str());
    let path = table.page().filter(|_| has_page).map(|page| page.home.as_str()).or_else(docs)?;
    let (way, reach) = listening.reach();
    way.is_empty().then(|| format!("page      {reach}{path}"))
}

/// Returns the lines to copy into a shell.
fn first_steps(loaded: &Loaded, listening: &Listening, has_own_key: bool) -> Vec<String> {
    let Loaded { config, table, .. } = loaded;
    let (way, reach) = listening.reach();
    let mut lines = Vec::new();
    if let (Some(base), true) = (table.base_path(), way.is_empty()) {
        let key = match config.access {
            Mode::Own if has_own_key => "(the key above)",
            Mode::Own | Mode::Open => "unused",
            Mode::Keys => "(a key that `argo-openai-proxy key new NAME` made)",
            Mode::Passthrough => "(your Argonne username)",
        };
        lines.push(format!(
            "\nPoint any OpenAI client here:\n  export OPENAI_BASE_URL={reach}{base}\n  export OPENAI_API_KEY={key}"
        ));
    }
    if let Some(route) = table.routes().find(|route| route.calls()) {
        let auth = match config.access {
            Mode::Own | Mode::Open if !has_own_key => "",
            _ => " -H \"Authorization: Bearer $OPENAI_API_KEY\"",
        };
        let body = r#"{"messages": [{"role": "user", "content": "Say hello"}]}"#;
        lines.push(format!(
            "Or try it:\n  curl {way}{reach}{}{auth} -H 'Content-Type: application/json' -d '{body}'",
            route.path
        ));
    }
    lines
}

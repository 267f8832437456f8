//! `serve`: the proxy, in front of ARGO or of the stand-in.

use super::args::ServeArgs;
use super::files::{self, Loaded};
use super::{Ended, environment, stand_in, warn};
use crate::config::{Config, HttpUrl, Username};
use crate::proxy::{InFlight, Proxy, Settings};
use crate::server::{Bound, Runner};
use crate::setup;
use crate::stand_in::{CHAT_PATH, EMBED_PATH, STREAM_CHAT_PATH, StandIn};
use crate::table::Table;
use pingora_proxy::http_proxy_service_with_name;
use std::net::SocketAddr;
use std::sync::Arc;

/// Who the demo calls its stand-in as.
const DEMO_USER: &str = "demo";

/// Serves until a signal ends it.
pub fn run(args: &ServeArgs) -> Result<(), Ended> {
    let (loaded, behind) = if args.demo { demo(args)? } else { (configured(args)?, None) };
    let Loaded { config, table, routes, warnings } = loaded;
    warn(&warnings);
    log(config.verbose);
    let user = config.require_user().map_err(|problem| vec![problem])?.as_str().to_owned();
    let bound = Bound::new(config.host.as_str(), config.port)?;
    let address = bound.address();

    let in_flight = InFlight::default();
    let mut runner = Runner::new(config.num_workers, config.drain_timeout, in_flight.clone());
    let table = Arc::new(table);
    if let Some(behind) = behind {
        let service = pingora::services::listening::Service::new(
            "stand-in".to_owned(),
            StandIn::new(stand_in::options_from(&table)),
        );
        runner.add(service, behind);
    }
    introduce(args, &config, &table, &routes, address);
    let proxy = Proxy::new(table, settings(config, user), in_flight);
    let service = http_proxy_service_with_name(&runner.configuration(), proxy, "proxy");
    runner.add(service, bound);
    runner.run()
}

/// The configuration that was named, made by the setup if there is none yet.
fn configured(args: &ServeArgs) -> Result<Loaded, Ended> {
    let path = args.files.config(&environment);
    if !path.exists() {
        setup::run_on_terminal(&setup::Options { config: path, yes: false, user: None, port: None, force: false })?;
    }
    files::load(&args.files, &args.overrides())
}

/// The defaults, pointed at a stand-in that listens on this machine only.
fn demo(args: &ServeArgs) -> Result<(Loaded, Option<Bound>), Ended> {
    let (mut config, warnings) = Config::sample(&args.overrides(), &environment)?;
    let behind = Bound::new("127.0.0.1", 0)?;
    let url = |path: &str| HttpUrl::parse(&format!("http://{}{path}", behind.address()));
    config.argo_url = url(CHAT_PATH)?;
    config.argo_stream_url = url(STREAM_CHAT_PATH)?;
    config.argo_embedding_url = url(EMBED_PATH)?;
    config.user = Some(Username::new(DEMO_USER)?);
    Ok((files::with_table(&args.files, None, config, warnings)?, Some(behind)))
}

/// What the hooks need of a configuration.
pub(super) fn settings(config: Config, user: String) -> Settings {
    let origins = config.cors_origins;
    Settings {
        user,
        timeout: config.timeout,
        connect_timeout: config.connect_timeout,
        max_body: config.max_body,
        max_answer: config.max_answer,
        allows_origin: Arc::new(move |origin| origins.allows(origin)),
        verbose: config.verbose,
    }
}

/// Lines of our own from `info` on when verbose, from `warn` on when not; pingora's only when they are errors, since each
/// request that fails has a line of ours. `RUST_LOG` says otherwise.
fn log(verbose: bool) {
    let own = if verbose { "info" } else { "warn" };
    let filter = format!("{own},pingora_core=error,pingora_proxy=off,pingora_runtime=error");
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(filter))
        .format_target(false)
        .format_timestamp_millis()
        .init();
}

/// What is served where, and how to use it. Nothing else says "listening", and the port is bound by now.
fn introduce(args: &ServeArgs, config: &Config, table: &Table, routes: &str, address: SocketAddr) {
    let reach = reachable(address);
    if !args.quiet {
        let models: usize = table.groups().map(|group| group.iter().count()).sum();
        eprintln!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let source =
            if args.demo { "none: the demo".to_owned() } else { args.files.config(&environment).display().to_string() };
        eprintln!("config    {source}");
        eprintln!("routes    {routes} ({} routes, {models} models)", table.routes().count());
        for upstream in table.upstreams() {
            let stream = upstream.stream.as_ref().map(|stream| format!(", streams {}", stream.url)).unwrap_or_default();
            eprintln!("upstream  {} {}{stream}", upstream.name, upstream.whole.url);
        }
    }
    eprintln!("listening on http://{address}");
    if args.quiet {
        return;
    }
    if let Some(base) = table.base_path() {
        eprintln!(
            "\nPoint any OpenAI client here:\n  export OPENAI_BASE_URL=http://{reach}{base}\n  export OPENAI_API_KEY=unused"
        );
    }
    let chat = table.routes().find(|route| route.upstream.is_some());
    if let Some(route) = chat {
        let body = r#"{"messages": [{"role": "user", "content": "Say hello"}]}"#;
        eprintln!("Or try it:\n  curl http://{reach}{} -H 'Content-Type: application/json' -d '{body}'", route.path);
    }
    eprintln!("Ctrl-C stops it; requests in flight get {} s.\n", config.drain_timeout.as_secs());
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    }
}

//! `serve`: the proxy, in front of ARGO or of the stand-in.

use super::args::{self, ServeArgs};
use super::disk::Disk;
use super::files::{self, Loaded};
use super::load::Needs;
use super::{Ended, environment, stand_in, tell};
use crate::access::Access;
use crate::admin::Admin;
use crate::config::{Config, HttpUrl, Listen, Username};
use crate::problem::{Place, Problem};
use crate::proxy::{Current, InFlight, Live, Proxy, Settings};
use crate::reload::{self, Fresh};
use crate::server::{self, Bound, Runner};
use crate::setup;
use crate::stand_in::{CHAT_PATH, EMBED_PATH, MODELS_PATH, STREAM_CHAT_PATH, StandIn};
use crate::table::Endpoints;
use crate::telemetry::Metrics;
use pingora::services::listening::Service as Listening;
use pingora_proxy::http_proxy_service_with_name;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Who the demo calls its stand-in as.
const DEMO_USER: &str = "demo";

/// Serves until a signal ends it.
pub fn run(args: &ServeArgs) -> Result<(), Ended> {
    let (origin, behind) = origin(args)?;
    let disk = Disk::default();
    let loaded = origin.load(&disk)?;
    tell(&loaded.warnings);
    log(args.quiet);
    server::check_certificates()?;
    let bound = Bound::new(loaded.config.host.as_str(), loaded.config.port)?;
    let admin = admin(&loaded.config)?;
    let introduction = introduction(args, &loaded, bound.address(), admin.as_ref().map(|admin| admin.0.address()));
    let metrics = admin.as_ref().map(|(_, metrics)| metrics.clone());

    let in_flight = InFlight::default();
    let mut runner = Runner::new(loaded.config.num_workers, loaded.config.drain_timeout, in_flight.clone());
    if let Some(behind) = behind {
        let stand_in = StandIn::new(stand_in::options_from(&loaded.table));
        runner.add(Listening::new("stand-in".to_owned(), stand_in), behind);
    }
    let begun_with = Begun::with(&loaded);
    let current = Arc::new(Current::new(metered(live(loaded)?, metrics.as_ref())));
    let load = move || {
        let disk = Disk::default();
        let fresh = origin.load(&disk).and_then(|loaded| {
            let needs_restart = begun_with.differs(&loaded)?;
            Ok(Fresh { live: metered(live(loaded)?, metrics.as_ref()), needs_restart })
        });
        (fresh, disk.into_seen())
    };
    reload::watch(disk.into_seen(), current.clone(), Box::new(load));
    if let Some((bound, metrics)) = admin {
        let app = Admin::new(current.clone(), metrics, in_flight.clone());
        let mut service = Listening::new("admin".to_owned(), app);
        service.threads = Some(1);
        runner.add(service, bound);
    }
    let service = http_proxy_service_with_name(&runner.configuration(), Proxy::new(current, in_flight), "proxy");
    runner.add(service, bound);
    eprint!("{introduction}");
    runner.run()
}

/// The listener for whoever watches, and what is counted for them; `None` when nobody does.
fn admin(config: &Config) -> Result<Option<(Bound, Arc<Metrics>)>, Ended> {
    let Some(listen) = &config.admin else { return Ok(None) };
    let bound = Bound::by_key("admin", listen.host.as_str(), listen.port)?;
    let metrics = Metrics::new(config.metrics_by_caller).map_err(|e| Ended::Because(e.to_string()))?;
    Ok(Some((bound, Arc::new(metrics))))
}

fn metered(live: Live, metrics: Option<&Arc<Metrics>>) -> Live {
    match metrics {
        Some(metrics) => live.metered(metrics),
        None => live,
    }
}

/// Where what is served comes from; it is asked again at each reload.
struct Origin {
    args: ServeArgs,
    /// The stand-in's address, for the demo, which reads no configuration.
    demo: Option<SocketAddr>,
}

/// The configuration that was named, made by the setup if there is none yet; or the demo, with its stand-in's listener.
fn origin(args: &ServeArgs) -> Result<(Origin, Option<Bound>), Ended> {
    if args.demo {
        let behind = Bound::new("127.0.0.1", 0)?;
        return Ok((Origin { args: args.clone(), demo: Some(behind.address()) }, Some(behind)));
    }
    let config = args.files.config(&environment);
    if !config.exists() {
        is_meant_as_file(&config)?;
        setup::run_on_terminal(&setup::Options { config, yes: false, user: None, port: None, force: false })?;
    }
    Ok((Origin { args: args.clone(), demo: None }, None))
}

/// A word that is no file and does not look like one was meant as a command.
fn is_meant_as_file(config: &Path) -> Result<(), Ended> {
    let word = config.to_string_lossy();
    if word.contains(['/', '.']) {
        return Ok(());
    }
    let near = args::command_names().into_iter().find(|name| strsim::jaro_winkler(name, &word) > 0.8);
    let hint = near.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default();
    Err(Ended::Because(format!("'{word}' is neither a command nor a file{hint} (--help shows all commands)")))
}

impl Origin {
    /// What is read is noted on `disk`: a change of it is a reason to load again.
    fn load(&self, disk: &Disk) -> Result<Loaded, Vec<Problem>> {
        let overrides = self.args.overrides();
        let Some(stand_in) = self.demo else { return files::load(&self.args.files, &overrides, Needs::User, disk) };
        let (mut config, warnings) = Config::sample(&overrides, &environment)?;
        let impossible = |why| vec![Problem::new(Place::File("demo".to_owned()), why, None)];
        let url = |path: &str| HttpUrl::parse(&format!("http://{stand_in}{path}")).map_err(impossible);
        config.argo_url = url(CHAT_PATH)?;
        config.argo_stream_url = url(STREAM_CHAT_PATH)?;
        config.argo_embedding_url = url(EMBED_PATH)?;
        config.argo_models_url = url(MODELS_PATH)?;
        config.user = Some(Username::new(DEMO_USER).map_err(impossible)?);
        files::with_table(&self.args.files, None, Ok((config, warnings)), Needs::User, disk)
    }
}

/// What a running process cannot change.
struct Begun {
    host: String,
    port: u16,
    num_workers: usize,
    drain_timeout: Duration,
    admin: Option<Listen>,
    metrics_by_caller: bool,
    built_in: bool,
}

impl Begun {
    fn with(loaded: &Loaded) -> Self {
        Begun {
            host: loaded.config.host.as_str().to_owned(),
            port: loaded.config.port,
            num_workers: loaded.config.num_workers,
            drain_timeout: loaded.config.drain_timeout,
            admin: loaded.config.admin.clone(),
            metrics_by_caller: loaded.config.metrics_by_caller,
            built_in: files::is_built_in(&loaded.routes),
        }
    }

    /// The settings that need a restart. A table whose file has gone is a problem: the built-in one is not what was meant.
    fn differs(&self, loaded: &Loaded) -> Result<Vec<&'static str>, Vec<Problem>> {
        let now = Begun::with(loaded);
        if now.built_in && !self.built_in {
            let problem = Problem::new(Place::File("routes.yaml".to_owned()), "the file has gone", None);
            return Err(vec![problem]);
        }
        let pairs = [
            ("host", now.host != self.host),
            ("port", now.port != self.port),
            ("num_workers", now.num_workers != self.num_workers),
            ("drain_timeout", now.drain_timeout != self.drain_timeout),
            ("admin", now.admin != self.admin),
            ("metrics_by_caller", now.metrics_by_caller != self.metrics_by_caller),
        ];
        Ok(pairs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect())
    }
}

fn live(loaded: Loaded) -> Result<Live, Vec<Problem>> {
    let user = loaded.config.require_user().map_err(|problem| vec![problem])?.as_str().to_owned();
    Ok(live_as(user, loaded))
}

/// What was loaded, served in the name of `user`.
pub(super) fn live_as(user: String, loaded: Loaded) -> Live {
    let Loaded { config, table, text, .. } = loaded;
    let origins = config.cors_origins;
    let settings = Settings {
        access: Access::open(&user),
        timeout: config.timeout,
        connect_timeout: config.connect_timeout,
        max_body: config.max_body,
        max_answer: config.max_answer,
        allows_origin: Arc::new(move |origin| origins.allows(origin)),
        verbose: config.verbose,
        access_log: config.access_log,
        server_timing: config.server_timing,
    };
    Live::new(table, settings, &text)
}

/// Our own lines from `info` on, or problems only when quiet;
/// pingora's only when they are errors, since each request that fails has a line of ours. `RUST_LOG` says otherwise.
fn log(quiet: bool) {
    let own = if quiet { "warn" } else { "info" };
    let filter = format!("{own},pingora_core=error,pingora_proxy=off,pingora_runtime=error");
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(filter))
        .format_target(false)
        .format_timestamp_millis()
        .init();
}

/// What is served where, and how to use it. Nothing else says "listening", and the port is bound by now.
fn introduction(args: &ServeArgs, loaded: &Loaded, address: SocketAddr, admin: Option<SocketAddr>) -> String {
    let Loaded { config, table, routes, .. } = loaded;
    let reach = reachable(address);
    let mut lines: Vec<String> = Vec::new();
    if !args.quiet {
        lines.push(format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")));
        let source =
            if args.demo { "none: the demo".to_owned() } else { args.files.config(&environment).display().to_string() };
        lines.push(format!("config    {source}"));
        lines.push(format!("routes    {routes} ({} routes, {} models)", table.routes().count(), table.model_count()));
        for upstream in table.upstreams() {
            let urls = |endpoints: &Endpoints| {
                endpoints.iter().map(|endpoint| endpoint.url.as_str()).collect::<Vec<_>>().join(", else ")
            };
            let stream = upstream.stream.as_ref().map(|stream| format!(", streams {}", urls(stream)));
            let way = upstream.connect_to.as_ref().map(|place| format!(", by way of {place}"));
            let more = [stream, way].into_iter().flatten().collect::<String>();
            lines.push(format!("upstream  {} {}{more}", upstream.name, urls(&upstream.whole)));
        }
    }
    if let Some(admin) = admin {
        lines.push(format!("metrics   http://{admin}/metrics"));
    }
    lines.push(format!("listening on http://{address}"));
    if args.quiet {
        return lines.join("\n") + "\n";
    }
    if let Some(base) = table.base_path() {
        lines.push(format!("\nPoint any OpenAI client here:\n  export OPENAI_BASE_URL=http://{reach}{base}\n  export OPENAI_API_KEY=unused"
        ));
    }
    let chat = table.routes().find(|route| route.upstream.is_some());
    if let Some(route) = chat {
        let body = r#"{"messages": [{"role": "user", "content": "Say hello"}]}"#;
        lines.push(format!(
            "Or try it:\n  curl http://{reach}{} -H 'Content-Type: application/json' -d '{body}'",
            route.path
        ));
    }
    lines.push(format!("Ctrl-C stops it; requests in flight get {} s.\n", config.drain_timeout.as_secs()));
    lines.join("\n") + "\n"
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    }
}

//! `serve`: the proxy, in front of ARGO or of the stand-in.

use super::args::{self, ServeArgs};
use super::disk::Disk;
use super::files::{self, Loaded};
use super::introduction;
use super::listen;
use super::load::Needs;
use super::{Ended, environment, stand_in, tell};
use crate::access::{Access, Guard, Mode};
use crate::config::{Config, HttpUrl, Listen, Overrides, Username};
use crate::diagnostics::{Place, Problem};
use crate::proxy::{Current, Guarded, InFlight, Live, Patience, Proxy, Settings};
use crate::server::admin::Admin;
use crate::server::reload::{self, Fresh};
use crate::server::upgrade::Inherited;
use crate::server::{self, Bound, Certificates, Runner};
use crate::setup;
use crate::stand_in::{CHAT_PATH, EMBED_PATH, MODELS_PATH, STREAM_CHAT_PATH, StandIn};
use crate::telemetry::Metrics;
use log::LevelFilter;
use pingora_proxy::http_proxy;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Who the demo calls its stand-in as.
const DEMO_USER: &str = "demo";

/// Serves until a signal ends it.
pub fn run(args: &ServeArgs) -> Result<(), Ended> {
    let (origin, behind) = origin(args)?;
    // Beside all else, which takes as long.
    let certificates = std::thread::spawn(server::check_certificates);
    let disk = Disk::default();
    let mut loaded = origin.load(&disk)?;
    tell(&loaded.warnings);
    log(args.quiet);
    certificates.join().unwrap_or_else(|_| Err("the system's certificates cannot be loaded".to_owned()))?;
    let begun_with = Begun::with(&loaded);
    let certificates = loaded.certificate.take().map(|certificate| Arc::new(Certificates::new(certificate)));
    // Nothing is asked of a running instance before all of this has proved sound.
    let place = listen::place(args, &loaded.config)?;
    let (newcomer, mut inherited) = listen::inherit(args, place.as_deref())?;
    let listening = listen::listen(args, &loaded.config, certificates.as_ref(), &mut inherited)?;
    let admin = admin(&loaded.config, &mut inherited)?;
    // What nobody wants any more must not go on taking connections.
    drop(inherited);
    let admin_address = admin.as_ref().map(|admin| admin.address);
    let introduction = introduction::text(args, &loaded, &listening, admin_address, place.as_deref());
    let metrics = admin.as_ref().map(|admin| admin.metrics.clone());

    let in_flight = InFlight::default();
    let mut runner = Runner::new(loaded.config.num_workers, loaded.config.drain_timeout, in_flight.clone(), place);
    if let Some(behind) = behind {
        runner.add("stand-in", StandIn::new(stand_in::options_from(&loaded.table)), vec![behind])?;
    }
    let current = Arc::new(Current::new(metered(live(loaded)?, metrics.as_ref())));
    let load = move || {
        let disk = Disk::default();
        let fresh = origin.load(&disk).and_then(|loaded| {
            let needs_restart = begun_with.differs(&loaded)?;
            let certificate = loaded.certificate.clone();
            let live = metered(live(loaded)?, metrics.as_ref());
            if let (Some(certificates), Some(certificate)) = (&certificates, certificate) {
                certificates.replace(certificate);
            }
            Ok(Fresh { live, needs_restart })
        });
        (fresh, disk.into_seen())
    };
    reload::watch(disk.into_seen(), current.clone(), Box::new(load));
    if let Some(Watched { bound, metrics, .. }) = admin {
        runner.add("admin", Admin::new(current.clone(), metrics, in_flight.clone()), vec![bound])?;
    }
    let proxy = http_proxy(&runner.configuration(), Proxy::new(current.clone(), in_flight));
    runner.add_under("proxy", proxy, listening.bound, |proxy| Guarded::new(proxy, current))?;
    runner.run(newcomer, introduction)
}

/// The listener for whoever watches, and what is counted for them.
struct Watched {
    bound: Bound,
    address: SocketAddr,
    metrics: Arc<Metrics>,
}

/// `None` when nobody watches.
fn admin(config: &Config, inherited: &mut Inherited) -> Result<Option<Watched>, Ended> {
    let Some(listen) = &config.admin else { return Ok(None) };
    let (bound, address) = Bound::tcp("admin", listen.host.as_str(), listen.port, inherited)?;
    let metrics = Metrics::new(config.metrics_by_caller).map_err(|e| Ended::Because(e.to_string()))?;
    Ok(Some(Watched { bound, address, metrics: Arc::new(metrics) }))
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
        let (behind, address) = Bound::tcp("stand-in", "127.0.0.1", 0, &mut Inherited::default())?;
        return Ok((Origin { args: args.clone(), demo: Some(address) }, Some(behind)));
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
        // Its callers spend nothing of anybody's.
        let overrides = Overrides { access: Some(Mode::Open), ..overrides };
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
    socket: Option<String>,
    run_dir: Option<String>,
    tls: bool,
    admin: Option<Listen>,
    metrics_by_caller: bool,
    built_in: bool,
}

impl Begun {
    fn with(loaded: &Loaded) -> Self {
        let listeners = &loaded.config.listeners;
        Begun {
            host: loaded.config.host.as_str().to_owned(),
            port: loaded.config.port,
            num_workers: loaded.config.num_workers,
            drain_timeout: loaded.config.drain_timeout,
            socket: listeners.socket.as_ref().map(|socket| socket.as_str().to_owned()),
            run_dir: listeners.run_dir.as_ref().map(|run_dir| run_dir.as_str().to_owned()),
            tls: listeners.tls.is_some(),
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
            ("socket", now.socket != self.socket),
            ("run_dir", now.run_dir != self.run_dir),
            ("tls", now.tls != self.tls),
            ("admin", now.admin != self.admin),
            ("metrics_by_caller", now.metrics_by_caller != self.metrics_by_caller),
        ];
        Ok(pairs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect())
    }
}

fn live(loaded: Loaded) -> Result<Live, Vec<Problem>> {
    let user = loaded.config.require_user().map_err(|problem| vec![problem])?.as_str().to_owned();
    let access = access(&loaded, &user);
    Ok(live_as(access, loaded))
}

/// How callers are told apart; ARGO is called as `user` for those who have no username of their own.
pub(super) fn access(loaded: &Loaded, user: &str) -> Access {
    match loaded.config.access {
        Mode::Open => Access::open(user),
        Mode::Keys => Access::Keys(Arc::new(loaded.callers.as_ref().map(|file| file.keys(user)).unwrap_or_default())),
        Mode::Passthrough => Access::Passthrough,
    }
}

/// What was loaded, served to those who have `access`.
pub(super) fn live_as(access: Access, loaded: Loaded) -> Live {
    let Loaded { config, table, text, .. } = loaded;
    let origins = config.cors_origins;
    let settings = Settings {
        access,
        guard: Guard { hosts: config.hosts, is_local: config.host.is_loopback() },
        limits: config.limits,
        limits_wait: config.limits_wait,
        patience: Patience {
            idle: config.keepalive_timeout,
            head: config.head_timeout,
            max_head: config.max_head,
            body: config.body_timeout,
            write: config.write_timeout,
        },
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

/// Our own lines from `info` on, or problems only when quiet; pingora's only when they are errors, since each request that fails
/// has a line of ours. `RUST_LOG` says otherwise, but never lets pingora's proxy speak: it quotes heads that it could not read, keys and all.
fn log(quiet: bool) {
    let own = if quiet { "warn" } else { "info" };
    let filter = format!("{own},pingora_core=error,pingora_proxy=off,pingora_runtime=error");
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(filter))
        .filter_module("pingora_proxy", LevelFilter::Off)
        .format_target(false)
        .format_timestamp_millis()
        .init();
}

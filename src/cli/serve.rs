//! `serve`: the proxy, in front of ARGO or of the stand-in.

use super::args::{self, ServeArgs};
use super::health;
use super::introduction;
use super::listen;
use super::output::{CommandEnd, tell};
use super::own_key;
use super::stand_in;
use super::takeover::{self, Takeover};
use crate::access::Key;
use crate::config::{Config, Listen, Listeners, NamedPath, beside};
use crate::diagnostics::file_access::is_there;
use crate::diagnostics::{Problem, report, write_stderr};
use crate::loading::{self, Demo, FileReader, FixedSettings, KeptLists, Loaded, Origin, environment};
use crate::page::PeoplePage;
use crate::proxy::connection::client::{CurrentTimeouts, TimedApp};
use crate::proxy::in_flight::InFlight;
use crate::proxy::live::Current;
use crate::proxy::service::Proxy;
use crate::proxy::upstream::authorities;
use crate::server::admin::Admin;
use crate::server::admin_page::AdminPage;
use crate::server::process_limits;
use crate::server::refresh::RefreshHandle;
use crate::server::reload::Reloader;
use crate::server::upgrade::Inherited;
use crate::server::{Certificates, Listener, Runner, StartingTerminal};
use crate::setup;
use crate::telemetry::{Metrics, process_log};
use argo_stand_in::{CHAT_PATH, EMBED_PATH, MODELS_PATH, STREAM_CHAT_PATH, StandIn, base_url};
use env_logger::{Target, WriteStyle};
use log::{LevelFilter, warn};
use pingora_proxy::http_proxy;
use rustix::process::{Signal, getpid, getppid, kill_process};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Who the demo calls its stand-in as.
const DEMO_USER: &str = "demo";

/// How often to look whether the program is still there.
const LOOK_AT_PARENT: Duration = Duration::from_millis(100);

/// Serves until a signal ends it.
pub fn run(args: &ServeArgs) -> Result<(), CommandEnd> {
    let unprepared = process_limits::prepare();
    let (mut origin, behind) = origin(args)?;
    let reader = FileReader::default();
    let mut loaded = origin.load(&reader)?;
    process_limits::check(loaded.config.num_workers)?;
    // Reloads take nothing from the working directory that was not there now.
    origin.paths.here = loaded.here;
    let logging = log(args, &loaded.config);
    tell(&loaded.warnings);
    logging?;
    unprepared.iter().for_each(|why| warn!("{why}"));
    check_authorities(&loaded)?;
    let fixed = FixedSettings::of(&loaded);
    args.for_client.map_or(Ok(()), |parent| only_for_client(&mut loaded, parent))?;
    let certificates = loaded.certificate.take().map(|certificate| Arc::new(Certificates::new(certificate)));
    // Nothing is asked of a running instance before all of this has proved sound.
    let Takeover { place, newcomer, mut inherited } = takeover::prepare(args, &loaded.config)?;
    let listening = listen::listen(args, &loaded.config, certificates.as_ref(), &mut inherited)?;
    let admin = admin(args, &loaded.config, &mut inherited)?;
    // What nobody wants any more must not go on taking connections.
    drop(inherited);
    let own_key = own_key::make(&loaded.config)?;
    let watched = admin.iter().flat_map(|admin| &admin.listeners);
    let introduction = introduction::text(args, &loaded, &listening, watched, place.as_deref(), own_key.is_some());
    let metrics = admin.as_ref().map(|admin| admin.metrics.clone());

    let in_flight = InFlight::default();
    let record = listening.record(health::path(&loaded.table));
    let (threads, drain) = (loaded.config.num_workers, loaded.config.drain_timeout);
    let mut runner = Runner::new(threads, drain, in_flight.clone(), place, record);
    if let Some(behind) = behind {
        runner.add("stand-in", StandIn::new(stand_in::options_from(&loaded.table)), behind)?;
    }
    let reloader = Reloader { origin, fixed, certificates, metrics, terminal: StartingTerminal::note() };
    let current = Arc::new(Current::new(reloader.metered(loading::live(loaded)?)));
    let refresh = reloader.watch(reader.into_seen(), current.clone());
    let page = Arc::new(PeoplePage::new(current.clone(), in_flight.clone()));
    if let Some(admin) = admin {
        let page = AdminPage::new(&current, &in_flight, &page, listening.address());
        add_admin(&mut runner, admin, &current, page, refresh)?;
    }
    let proxy = Proxy::new(current.clone(), in_flight, own_key.as_ref().map(Key::hash), page);
    let proxy = http_proxy(&runner.configuration(), proxy);
    let (timeouts, waiting) = (current_timeouts(&current), runner.waiting());
    runner.add_under("proxy", proxy, listening.listeners, |proxy| TimedApp::new(proxy, timeouts, waiting))?;
    own_key.iter().for_each(|key| write_stderr(&own_key::text(key)));
    runner.run(newcomer, introduction)
}

/// Refuses a table whose upstreams are trusted by authorities that cannot be read, and tells what else is odd about them.
fn check_authorities(loaded: &Loaded) -> Result<(), CommandEnd> {
    let untrusted = authorities::check(&loaded.table);
    if untrusted.iter().any(Problem::is_error) {
        return Err(untrusted.into());
    }
    tell(&untrusted);
    Ok(())
}

/// Leaves out what only a service has, and ends with the program `parent`: a program is served on the port alone, and other
/// processes may have the rest.
///
/// # Errors
/// The system has no thread left.
fn only_for_client(loaded: &mut Loaded, parent: i32) -> Result<(), CommandEnd> {
    loaded.config.listeners = Listeners::default();
    loaded.config.admin = None;
    loaded.certificate = None;
    end_with(parent)
}

/// Ends this process as a signal would, when `parent` is no longer the process that started it.
///
/// # Errors
/// The system has no thread left.
fn end_with(parent: i32) -> Result<(), CommandEnd> {
    let is_there = move || getppid().is_some_and(|now| now.as_raw_nonzero().get() == parent);
    let watch = move || {
        while is_there() {
            std::thread::sleep(LOOK_AT_PARENT);
        }
        // A signal that cannot be sent leaves nothing but an exit.
        if kill_process(getpid(), Signal::TERM).is_err() {
            std::process::exit(1);
        }
    };
    let started = std::thread::Builder::new().name("parent".to_owned()).spawn(watch);
    started.map(drop).map_err(|e| CommandEnd::Because(format!("a thread cannot be started: {e}")))
}

/// The timeouts of clients in the configuration that holds.
fn current_timeouts(current: &Arc<Current>) -> CurrentTimeouts {
    let current = current.clone();
    Box::new(move || current.live().settings.client_timeouts)
}

/// The listener for whoever watches, and what is counted for them.
struct AdminListener {
    listeners: Vec<Listener>,
    metrics: Arc<Metrics>,
    /// True if only this machine reaches it.
    is_local: bool,
}

/// `None` when nobody watches.
fn admin(args: &ServeArgs, config: &Config, inherited: &mut Inherited) -> Result<Option<AdminListener>, CommandEnd> {
    let (listeners, is_local) = match &config.admin {
        None => return Ok(None),
        Some(Listen::Address { host, port }) => {
            let listeners = Listener::tcp("admin", host.as_str(), *port, inherited);
            (listeners.map_err(|e| listen::in_use(args, config, &e))?, host.is_loopback())
        }
        Some(Listen::Socket(path)) => {
            let path = beside(&args.files.config(&environment), path);
            (vec![Listener::unix("admin", &path, inherited)?], true)
        }
    };
    let metrics = Metrics::new(config.metrics_by_caller).map_err(|e| CommandEnd::Because(e.to_string()))?;
    Ok(Some(AdminListener { listeners, metrics: Arc::new(metrics), is_local }))
}

fn add_admin(
    runner: &mut Runner,
    admin: AdminListener,
    current: &Arc<Current>,
    page: AdminPage,
    refresh: RefreshHandle,
) -> Result<(), CommandEnd> {
    let AdminListener { listeners, metrics, is_local } = admin;
    let app = Admin::new(current.clone(), metrics, page, is_local, refresh);
    let (timeouts, waiting) = (current_timeouts(current), runner.waiting());
    Ok(runner.add_under("admin", app, listeners, |admin| TimedApp::new(admin, timeouts, waiting))?)
}

/// The configuration that was named, made by the setup if there is none yet; or the demo, with its stand-in's listener.
fn origin(args: &ServeArgs) -> Result<(Origin, Option<Vec<Listener>>), CommandEnd> {
    if args.demo {
        let behind = Listener::tcp("stand-in", "127.0.0.1", 0, &mut Inherited::default()).map_err(String::from)?;
        let address = behind.iter().find_map(Listener::address).ok_or("the stand-in has no address".to_owned())?;
        let paths = [CHAT_PATH, STREAM_CHAT_PATH, EMBED_PATH, MODELS_PATH];
        let urls = paths.map(|path| format!("http://{address}{path}"));
        let demo = Demo { user: DEMO_USER, base: base_url(address), urls };
        return Ok((Origin { demo: Some(demo), ..files(args, KeptLists::default()) }, Some(behind)));
    }
    let config = args.files.config(&environment);
    if !is_there(&config).map_err(|problem| vec![problem])? {
        is_meant_as_file(&config)?;
        setup::run_on_terminal(&setup::SetupOptions {
            config: config.clone(),
            yes: false,
            user: None,
            port: None,
            force: false,
            from: None,
        })?;
    }
    let (kept, problem) = KeptLists::of(&config);
    tell(&problem.into_iter().collect::<Vec<_>>());
    Ok((files(args, kept), None))
}

/// The files and flags that the command line names.
fn files(args: &ServeArgs, kept: KeptLists) -> Origin {
    Origin { paths: args.files.paths(&environment), overrides: args.overrides(), demo: None, kept }
}

/// A word that is no file and does not look like one was meant as a command.
fn is_meant_as_file(config: &Path) -> Result<(), CommandEnd> {
    let word = config.to_string_lossy();
    if word.contains(['/', '.']) {
        return Ok(());
    }
    let near = args::command_names().into_iter().find(|name| strsim::jaro_winkler(name, &word) > 0.8);
    let hint = near.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default();
    Err(CommandEnd::Because(format!("'{word}' is neither a command nor a file{hint} (--help shows all commands)")))
}

/// Our own lines from `info` on, or problems only when quiet; pingora's only when they are errors, since each request that fails
/// has a line of ours. `RUST_LOG` says otherwise, but never lets pingora's proxy speak: it quotes heads that it could not read, keys and all.
///
/// # Errors
/// The log's file cannot be opened.
fn log(args: &ServeArgs, config: &Config) -> Result<(), CommandEnd> {
    let named = config.log_file.as_ref();
    let path = named.map(|named| named.beside(&args.files.config(&environment)));
    process_log::start(path.clone()).map_err(|e| match (named, path) {
        (Some(named), Some(path)) => CommandEnd::from(vec![unusable(named, &path, &e)]),
        _ => CommandEnd::Because(format!("the log cannot be written: {e}")),
    })?;
    let own = if args.quiet { "warn" } else { "info" };
    let filter = format!("{own},pingora_core=error,pingora_proxy=off,pingora_runtime=error");
    let mut logger = env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(filter));
    logger
        .filter_module("pingora_proxy", LevelFilter::Off)
        .format_target(false)
        .format_timestamp_millis()
        .target(Target::Pipe(Box::new(process_log::TextLines)));
    if report::colours(process_log::is_on_terminal(), &environment) {
        logger.write_style(WriteStyle::Always);
    }
    logger.init();
    Ok(())
}

fn unusable(named: &NamedPath, path: &Path, e: &std::io::Error) -> Problem {
    let remedy = match e.kind() {
        ErrorKind::NotFound => "make its folder first, or leave log_file out: the log then goes to standard error",
        _ => "name a file that the user who runs the proxy may write, or leave log_file out",
    };
    let message = format!("log_file: {} cannot be opened: {e}", path.display());
    Problem::new(named.place.clone(), message, Some(remedy.to_owned()))
}

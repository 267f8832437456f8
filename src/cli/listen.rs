//! Where `serve` listens, and where its instance has its place: what the configuration says, bound or taken over.

use super::args::ServeArgs;
use super::output::CommandEnd;
use crate::config::Config;
use crate::loading::environment;
use crate::server::upgrade::{Inherited, Newcomer};
use crate::server::{Certificates, Listener, instance, private_directory};
use log::warn;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the proxy is served on: not nothing.
pub struct Listening {
    pub listeners: Vec<Listener>,
    pub address: Option<SocketAddr>,
    pub socket: Option<PathBuf>,
    /// What is spoken at the address.
    pub scheme: &'static str,
}

impl Listening {
    /// The beginning of a URL for a client on this machine, after the flag that `curl` needs for it, if any.
    pub fn reach(&self) -> (String, String) {
        match (self.address, &self.socket) {
            (Some(address), _) if address.ip().is_unspecified() => {
                (String::new(), format!("{}://localhost:{}", self.scheme, address.port()))
            }
            (Some(address), _) => (String::new(), format!("{}://{address}", self.scheme)),
            (None, Some(path)) => (format!("--unix-socket {} ", path.display()), "http://localhost".to_owned()),
            (None, None) => (String::new(), String::new()),
        }
    }
}

/// Where this instance has its place; none for the demo, of which any number may run.
///
/// # Errors
/// The configuration names a place that cannot be used.
pub fn place(args: &ServeArgs, config: &Config) -> Result<Option<PathBuf>, CommandEnd> {
    let path = args.files.config(&environment);
    match (&config.listeners.run_dir, args.demo) {
        (_, true) => Ok(None),
        (Some(named), false) => {
            let place = named.beside(&path);
            private_directory(&place).map_err(|why| format!("{}: run_dir: {why}", named.place))?;
            Ok(Some(place))
        }
        (None, false) => usual_place(&path, args.upgrade),
    }
}

/// The place of whoever names none. Serving does not depend on it, unless it is needed right now.
fn usual_place(config: &Path, needed: bool) -> Result<Option<PathBuf>, CommandEnd> {
    let place = instance::usual_place(config, &environment);
    match private_directory(&place) {
        Ok(()) => Ok(Some(place)),
        Err(why) if needed => {
            Err(CommandEnd::Because(format!("no upgrade: {why}; `run_dir` of config.yaml names another directory")))
        }
        Err(why) => {
            warn!("--upgrade will not work for this process: {why}; `run_dir` of config.yaml names another directory");
            Ok(None)
        }
    }
}

/// The listeners of the running instance, for `--upgrade`.
///
/// # Errors
/// No instance is running, or it keeps them.
pub fn inherit(args: &ServeArgs, place: Option<&Path>) -> Result<(Option<Newcomer>, Inherited), CommandEnd> {
    match place {
        Some(place) if args.upgrade => {
            let (newcomer, inherited) = Newcomer::ask(&instance::upgrade_socket(place))?;
            Ok((Some(newcomer), inherited))
        }
        _ => Ok((None, Inherited::default())),
    }
}

/// Listens on all that the configuration names.
///
/// # Errors
/// What is in the way.
pub fn listen(
    args: &ServeArgs,
    config: &Config,
    certificates: Option<&Arc<Certificates>>,
    inherited: &mut Inherited,
) -> Result<Listening, CommandEnd> {
    let (mut listeners, mut address) = (Vec::new(), None);
    if !config.host.is_none() {
        let (listener, at) = Listener::tcp("proxy", config.host.as_str(), config.port, inherited)?;
        address = Some(at);
        listeners.push(match certificates {
            Some(certificates) => listener.with_tls(certificates.clone()),
            None => listener,
        });
    }
    let socket = config.listeners.socket.as_ref().map(|named| named.beside(&args.files.config(&environment)));
    if let Some(path) = &socket {
        listeners.push(Listener::unix("proxy", path, inherited)?);
    }
    let scheme = if certificates.is_some() { "https" } else { "http" };
    Ok(Listening { listeners, address, socket, scheme })
}

//! What `client` and `run` tell a program: where the proxy is, the key, and models of its table.

use super::output::CommandEnd;
use crate::access::Mode;
use crate::client_settings::VERSION;
use crate::config::{Config, parse_url};
use crate::loading::Loaded;
use crate::loading::environment;
use crate::proxy::connection::sender;
use crate::server::Addresses;
use crate::server::addresses::reachable;
use crate::server::instance::RunningInstance;
use crate::server::places::usual_places;
use std::net::SocketAddr;
use std::path::Path;

/// The key that a program needs.
pub enum NeededKey {
    /// None, or this one.
    Known(Option<String>),
    /// Only the user has it. Holds a word that stands for it, and where it comes from.
    Unknown(&'static str, &'static str),
}

impl NeededKey {
    /// Returns what the proxy asks for, unless the user said which key it is.
    pub fn of(given: Option<String>, config: &Config) -> Self {
        let user = || config.require_user().ok().map(ToString::to_string);
        match (given, config.access) {
            (Some(key), _) => NeededKey::Known(Some(key)),
            (None, Mode::Keys) => NeededKey::Unknown(
                "YOUR_KEY",
                "`access: keys` asks for the key that `argo-openai-proxy key new NAME` printed",
            ),
            (None, Mode::Passthrough) => user().map_or(
                NeededKey::Unknown("YOUR_USERNAME", "`access: passthrough` takes your Argonne username for a key"),
                |user| NeededKey::Known(Some(user)),
            ),
            (None, Mode::Own) if !sender::is_told() => {
                NeededKey::Unknown("YOUR_KEY", "on this system the proxy asks for the key that it printed at its start")
            }
            (None, Mode::Own | Mode::Open) => NeededKey::Known(None),
        }
    }

    /// Returns the key.
    ///
    /// # Errors
    /// Only the user has it.
    pub fn known(self) -> Result<Option<String>, String> {
        match self {
            NeededKey::Known(key) => Ok(key),
            NeededKey::Unknown(_, source) => Err(format!("{source}; give it with: --key @FILE")),
        }
    }
}

/// Returns the running instance's own word on where it listens, if there is one.
pub fn running(config: &Path, loaded: Option<&Loaded>) -> Option<Addresses> {
    let named = match loaded {
        Some(loaded) => loaded.config.listeners.run_dir.as_ref().map(|named| named.beside(config)),
        None => Config::named_run_dir(config, &environment),
    };
    let places = named.map_or_else(|| usual_places(config, &environment), |named| vec![named]);
    RunningInstance::find(&places)?.addresses
}

/// Returns where a program on this machine reaches a running instance.
///
/// # Errors
/// It listens on a Unix socket alone, which programs cannot use.
pub fn address_of(addresses: &Addresses) -> Result<String, CommandEnd> {
    let url = addresses.urls.iter().find_map(|url| {
        let (scheme, address) = url.split_once("://")?;
        let address: SocketAddr = address.parse().ok()?;
        Some(format!("{scheme}://{}", reachable(address)))
    });
    url.ok_or_else(|| {
        CommandEnd::Because(
            "the running proxy listens on a Unix socket alone, which programs cannot use: give it a `port`".to_owned(),
        )
    })
}

/// Returns where an instance of this configuration would listen.
///
/// # Errors
/// That is another port each time, or a Unix socket alone.
pub fn configured(config: &Config) -> Result<String, CommandEnd> {
    if config.host.is_none() {
        return Err(CommandEnd::Because("`host: none` listens on no address that programs can use".to_owned()));
    }
    if config.port == 0 {
        return Err(CommandEnd::Because(
            "no proxy of this configuration is running, and its port is another one at each start: start it first, set `port`, or say \
             --url http://127.0.0.1:PORT"
                .to_owned(),
        ));
    }
    let scheme = if config.listeners.tls.is_some() { "https" } else { "http" };
    let host = config.host.as_str();
    let host = match host.parse() {
        Ok(ip) => reachable(SocketAddr::new(ip, config.port)).to_string(),
        Err(_) => format!("{host}:{}", config.port),
    };
    Ok(format!("{scheme}://{host}"))
}

/// Returns an address that the user gave, without a final slash and without the version, which settings add.
///
/// # Errors
/// It is no URL.
pub fn given(url: &str) -> Result<String, CommandEnd> {
    let url = parse_url(url).map_err(|why| CommandEnd::Because(format!("--url: {why}")))?.to_string();
    let url = url.trim_end_matches('/');
    Ok(url.strip_suffix(VERSION).unwrap_or(url).to_owned())
}

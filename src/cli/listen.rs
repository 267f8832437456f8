//! Where `serve` listens: what the configuration says, bound or taken over.

use super::args::ServeArgs;
use super::output::CommandEnd;
use super::takeover::places;
use crate::config::Config;
use crate::loading::environment;
use crate::server::addresses::reachable;
use crate::server::instance::RunningInstance;
use crate::server::upgrade::Inherited;
use crate::server::{Addresses, BindError, Certificates, Listener};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What the proxy is served on: not nothing.
pub struct Listening {
    pub listeners: Vec<Listener>,
    /// The addresses of the port, the one that people are told first.
    pub addresses: Vec<SocketAddr>,
    pub socket: Option<PathBuf>,
    /// What is spoken at the addresses.
    pub scheme: &'static str,
}

impl Listening {
    /// The beginning of a URL for a client on this machine; `None` if only a Unix socket leads here.
    pub fn address(&self) -> Option<String> {
        let (way, reach) = self.reach();
        way.is_empty().then_some(reach)
    }

    /// The beginning of a URL for a client on this machine, after the flag that `curl` needs for it, if any.
    pub fn reach(&self) -> (String, String) {
        match (self.addresses.first(), &self.socket) {
            (Some(address), _) => (String::new(), format!("{}://{}", self.scheme, self.called(*address))),
            (None, Some(path)) => (format!("--unix-socket {} ", path.display()), "http://localhost".to_owned()),
            (None, None) => (String::new(), String::new()),
        }
    }

    /// Returns the authority by which a client on this machine reaches an address. It is not `localhost`: that may lead to an
    /// address where another program listens, which would get the client's key.
    fn called(&self, address: SocketAddr) -> String {
        if address.ip().is_unspecified() && self.scheme == "https" {
            // Certificates are for names.
            return format!("{}:{}", rustix::system::uname().nodename().to_string_lossy(), address.port());
        }
        reachable(address).to_string()
    }

    /// Returns what the instance writes down; `ready` is the path that says whether it is ready.
    pub fn record(&self, ready: Option<String>) -> Addresses {
        let urls = self.addresses.iter().map(|address| format!("{}://{address}", self.scheme)).collect();
        // A relative path would begin somewhere else for who reads it.
        let socket = self.socket.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        Addresses { urls, socket, ready }
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
    let mut listeners = Vec::new();
    if !config.host.is_none() {
        let bound = Listener::tcp("proxy", config.host.as_str(), config.port, inherited);
        let bound = bound.map_err(|e| in_use(args, config, &e))?;
        listeners.extend(bound.into_iter().map(|listener| match certificates {
            Some(certificates) => listener.with_tls(certificates.clone()),
            None => listener,
        }));
    }
    let addresses = listeners.iter().filter_map(Listener::address).collect();
    let socket = config.listeners.socket.as_ref().map(|named| named.beside(&args.files.config(&environment)));
    if let Some(path) = &socket {
        listeners.push(Listener::unix("proxy", path, inherited)?);
    }
    let scheme = if certificates.is_some() { "https" } else { "http" };
    Ok(Listening { listeners, addresses, socket, scheme })
}

/// Returns the error, with the process that has the port if it is an instance of this configuration.
pub fn in_use(args: &ServeArgs, config: &Config, e: &BindError) -> CommandEnd {
    let own = || RunningInstance::find(&places(config, &args.files.config(&environment)));
    match (e.is_in_use && !args.demo).then(own).flatten() {
        Some(running) => CommandEnd::Because(format!(
            "{e}. Process {} runs with this configuration: stop it (kill {0}), or take over from it with: serve --upgrade",
            running.process
        )),
        None => CommandEnd::Because(e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_never_sent_to_an_address_that_this_process_does_not_have() {
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        for (address, scheme, reach) in [
            ("0.0.0.0:1", "http", "http://127.0.0.1:1"),
            ("[::]:1", "http", "http://[::1]:1"),
            ("127.0.0.1:1", "http", "http://127.0.0.1:1"),
            ("[::1]:1", "https", "https://[::1]:1"),
            ("10.1.2.3:1", "https", "https://10.1.2.3:1"),
            ("0.0.0.0:1", "https", &format!("https://{name}:1")),
        ] {
            let addresses = vec![address.parse().unwrap()];
            let listening = Listening { listeners: Vec::new(), addresses, socket: None, scheme };
            assert_eq!(listening.reach(), (String::new(), reach.to_owned()), "{address}");
        }
    }
}

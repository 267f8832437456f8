//! Values that override the file: flags first, then the environment.
//!
//! Shells, build tools and containers set `HOST`, `PORT` and `VERBOSE` for purposes of their own. A value that is not meant for
//! this program is ignored; it never keeps the program from starting and never opens it to other machines.

use super::Env;
use super::host::Host;
use super::layer::Layer;
use crate::access::Mode;
use crate::diagnostics::{Place, Problem};
use crate::yaml::value::parse_bool;

/// The variable for the host that nothing else sets. There is none for the port: a service or container named `argo-proxy`
/// makes Kubernetes and Docker set `ARGO_PROXY_PORT` to a URL.
const OWN_HOST: &str = "ARGO_PROXY_HOST";

/// Values from the command line. If one is missing, `PORT`, `ARGO_PROXY_HOST`, `HOST` or `VERBOSE` may set it.
///
/// An empty variable counts as not set. A variable that a flag overrides is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    pub port: Option<u16>,
    pub host: Option<String>,
    pub verbose: Option<bool>,
    pub log_bodies: Option<bool>,
    /// Set by a command, regardless of the file.
    pub access: Option<Mode>,
}

impl Overrides {
    /// Writes flags and environment into `layer`. Returns the mistakes in flags, and warnings for variables that are not used.
    pub(super) fn apply(&self, env: Env<'_>, layer: &mut Layer) -> Vec<Problem> {
        let mut problems = Vec::new();
        let variable = |name: &str| env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());

        let port = self.port.map(|port| (port, Place::Flag("--port"))).or_else(|| {
            let text = variable("PORT")?;
            let port = text.parse().map_err(|_| problems.push(unused("PORT", "no port", &text)));
            Some((port.ok()?, named("PORT")))
        });
        let flag = |verbose| if verbose { "--verbose" } else { "--quiet" };
        let verbose = self.verbose.map(|verbose| (verbose, Place::Flag(flag(verbose)))).or_else(|| {
            let text = variable("VERBOSE")?;
            let verbose = parse_bool(&text).or_else(|| {
                problems.push(unused("VERBOSE", "neither true nor false", &text));
                None
            });
            Some((verbose?, named("VERBOSE")))
        });
        let own = self.host.clone().map(|text| (text, Place::Flag("--host")));
        let host = match own.or_else(|| Some((variable(OWN_HOST)?, named(OWN_HOST)))) {
            Some((text, place)) => match Host::parse(text.trim()) {
                Ok(host) => Some((host, place)),
                Err(message) => {
                    problems.push(Problem::new(place, message, None));
                    None
                }
            },
            None => variable("HOST").and_then(|text| generic_host(text, layer, &mut problems)),
        };

        layer.access = self.access.or(layer.access);
        if let Some((port, place)) = port {
            layer.port = Some(port);
            layer.places.insert("port".to_owned(), place);
        }
        if let Some((verbose, place)) = verbose {
            layer.verbose = Some(verbose);
            layer.places.insert("verbose".to_owned(), place);
        }
        if let Some(log_bodies) = self.log_bodies {
            layer.log_bodies = Some(log_bodies);
            layer.places.insert("log_bodies".to_owned(), Place::Flag("--log-bodies"));
        }
        if let Some((host, place)) = host {
            layer.places.insert("host".to_owned(), place.clone());
            layer.host = Some((host, place));
        }
        problems
    }
}

/// Returns the host that `HOST` names, if it may be used. tcsh sets `HOST` to the machine's name and conda's compilers set it to a
/// triplet, so only an address or `localhost` counts, and only where the file says nothing.
fn generic_host(text: String, layer: &mut Layer, problems: &mut Vec<Problem>) -> Option<(Host, Place)> {
    let is_address = |host: &Host| host.ip().is_some() || host.as_str().eq_ignore_ascii_case("localhost");
    let Some(host) = Host::parse(&text).ok().filter(is_address) else {
        layer.ignored_host = Some(text);
        return None;
    };
    let explicit = layer.host.as_ref().filter(|_| layer.has_written("host"));
    let why = match explicit {
        Some((set, _)) if *set == host => return None,
        Some((set, place)) => format!("{text} is not used: `host` is {set} ({place})"),
        // The file does not say who may call, so only this machine may.
        None if layer.access.is_none() && !host.is_loopback() => {
            format!(
                "{text} is not used: it would open the proxy to other machines, and no `access` says who may use it"
            )
        }
        None => return Some((host, named("HOST"))),
    };
    let help = format!("if this program is meant, write `host` into the file, or set {OWN_HOST}; if not: unset HOST");
    problems.push(Problem::warning(named("HOST"), why, Some(help)));
    None
}

fn named(variable: &str) -> Place {
    Place::Variable(variable.to_owned())
}

/// Warns of a variable that cannot be meant for this program.
fn unused(name: &str, what: &str, found: &str) -> Problem {
    let help = format!("correct it, or drop it with: unset {name}");
    Problem::warning(named(name), format!("{found:?} is {what}, and is not used"), Some(help))
}

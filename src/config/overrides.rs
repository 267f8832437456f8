//! Values that override the file: flags first, then the environment.

use super::Env;
use super::host::Host;
use super::layer::Layer;
use crate::access::Mode;
use crate::diagnostics::{Place, Problem};
use crate::yaml::value::parse_bool;

/// Values from the command line. If one is missing, `PORT`, `HOST` or `VERBOSE` may set it.
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
    /// Writes flags and environment into `layer`. Returns the mistakes in them.
    pub(super) fn apply(&self, env: Env<'_>, layer: &mut Layer) -> Vec<Problem> {
        let mut problems = Vec::new();
        let variable = |name: &str| env(name).filter(|value| !value.trim().is_empty());

        // A mistake in a variable does not matter if a flag overrides the variable.
        let port = self.port.or_else(|| {
            let text = variable("PORT")?;
            text.trim()
                .parse()
                .map_err(|_| {
                    problems.push(wrong("PORT", "a port (a whole number from 0 to 65535)", &text));
                })
                .ok()
        });
        let verbose = self.verbose.or_else(|| {
            let text = variable("VERBOSE")?;
            let value = parse_bool(&text);
            if value.is_none() {
                problems.push(wrong("VERBOSE", "true or false", &text));
            }
            value
        });
        let named = match &self.host {
            Some(flag) => Some((flag.clone(), Place::Flag("--host"))),
            None => variable("HOST").map(|host| (host, Place::Variable("HOST".to_owned()))),
        };
        let host = named.and_then(|(text, place)| match Host::parse(text.trim()) {
            Ok(host) => Some((host, place)),
            Err(message) => {
                problems.push(Problem::new(place, message, None));
                None
            }
        });

        self.note_places(env, layer);
        layer.port = port.or(layer.port);
        layer.access = self.access.or(layer.access);
        layer.verbose = verbose.or(layer.verbose);
        layer.log_bodies = self.log_bodies.or(layer.log_bodies);
        layer.host = host.or_else(|| layer.host.take());
        problems
    }

    /// Records which values come from a flag and which from a variable.
    fn note_places(&self, env: Env<'_>, layer: &mut Layer) {
        let verbose = self.verbose.map(|verbose| if verbose { "--verbose" } else { "--quiet" });
        let flags = [
            ("port", "PORT", self.port.map(|_| "--port")),
            ("host", "HOST", self.host.as_ref().map(|_| "--host")),
            ("verbose", "VERBOSE", verbose),
        ];
        for (key, variable, flag) in flags {
            let set = || env(variable).is_some_and(|value| !value.trim().is_empty());
            let place = flag.map(Place::Flag).or_else(|| set().then(|| Place::Variable(variable.to_owned())));
            layer.places.extend(place.map(|place| (key.to_owned(), place)));
        }
        let bodies = self.log_bodies.map(|_| Place::Flag("--log-bodies"));
        layer.places.extend(bodies.map(|place| ("log_bodies".to_owned(), place)));
    }
}

fn wrong(name: &str, what: &str, found: &str) -> Problem {
    Problem::new(
        Place::Variable(name.to_owned()),
        format!("expected {what}, found {found:?}"),
        Some(format!("correct it, or drop it with: unset {name} (it beats the file)")),
    )
}

//! Who can reach what is configured: other machines, other users of this one, or nobody.

use super::layer::Layer;
use super::listen::Listen;
use crate::access::Mode;
use crate::diagnostics::Problem;

/// True where the system says which user a connection is of.
const KNOWS_USERS: bool = cfg!(target_os = "linux");

/// Returns what is wrong, or worth a warning, about who can reach the proxy.
pub fn problems(layer: &Layer) -> Vec<Problem> {
    let found =
        [open_to_others(layer), open_to_users(layer, KNOWS_USERS), listens_nowhere(layer), watched_by_others(layer)];
    found.into_iter().flatten().collect()
}

/// Returns a warning if the other users of this machine can use the proxy, or if it cannot tell them from its own. `knows_users`
/// is what this system can tell.
fn open_to_users(layer: &Layer, knows_users: bool) -> Option<Problem> {
    let (host, host_place) = layer.host.as_ref().filter(|(host, _)| host.is_loopback() && !host.is_none())?;
    let place = layer.places.get("access");
    match layer.access {
        // The demo opens the access by itself: there is nothing to spend.
        Some(Mode::Open) => {
            let message = "access: every user of this machine can use ARGO under your username";
            let help =
                "leave `access` out, and only you may; or write `access: keys`; or use `socket` with `host: none`";
            Some(Problem::warning(place?.clone(), message, Some(help.to_owned())))
        }
        // A wrong value has a mistake of its own, which is reported.
        None if place.is_some() => None,
        None | Some(Mode::Own) if !knows_users => {
            let place = place.unwrap_or(host_place).clone();
            Some(Problem::warning(place, unknown_users(host.as_str()), Some(WITHOUT_USERS.to_owned())))
        }
        _ => None,
    }
}

fn unknown_users(host: &str) -> String {
    format!(
        "access: `own` asks for a key that the start prints, since this system does not tell which user a connection to {host} is of"
    )
}

const WITHOUT_USERS: &str = "send that key with each request; or write `access: open` where nobody else uses this machine, else `access: keys`; or use `socket` with `host: none`";

/// Returns a problem if other machines can reach the proxy: the username is the only credential upstream, and a key is as good as
/// the username.
fn open_to_others(layer: &Layer) -> Option<Problem> {
    let (host, place) = layer.host.as_ref().filter(|(host, _)| !host.is_loopback())?;
    if layer.access.is_none() && layer.has_written("access") {
        // It has a mistake of its own, which is reported.
        return None;
    }
    let message = format!("host: everybody who can reach {host} can use ARGO under your username");
    match layer.access {
        Some(Mode::Own) => {
            let message =
                format!("host: {host} is for other machines, too, and `access: own` knows the users of this one only");
            let help = "use 127.0.0.1; or write `access: keys`";
            Some(Problem::new(place.clone(), message, Some(help.to_owned())))
        }
        Some(Mode::Passthrough) => {
            let message = format!(
                "host: whoever reaches {host} can use ARGO as anybody: the key is a username, which is no secret"
            );
            let help = "write `access: keys`; or use 127.0.0.1, and let people come through an ssh tunnel";
            Some(Problem::warning(place.clone(), message, Some(help.to_owned())))
        }
        Some(Mode::Keys) if layer.listeners.tls.is_some() => None,
        Some(Mode::Keys) => {
            let message = format!("host: keys cross the network to {host} in the clear: whoever reads one can use it");
            let help = "add `tls`; this is fine behind a proxy that speaks TLS, and in a container whose port only this machine reaches";
            Some(Problem::warning(place.clone(), message, Some(help.to_owned())))
        }
        Some(Mode::Open) => {
            let help = "write `access: keys`; or use 127.0.0.1 and reach it from elsewhere through an ssh tunnel";
            Some(Problem::warning(place.clone(), message, Some(help.to_owned())))
        }
        None => {
            let help = "write who may: `access: keys` (`argo-openai-proxy key new NAME` makes a key) or `access: open` for \
                        everybody; or use 127.0.0.1";
            Some(Problem::new(place.clone(), message, Some(help.to_owned())))
        }
    }
}

fn listens_nowhere(layer: &Layer) -> Option<Problem> {
    let has_no_socket = layer.listeners.socket.is_none() && !layer.has_written("socket");
    let (_, place) = layer.host.as_ref().filter(|(host, _)| host.is_none() && has_no_socket)?;
    let help = "add `socket: PATH`, or name an address".to_owned();
    Some(Problem::new(place.clone(), "host: none, and no socket either: the proxy would listen nowhere", Some(help)))
}

/// Returns a problem if other machines can reach the metrics and the page: they show who uses which models.
fn watched_by_others(layer: &Layer) -> Option<Problem> {
    let (listen, place) = layer.admin.as_ref()?;
    let Some(Listen::Address { host, .. }) = listen else { return None };
    if host.is_loopback() {
        return None;
    }
    Some(Problem::warning(
        place.clone(),
        format!(
            "admin: everybody who can reach {host} can read the metrics, and everybody's requests on the page for people"
        ),
        Some("write the port alone, unless the collector runs on another machine".to_owned()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a configuration on a system that does not tell users apart, and the remedy.
    fn without_users(text: &str) -> Option<String> {
        let (layer, mistakes) = Layer::read("config.yaml", text, &|_| None);
        assert_eq!(mistakes, [], "{text}");
        open_to_users(&layer, false).map(|problem| problem.to_string())
    }

    #[test]
    fn where_the_system_does_not_tell_users_apart_own_asks_for_a_key() {
        for (text, place) in [
            ("host: 127.0.0.1", "1:7"),
            ("host: ::1", "1:7"),
            ("host: localhost\naccess: own", "2:9"),
            ("host: 127.0.0.1\nsocket: s.sock", "1:7"),
        ] {
            let told = without_users(text).unwrap_or_else(|| panic!("nothing is said of {text}"));
            assert!(
                told.starts_with(&format!("config.yaml:{place}: access: `own` asks for a key that the start prints")),
                "{told}"
            );
            assert!(told.contains("this system does not tell which user a connection to"), "{told}");
            for remedy in
                ["`access: open` where nobody else uses this machine", "`access: keys`", "`socket` with `host: none`"]
            {
                assert!(told.contains(remedy), "{told}");
            }
        }
        for text in [
            "host: 127.0.0.1\naccess: keys",
            "host: 127.0.0.1\naccess: passthrough",
            "host: none\nsocket: s.sock",
            "host: none\nsocket: s.sock\naccess: own",
        ] {
            assert_eq!(without_users(text), None, "{text}");
        }
        // A system that tells them apart needs no word.
        let (layer, _) = Layer::read("config.yaml", "host: 127.0.0.1", &|_| None);
        assert_eq!(open_to_users(&layer, true), None);
    }
}

//! The result of a probe of a URL, with a message for people.

use crate::dialects::upstream::UpstreamDialect;
use crate::dialects::upstream::argo::Argo;
use crate::proxy::upstream::tls_failure::meaning;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The result of one probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reachability {
    /// An HTTP server answered with this status. A working ARGO route answers a GET with 405.
    Answers(u16),
    /// The host has no address: DNS does not know it or does not answer.
    UnknownHost(String),
    /// The connection attempt got no answer. Firewalls do this, and ARGO outside of Argonne's network.
    Hangs(Duration),
    Refused(SocketAddr),
    /// The Unix socket cannot be connected to.
    NoSocket(PathBuf, String),
    /// The network reports no route to the address.
    NoRoute(String),
    /// Connected, but the TLS handshake failed.
    Tls(String),
    /// Connected, but the answer is not HTTP.
    NotHttp(String),
    /// Connected, but there was no HTTP answer in time.
    Silent(Duration),
    /// Any other reason for a missing answer.
    Broken(String),
}

impl Reachability {
    /// Returns true if ARGO's POST routes can be called at the URL.
    pub fn works(&self) -> bool {
        matches!(self, Reachability::Answers(405 | 200..=299))
    }

    /// Returns a remedy for this host, if there is a usual one.
    pub fn hint(&self, host: &str) -> Option<&'static str> {
        match self {
            Reachability::UnknownHost(_)
            | Reachability::Hangs(_)
            | Reachability::Refused(_)
            | Reachability::NoRoute(_) => Argo.hint(host),
            Reachability::Tls(why) if says(why, &["NotValidForName", "not valid for name"]) => {
                Some("The certificate is another host's: check the host of the URL, and where the connection goes.")
            }
            Reachability::Tls(why) if says(why, &["corrupt message", "InvalidContentType"]) => {
                Some("What answers does not speak TLS: check the port, or write http://.")
            }
            Reachability::Tls(_) => Some(
                "Are the system's CA certificates installed (package ca-certificates)? \
                 Else something between here and ARGO takes part in the TLS connection.",
            ),
            Reachability::NoSocket(..) => Some("Is the tunnel up, and may this user use its socket?"),
            Reachability::NotHttp(_) => Some("Is it the right port, and http where the port speaks no TLS?"),
            Reachability::Answers(300..=399) => Some("ARGO's paths end with a slash and redirect without it."),
            _ => None,
        }
    }
}

/// Returns a message about a TLS failure.
fn tls(why: &str) -> String {
    meaning(why).map_or_else(|| "TLS failed".to_owned(), |meaning| format!("TLS failed: {meaning}"))
}

fn says(why: &str, words: &[&str]) -> bool {
    words.iter().any(|word| why.contains(word))
}

impl fmt::Display for Reachability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reachability::Answers(405) => f.write_str("works (405 to a GET, as a POST route should)"),
            Reachability::Answers(status @ 200..=299) => write!(f, "works (answers {status})"),
            Reachability::Answers(status @ 300..=399) => {
                write!(f, "redirects ({status}): not the final URL")
            }
            Reachability::Answers(status @ (401 | 403)) => {
                write!(f, "reached, but access is denied from here ({status})")
            }
            Reachability::Answers(404) => f.write_str("reached, but there is no such path (404)"),
            Reachability::Answers(status @ 500..) => {
                write!(f, "reached, but it fails at the moment ({status})")
            }
            Reachability::Answers(status) => write!(f, "reached, but answers {status}"),
            Reachability::UnknownHost(why) => write!(f, "host name not found (DNS: {why})"),
            Reachability::Hangs(time) => {
                write!(f, "no answer to connecting within {} s (a firewall?)", time.as_secs_f64())
            }
            Reachability::Refused(address) => write!(f, "connection refused by {address}"),
            Reachability::NoSocket(path, why) => write!(f, "no connection to the socket {} ({why})", path.display()),
            Reachability::NotHttp(why) => write!(f, "connected, but what answers is not HTTP ({why})"),
            Reachability::NoRoute(why) => write!(f, "no route to it ({why})"),
            Reachability::Tls(why) => write!(f, "connected, but {} ({why})", tls(why)),
            Reachability::Silent(time) => {
                write!(f, "connected, but no answer within {} s", time.as_secs_f64())
            }
            Reachability::Broken(why) => write!(f, "failed ({why})"),
        }
    }
}

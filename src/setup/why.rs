//! Translates pingora's errors into reasons why a URL cannot be reached.

use super::reachability::Reachability;
use pingora::{Error, ErrorType};
use std::net::SocketAddr;
use std::time::Duration;

/// The start of a cause that is only an address. The real cause is then in pingora's sentence.
const OWN_ADDRESS: &str = "local address ";

/// Returns why there is no connection to an address. `connected` is true if the TCP connection was made.
pub(crate) fn connect_failure(error: &Error, address: SocketAddr, limit: Duration, connected: bool) -> Reachability {
    match error.etype() {
        // pingora reports both handshakes with this type. After a TCP connection it must be TLS's.
        ErrorType::ConnectTimedout if connected => {
            Reachability::Tls(format!("no answer to the handshake within {} s", limit.as_secs_f64()))
        }
        ErrorType::ConnectTimedout => Reachability::Hangs(limit),
        ErrorType::ConnectRefused => Reachability::Refused(address),
        ErrorType::ConnectNoRoute => Reachability::NoRoute(reason(error)),
        _ if connected => Reachability::Tls(reason(error)),
        _ => Reachability::Broken(reason(error)),
    }
}

/// Returns the innermost cause, without the sentences that pingora wraps around it.
pub(crate) fn reason(error: &Error) -> String {
    let mut inner = error;
    while let Some(cause) = inner.cause.as_ref().and_then(|cause| cause.downcast_ref::<Box<Error>>()) {
        inner = cause;
    }
    match (&inner.cause, &inner.context) {
        // For a failed handshake, pingora puts its own address into the cause, and the cause into its sentence.
        (Some(cause), Some(context)) if cause.to_string().starts_with(OWN_ADDRESS) => handshake(context.as_str()),
        (Some(cause), _) => cause.to_string(),
        (None, Some(context)) => handshake(context.as_str()),
        (None, None) => inner.etype().as_str().to_owned(),
    }
}

/// Returns the message of rustls inside pingora's sentence on a handshake. Any other sentence stays unchanged.
fn handshake(sentence: &str) -> String {
    let Some((rest, _)) = sentence.rsplit_once(", SNI: ") else { return sentence.to_owned() };
    rest.rsplit_once("cause: ").map_or(rest, |(_, cause)| cause).trim().to_owned()
}

/// Returns why a connection brought no answer.
pub(crate) fn unanswered(error: &Error) -> Reachability {
    match error.etype() {
        ErrorType::InvalidHTTPHeader | ErrorType::H1Error => Reachability::NotHttp(reason(error)),
        _ => Reachability::Broken(reason(error)),
    }
}

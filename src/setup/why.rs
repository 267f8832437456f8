//! What pingora's errors mean for whoever wants to know whether a URL can be reached.

use super::reachability::Reachability;
use pingora::{Error, ErrorType};
use std::net::SocketAddr;
use std::time::Duration;

/// What pingora puts in the place of a cause that its sentence has already.
const OWN_ADDRESS: &str = "local address ";

/// Returns why there is no connection to an address. `connected` is true when TCP got through.
pub(crate) fn connect_failure(error: &Error, address: SocketAddr, limit: Duration, connected: bool) -> Reachability {
    match error.etype() {
        // The same type for both handshakes: TCP's never got through, TLS's came after it had.
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

/// The innermost cause: pingora wraps it in sentences about itself.
pub(crate) fn reason(error: &Error) -> String {
    let mut inner = error;
    while let Some(cause) = inner.cause.as_ref().and_then(|cause| cause.downcast_ref::<Box<Error>>()) {
        inner = cause;
    }
    match (&inner.cause, &inner.context) {
        // For a failed handshake pingora gives its own address as the cause, and the cause in its sentence.
        (Some(cause), Some(context)) if cause.to_string().starts_with(OWN_ADDRESS) => handshake(context.as_str()),
        (Some(cause), _) => cause.to_string(),
        (None, Some(context)) => handshake(context.as_str()),
        (None, None) => inner.etype().as_str().to_owned(),
    }
}

/// What rustls says inside pingora's sentence on a handshake; any other sentence as it is.
fn handshake(sentence: &str) -> String {
    let Some((rest, _)) = sentence.rsplit_once(", SNI: ") else { return sentence.to_owned() };
    rest.rsplit_once("cause: ").map_or(rest, |(_, cause)| cause).trim().to_owned()
}

/// Why a connection brought no answer.
pub(crate) fn unanswered(error: &Error) -> Reachability {
    match error.etype() {
        ErrorType::InvalidHTTPHeader | ErrorType::H1Error => Reachability::NotHttp(reason(error)),
        _ => Reachability::Broken(reason(error)),
    }
}

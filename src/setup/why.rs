//! Translates pingora's errors into reasons why a URL cannot be reached.

use super::reachability::Reachability;
use crate::proxy::upstream::tls_failure::reason;
use pingora::{Error, ErrorType};
use std::net::SocketAddr;
use std::time::Duration;

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

/// Returns why a connection brought no answer.
pub(crate) fn unanswered(error: &Error) -> Reachability {
    match error.etype() {
        ErrorType::InvalidHTTPHeader | ErrorType::H1Error => Reachability::NotHttp(reason(error)),
        _ => Reachability::Broken(reason(error)),
    }
}

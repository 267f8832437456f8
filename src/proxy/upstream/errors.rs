//! What pingora's errors mean for the client.

use crate::proxy::connection::silence::TimeLimit;
use crate::proxy::upstream::call_state::{CallState, is_lost};
use crate::proxy::upstream::resolver::NAME_TIMEOUT;
use crate::proxy::upstream::tls_failure;
use crate::wire::Failure;
use http::StatusCode;
use pingora::{Error, ErrorSource, ErrorType};
use std::time::Instant;

/// An upstream's name that has no address.
pub const NO_ADDRESS: ErrorType = ErrorType::Custom("NoAddress");
/// The call's time was up before it was sent.
pub const TIME_UP: ErrorType = ErrorType::Custom("TimeUp");
/// The exchange has failed and its client knows; what the upstream still sends does not matter.
pub const OVER: ErrorType = ErrorType::Custom("Over");

/// Returns the failure to report to the client; `None` when the client is gone.
pub fn failure(e: &Error, call: Option<&CallState>) -> Option<Failure> {
    if let ErrorType::HTTPStatus(status) = e.etype() {
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let why = e.context.as_ref().map_or("the request cannot be served", |why| why.as_str());
        return Some(Failure::new(status, format!("The request was refused: {why}.")));
    }
    match (e.esource(), call) {
        (ErrorSource::Downstream, _) => from_client(e),
        (_, Some(call)) if call.lacks_body() => Some(unfinished(call)),
        (_, Some(call)) => Some(from_upstream(e, call)),
        (_, None) => Some(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The proxy could not serve this request.")),
    }
}

fn from_client(e: &Error) -> Option<Failure> {
    use ErrorType::{ConnectionClosed, ReadError, ReadTimedout, WriteError, WriteTimedout};
    match e.etype() {
        ConnectionClosed | ReadError | WriteError | WriteTimedout => None,
        ReadTimedout => Some(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "The request's body did not arrive in time (body_timeout of config.yaml).",
        )),
        _ => Some(Failure::bad_request("The request is not valid HTTP.")),
    }
}

/// The failure of a call that the upstream gave up while the client kept back the end of its body.
fn unfinished(call: &CallState) -> Failure {
    let (name, place) = (call.upstream.facts().name(), place(call));
    let message = format!("The end of the request's body did not arrive before {name} ({place}) gave the call up.");
    Failure::new(StatusCode::REQUEST_TIMEOUT, message)
}

fn from_upstream(e: &Error, call: &CallState) -> Failure {
    use ErrorType as E;
    if let Some(limit) = call.expired() {
        return silent(limit, call, Instant::now());
    }
    let name = call.upstream.facts().name();
    let place = place(call);
    let unreachable = |status: StatusCode, what: &str| {
        Failure::new(status, format!("{name} ({place}) {what}. {}", remedy(call))).with_code("upstream_unreachable")
    };
    match e.etype() {
        E::ConnectTimedout | E::TLSHandshakeTimedout => {
            unreachable(StatusCode::GATEWAY_TIMEOUT, &format!("could not be reached in time: {}", limit(call)))
        }
        etype if *etype == NAME_TIMEOUT => {
            let what = "could not be reached: DNS did not resolve its name in time";
            let then = "The look-up goes on, and later calls use its result";
            unreachable(StatusCode::GATEWAY_TIMEOUT, &format!("{what}: {}. {then}", limit(call)))
        }
        E::ConnectRefused => unreachable(StatusCode::BAD_GATEWAY, "refuses the connection"),
        E::ConnectNoRoute => unreachable(StatusCode::BAD_GATEWAY, "cannot be reached: there is no route to it"),
        E::TLSHandshakeFailure | E::InvalidCert | E::HandshakeError => {
            let reason = tls_failure::reason(e);
            let meaning = tls_failure::meaning(&reason).map(|meaning| format!("{meaning}: ")).unwrap_or_default();
            let what = format!("cannot be reached: the TLS handshake failed ({meaning}{reason})");
            let remedy = ". SSL_CERT_FILE, or tls.ca of the upstream, can name the authorities to trust";
            let remedy = if tls_failure::is_untrusted(&reason) { remedy } else { "" };
            unreachable(StatusCode::BAD_GATEWAY, &format!("{what}{remedy}"))
        }
        E::ConnectError | E::SocketError | E::BindError => unreachable(StatusCode::BAD_GATEWAY, "cannot be reached"),
        // pingora reports so what the system forbids, such as a socket that belongs to another user.
        E::InternalError if call.sent_at.is_none() => unreachable(StatusCode::BAD_GATEWAY, "cannot be connected to"),
        etype if *etype == NO_ADDRESS => {
            let why = e.cause.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            unreachable(StatusCode::BAD_GATEWAY, &format!("has no address: DNS cannot resolve its name{why}"))
        }
        etype if *etype == TIME_UP => Failure::timeout(timed_out(call, Instant::now())),
        E::ReadTimedout | E::WriteTimedout => Failure::timeout(timed_out(call, Instant::now())),
        E::ConnectionClosed | E::ReadError | E::WriteError if is_lost(e) => Failure::upstream(format!(
            "The connection to {name} ({place}) was lost: nothing came back, not even an acknowledgement. \
             This happens when a network or VPN is connected anew; the next call makes a new connection."
        )),
        E::ConnectionClosed | E::ReadError | E::WriteError => {
            Failure::upstream(format!("{name} ({place}) closed the connection before its answer was complete."))
        }
        E::InvalidHTTPHeader | E::H1Error => Failure::upstream(format!("{name} ({place}) answered what is not HTTP.")),
        _ => Failure::upstream(format!("The call to {name} ({place}) failed.")),
    }
}

/// Returns how long connecting may take, and who says so.
fn limit(call: &CallState) -> String {
    let by = call.connecting.set_by(&call.upstream, &call.deadline);
    format!("{} s ({by})", call.connecting.limit.as_secs_f64())
}

/// Returns an error's cause for the log. pingora quotes what it could not read, which may be keys and texts: that stays out.
pub fn cause(e: &Error) -> String {
    match e.etype() {
        etype @ (ErrorType::InvalidHTTPHeader | ErrorType::H1Error | ErrorType::H2Error) => etype.as_str().to_owned(),
        _ => e.to_string(),
    }
}

fn place(call: &CallState) -> String {
    let (host, port) = (&call.endpoint.host, call.endpoint.port);
    match &call.upstream.connect_to {
        Some(elsewhere) => format!("{host}:{port} by way of {elsewhere}"),
        None => format!("{host}:{port}"),
    }
}

/// Returns what to do about an upstream that cannot be reached.
fn remedy(call: &CallState) -> String {
    if call.upstream.connect_to.is_some() {
        return format!("Is the tunnel up? The way is set by upstreams.{}.connect_to.", call.upstream.name);
    }
    let hint = call.upstream.facts().hint(&call.endpoint.host).map(|hint| format!("{hint} ")).unwrap_or_default();
    let others = match call.failover.tried() {
        0 | 1 => String::new(),
        tried => format!(" It was the last of {tried} URLs that were tried."),
    };
    format!("{hint}The address is set by {}.{others}", call.endpoint.setting)
}

/// Returns the message for a client whose time is up.
pub fn timed_out(call: &CallState, now: Instant) -> String {
    call.deadline.message(call.upstream.facts().name(), &call.endpoint.host, now)
}

/// Returns the failure of a call that took too long.
pub fn silent(limit: TimeLimit, call: &CallState, now: Instant) -> Failure {
    let (host, name) = (&call.endpoint.host, &call.upstream.name);
    let upstream = call.upstream.facts().name();
    let (what, time, key) = match limit {
        TimeLimit::FirstByte(time) => ("did not begin to answer within", time, "first_byte_timeout"),
        TimeLimit::Idle(time) => ("fell silent in the middle of its answer for", time, "idle_timeout"),
        TimeLimit::Deadline => return Failure::timeout(timed_out(call, now)),
    };
    Failure::timeout(format!(
        "{upstream} ({host}) {what} {} s (upstreams.{name}.{key} of the table).",
        time.as_secs_f64()
    ))
}

/// The error of a hook that finds no call. It cannot happen: pingora calls these hooks only after a call was prepared.
pub fn no_call() -> Box<Error> {
    Error::explain(ErrorType::InternalError, "no call was opened")
}

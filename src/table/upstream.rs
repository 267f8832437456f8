//! An upstream of the table: where calls go, how connections to it are made, and what goes along.

use crate::diagnostics::Place;
use crate::dialects::upstream::{Dialect, UpstreamDialect};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::os::unix::net::SocketAddr as UnixAddr;
use std::sync::Arc;
use std::time::Duration;

/// What a connection is made to.
#[derive(Debug, Clone)]
pub enum Connect {
    /// A name that is resolved when it is needed, and a port.
    Name(String, u16),
    /// An address.
    Address(SocketAddr),
    /// A Unix socket with a path.
    Unix(UnixAddr),
}

/// One URL of an upstream.
#[derive(Debug)]
pub struct Endpoint {
    /// Its number in the table, from 0 in the order of [`super::Table::endpoints`].
    pub number: usize,
    /// The URL as configured.
    pub url: Arc<str>,
    /// The setting that holds it: a key of `config.yaml`, or its place in the table.
    pub setting: Arc<str>,
    /// Where it stands in the table.
    pub place: Place,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The host's name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// `Host` of the request.
    pub authority: HeaderValue,
    /// Path and query of the request.
    pub path: PathAndQuery,
    /// Where connections go: the host, unless `connect_to` says otherwise.
    pub connect: Connect,
}

/// The URLs for one kind of call, at least one, in the order in which they are tried.
#[derive(Debug, Clone)]
pub struct Endpoints {
    first: Arc<Endpoint>,
    others: Arc<[Arc<Endpoint>]>,
}

impl Endpoints {
    /// `first`, and those after it.
    pub fn new(first: Arc<Endpoint>, others: Vec<Arc<Endpoint>>) -> Self {
        Endpoints { first, others: others.into() }
    }

    /// The one that is tried first when all of them answer.
    pub fn first(&self) -> &Arc<Endpoint> {
        &self.first
    }

    /// All of them in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        std::iter::once(&self.first).chain(self.others.iter())
    }
}

/// A header that goes along with every call.
#[derive(Debug, Clone)]
pub struct Header {
    /// Its name.
    pub name: HeaderName,
    /// Its value; marked sensitive when a variable of the environment is part of it.
    pub value: HeaderValue,
    /// The value as it may be shown: `***` in the place of such variables.
    pub shown: String,
}

/// The time limits of an upstream's own; `None` where it has none.
#[derive(Debug, Clone, Copy, Default)]
pub struct UpstreamTimeouts {
    /// The longest that connecting may take, name and TLS included.
    pub connect: Option<Duration>,
    /// The longest until the answer begins, from the moment when the connection stands.
    pub first_byte: Option<Duration>,
    /// The longest silence between two pieces of an answer.
    pub idle: Option<Duration>,
    /// How long an unused connection is kept.
    pub keep: Option<Duration>,
}

impl UpstreamTimeouts {
    /// Whether reads of one call have different limits.
    pub fn is_watched(&self) -> bool {
        self.first_byte.is_some() || self.idle.is_some()
    }
}

/// What a URL may do before others are tried before it, where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// How many calls in a row may fail.
    pub failures: NonZeroU32,
    /// How long it is tried last at first; each time that it fails again, twice as long.
    pub open_for: Duration,
}

impl Default for Tolerance {
    fn default() -> Self {
        Tolerance { failures: NonZeroU32::MIN.saturating_add(2), open_for: Duration::from_secs(10) }
    }
}

/// A client certificate.
#[derive(Clone)]
pub struct Identity {
    /// The certificate and those between it and its authority, in DER.
    pub chain: Vec<Vec<u8>>,
    /// Its key, in DER.
    pub key: Vec<u8>,
}

/// How TLS is spoken.
#[derive(Clone)]
pub struct Tls {
    /// Whether the upstream's certificate is checked.
    pub verify: bool,
    /// The authorities to trust, in DER; the system's when there are none.
    pub authorities: Vec<Vec<u8>>,
    /// Who the proxy is.
    pub identity: Option<Identity>,
}

impl Default for Tls {
    fn default() -> Self {
        Tls { verify: true, authorities: Vec::new(), identity: None }
    }
}

/// An upstream of the table.
#[derive(Clone)]
pub struct Upstream {
    /// Its name in the table.
    pub name: String,
    /// Made of its name and all that connections depend on: those with another group are never shared.
    pub group: u64,
    /// Where whole calls go.
    pub whole: Endpoints,
    /// Where streamed calls go.
    pub stream: Option<Endpoints>,
    /// Where it lists its models, for whoever compares them with the table's.
    pub listing: Option<Arc<Endpoint>>,
    /// How it speaks.
    pub dialect: Dialect,
    /// Where connections go instead of the URLs' hosts, as it is written.
    pub connect_to: Option<String>,
    /// What goes along with every call.
    pub headers: Arc<[Header]>,
    /// Its time limits.
    pub timeouts: UpstreamTimeouts,
    /// What its URLs may do before others are tried before them.
    pub tolerance: Tolerance,
    /// How TLS is spoken.
    pub tls: Tls,
}

impl Upstream {
    /// What its dialect says of it: its name in messages, its hint, what it accepts.
    pub fn facts(&self) -> &'static dyn UpstreamDialect {
        self.dialect.facts()
    }

    /// All its URLs: those of whole calls, those of streamed ones, the one of the list of models.
    pub fn endpoints(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.whole.iter().chain(self.stream.iter().flat_map(Endpoints::iter)).chain(&self.listing)
    }

    /// Its limits with the names of the keys that set them.
    pub fn limits(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        let UpstreamTimeouts { connect, first_byte, idle, keep } = self.timeouts;
        let all = [
            ("connect_timeout", connect),
            ("first_byte_timeout", first_byte),
            ("idle_timeout", idle),
            ("keep_connections", keep),
        ];
        all.into_iter().filter_map(|(key, limit)| Some((key, limit?)))
    }
}

//! An upstream of the table: where calls go, how connections are made, and which headers go along.

use crate::diagnostics::Place;
use crate::dialects::upstream::{Dialect, UpstreamDialect};
use crate::models::ServedModels;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, header};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::os::unix::net::SocketAddr as UnixAddr;
use std::sync::Arc;
use std::time::Duration;

/// The target of a connection.
#[derive(Debug, Clone)]
pub enum Connect {
    /// A host name, resolved when needed, and a port.
    Name(String, u16),
    /// An address.
    Address(SocketAddr),
    /// A Unix socket with a path.
    Unix(UnixAddr),
}

/// One URL of an upstream.
#[derive(Debug)]
pub struct Endpoint {
    /// The URL's number in the table, from 0, in the order of [`super::Table::endpoints`].
    pub number: usize,
    /// The URL as configured.
    pub url: Arc<str>,
    /// The setting that holds the URL: a key of `config.yaml`, or its key in the table.
    pub setting: Arc<str>,
    /// The place of the URL in the table.
    pub place: Place,
    /// True if connections use TLS.
    pub tls: bool,
    /// The host's name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The `Host` header of the request.
    pub authority: HeaderValue,
    /// The path and query of the request.
    pub path: PathAndQuery,
    /// The target of connections: the host, or `connect_to` where that is set.
    pub connect: Connect,
}

/// The URLs for one kind of call, in the order in which they are tried. There is at least one.
#[derive(Debug, Clone)]
pub struct Endpoints {
    first: Arc<Endpoint>,
    others: Arc<[Arc<Endpoint>]>,
}

impl Endpoints {
    /// Creates the list from `first` and the URLs after it.
    pub fn new(first: Arc<Endpoint>, others: Vec<Arc<Endpoint>>) -> Self {
        Endpoints { first, others: others.into() }
    }

    /// Returns the URL that is tried first when none is failing.
    pub fn first(&self) -> &Arc<Endpoint> {
        &self.first
    }

    /// Returns all URLs in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        std::iter::once(&self.first).chain(self.others.iter())
    }
}

/// A header that goes along with every call.
#[derive(Debug, Clone)]
pub struct Header {
    /// The header's name.
    pub name: HeaderName,
    /// The header's value. It is marked sensitive when it contains an environment variable.
    pub value: HeaderValue,
    /// The value for display, with `***` in place of such variables.
    pub shown: String,
}

/// The time limits of one upstream; `None` where it sets none.
#[derive(Debug, Clone, Copy, Default)]
pub struct UpstreamTimeouts {
    /// The time limit for connecting, name lookup and TLS included.
    pub connect: Option<Duration>,
    /// The time limit from the open connection to the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// The time limit between two pieces of an answer.
    pub idle: Option<Duration>,
    /// How long to keep an unused connection.
    pub keep: Option<Duration>,
}

impl UpstreamTimeouts {
    /// Returns true if the reads of one call have different limits.
    pub fn is_watched(&self) -> bool {
        self.first_byte.is_some() || self.idle.is_some()
    }
}

/// When a URL of a multi-URL upstream counts as failing and is tried last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// How many calls in a row must fail.
    pub failures: NonZeroU32,
    /// How long the URL is tried last at first. The time doubles each time that it fails again.
    pub open_for: Duration,
}

impl Default for Tolerance {
    fn default() -> Self {
        Tolerance { failures: NonZeroU32::MIN.saturating_add(2), open_for: Duration::from_secs(10) }
    }
}

/// How the user that a call is made for is told to an upstream, outside the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// As a Bearer.
    Bearer,
    /// As `X-Api-Key`.
    XApiKey,
    /// Not at all.
    None,
}

impl CredentialKind {
    /// Returns the header that it goes in.
    pub fn header_name(self) -> Option<HeaderName> {
        match self {
            CredentialKind::Bearer => Some(header::AUTHORIZATION),
            CredentialKind::XApiKey => Some(HeaderName::from_static("x-api-key")),
            CredentialKind::None => None,
        }
    }

    /// Returns the header of a call for `user`; `None` if the name of the user cannot be in a header.
    pub fn header(self, user: &str) -> Option<(HeaderName, HeaderValue)> {
        let value = match self {
            CredentialKind::Bearer => HeaderValue::try_from(format!("Bearer {user}")),
            CredentialKind::XApiKey => HeaderValue::from_str(user),
            CredentialKind::None => return None,
        };
        Some((self.header_name()?, value.ok()?))
    }
}

/// A client certificate.
#[derive(Clone)]
pub struct Identity {
    /// The certificate and its intermediate certificates, in DER.
    pub chain: Vec<Vec<u8>>,
    /// The private key, in DER.
    pub key: Vec<u8>,
}

/// The TLS settings.
#[derive(Clone)]
pub struct Tls {
    /// True if the upstream's certificate is checked.
    pub verify: bool,
    /// The authorities to trust, in DER. If empty, the system's authorities are trusted.
    pub authorities: Vec<Vec<u8>>,
    /// The client certificate of the proxy.
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
    /// The upstream's name in the table.
    pub name: String,
    /// A hash of the name and all connection settings. Connections of different groups are never shared.
    pub group: u64,
    /// The URLs for calls with a whole answer.
    pub whole: Endpoints,
    /// The URLs for calls with a streamed answer.
    pub stream: Option<Endpoints>,
    /// The URL that lists the upstream's models, used to compare them with the table's.
    pub listing: Option<Arc<Endpoint>>,
    /// The dialect of the upstream.
    pub dialect: Dialect,
    /// The models that it serves.
    pub serves: ServedModels,
    /// How it is told whom a call is for.
    pub credential: CredentialKind,
    /// The target of connections in place of the URLs' hosts, as written.
    pub connect_to: Option<String>,
    /// The headers that go along with every call.
    pub headers: Arc<[Header]>,
    /// The time limits.
    pub timeouts: UpstreamTimeouts,
    /// When its URLs count as failing and are tried last.
    pub tolerance: Tolerance,
    /// The TLS settings.
    pub tls: Tls,
}

impl Upstream {
    /// Returns the facts of its dialect: its name in messages, its hint, and what it accepts.
    pub fn facts(&self) -> &'static dyn UpstreamDialect {
        self.dialect.facts()
    }

    /// Returns all URLs: those of whole calls, those of streamed calls, and that of the model list.
    pub fn endpoints(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.whole.iter().chain(self.stream.iter().flat_map(Endpoints::iter)).chain(&self.listing)
    }

    /// Returns the time limits that are set, each with the name of its key.
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

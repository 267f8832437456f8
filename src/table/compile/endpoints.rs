//! Compiles the URLs of an upstream, and where connections to them go.

use super::expansion::expanded;
use crate::diagnostics::Place;
use crate::dialects::upstream::UpstreamDialect;
use crate::table::raw::{self, Urls};
use crate::table::{Connect, Endpoint, Endpoints, Variables};
use crate::wire::{HttpUrl, UrlFault};
use crate::yaml::{At, PathStep, Source};
use http::HeaderValue;
use http::uri::{Authority, PathAndQuery};
use std::cell::Cell;
use std::net::IpAddr;
use std::os::unix::net::SocketAddr as UnixAddr;
use std::sync::Arc;

/// At most this many URLs are tried for one call.
pub const MOST_URLS: usize = 8;
const UNIX: &str = "unix:";

/// The settings that all URLs of an upstream share.
#[derive(Clone, Copy)]
pub struct Common<'a> {
    /// The dialect of the upstream; `None` when its name was refused.
    pub dialect: Option<&'a dyn UpstreamDialect>,
    /// The value of `connect_to`: where connections go instead of the URLs' hosts.
    pub connect_to: Option<&'a Connect>,
    /// Counts the URLs of the table.
    pub numbers: &'a Cell<usize>,
}

/// Compiles `url` or `stream_url`; `None` when one of the URLs is wrong.
pub fn compile(
    row: &raw::Upstream,
    key: &str,
    urls: &Urls,
    common: Common<'_>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Option<Endpoints> {
    let Common { dialect, connect_to, numbers } = common;
    let name = format!("upstreams.{}.{key}", row.name.value);
    is_right_number(&name, urls, connect_to.is_some(), source)?;
    let mut list: Vec<Arc<Endpoint>> = Vec::new();
    for url in &urls.value {
        let setting = match url.path.last() {
            Some(PathStep::Item(index)) => format!("{name}[{index}]"),
            _ => name.clone(),
        };
        let Some(mut endpoint) = endpoint(&setting, url, connect_to, source, variables) else { continue };
        endpoint.number = numbers.replace(numbers.get() + 1);
        // A URL that is one variable comes from config.yaml, and the check of that file warns about it.
        let own = !(url.value.starts_with("${") && url.value.ends_with('}'));
        let redirects =
            dialect.filter(|dialect| dialect.needs_final_slash(&endpoint.host)).map(|dialect| dialect.name());
        if let Some(upstream) = redirects.filter(|_| own && !endpoint.url.ends_with('/')) {
            let message =
                format!("{setting}: no final slash, and {upstream} redirects such paths instead of answering");
            source.warn(&url.path, message, Some(format!("write {}/", url.value)));
        }
        if list.iter().any(|known| known.url == endpoint.url) {
            let message = format!("{setting}: this URL stands twice, and trying it again helps nobody");
            source.error(&url.path, message, Some("keep one of the two".to_owned()));
        }
        list.push(Arc::new(endpoint));
    }
    let complete = list.len() == urls.value.len();
    let mut list = list.into_iter();
    let first = list.next().filter(|_| complete)?;
    Some(Endpoints::new(first, list.collect()))
}

/// Compiles `url` and `stream_url`. Without the latter, streamed calls go to the same URLs, if the dialect streams there.
pub fn both(
    row: &raw::Upstream,
    common: Common<'_>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> (Option<Endpoints>, Option<Option<Endpoints>>) {
    let mut urls = |key: &str, urls: &Urls| compile(row, key, urls, common, source, variables);
    let whole = row.url.as_ref().and_then(|written| urls("url", written));
    let stream = match (&row.stream_url, common.dialect.filter(|dialect| dialect.streams_at_url())) {
        (Some(written), _) => Some(urls("stream_url", written)),
        // Numbered anew. What is wrong with them is reported already.
        (None, Some(_)) => row.url.as_ref().filter(|_| whole.is_some()).map(|written| urls("url", written)),
        (None, None) => None,
    };
    (whole, stream)
}

/// Compiles `models_url`; `None` when it is wrong. Unlike the URLs of calls, it needs no final slash.
pub fn listing(
    row: &raw::Upstream,
    url: &At<String>,
    common: Common<'_>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Option<Arc<Endpoint>> {
    let Common { connect_to, numbers, .. } = common;
    let setting = format!("upstreams.{}.models_url", row.name.value);
    let mut endpoint = endpoint(&setting, url, connect_to, source, variables)?;
    endpoint.number = numbers.replace(numbers.get() + 1);
    Some(Arc::new(endpoint))
}

fn is_right_number(name: &str, urls: &Urls, elsewhere: bool, source: &mut Source<'_>) -> Option<()> {
    let (message, help) = match urls.value.len() {
        0 => (format!("{name}: it names no URL"), "name one, or several in the order in which they are tried"),
        1 => return Some(()),
        2..=MOST_URLS if !elsewhere => return Some(()),
        2..=MOST_URLS => (
            format!("{name}: `connect_to` sends all of these URLs to one place, so that the others are never needed"),
            "keep one URL, or remove `connect_to`",
        ),
        _ => (format!("{name}: more than {MOST_URLS} URLs"), "keep those that matter"),
    };
    source.error(&urls.path, message, Some(help.to_owned()));
    None
}

/// Reads `connect_to`. Returns its text and the parsed target.
pub fn connect_to(
    row: &raw::Upstream,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Option<(String, Connect)> {
    let written = row.connect_to.as_ref()?;
    let setting = format!("upstreams.{}.connect_to", row.name.value);
    let text = expanded(&setting, written, source, variables)?.text;
    match place(&text) {
        Ok(place) => Some((text, place)),
        Err(why) => {
            let help = "write host:port, such as localhost:8443, or unix:/path/to.sock".to_owned();
            source.error(&written.path, format!("{setting}: {text:?} is no place to connect to: {why}"), Some(help));
            None
        }
    }
}

fn place(text: &str) -> Result<Connect, String> {
    if let Some(path) = text.strip_prefix(UNIX) {
        if !path.starts_with('/') {
            return Err("the path of a socket must begin with a slash".to_owned());
        }
        return UnixAddr::from_pathname(path).map(Connect::Unix).map_err(|e| e.to_string());
    }
    if text.contains("://") || text.contains(['/', '@']) {
        return Err("it must be a host and a port alone".to_owned());
    }
    let authority: Authority = text.parse().map_err(|e| format!("{e}"))?;
    let port = authority.port_u16().filter(|port| *port > 0).ok_or("it needs a port from 1 to 65535")?;
    match bare(&authority) {
        "" => Err("it needs a host".to_owned()),
        host => Ok(to_host(host, port)),
    }
}

fn bare(authority: &Authority) -> &str {
    authority.host().trim_start_matches('[').trim_end_matches(']')
}

fn to_host(host: &str, port: u16) -> Connect {
    match host.parse::<IpAddr>() {
        Ok(ip) => Connect::Address((ip, port).into()),
        Err(_) => Connect::Name(host.to_owned(), port),
    }
}

fn endpoint(
    setting: &str,
    written: &At<String>,
    connect_to: Option<&Connect>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Option<Endpoint> {
    let expanded = expanded(setting, written, source, variables)?;
    let setting_of_value = expanded.from.unwrap_or(setting).to_owned();
    match parse(expanded.text, setting_of_value, source.place(&written.path), connect_to) {
        Ok(endpoint) => Some(endpoint),
        Err(message) => {
            let help = "write it whole: https://host/path/".to_owned();
            source.error(&written.path, format!("{setting}: {message}"), Some(help));
            None
        }
    }
}

fn parse(text: String, setting: String, place: Place, connect_to: Option<&Connect>) -> Result<Endpoint, String> {
    let wrong = |why: &str| format!("{text:?} is no URL that can be called: {why}");
    let url = HttpUrl::parse(&text).map_err(|fault| wrong(words(fault)))?;
    Ok(Endpoint {
        number: 0,
        tls: url.tls(),
        port: url.port(),
        authority: HeaderValue::from_str(url.authority()).map_err(|e| wrong(&e.to_string()))?,
        path: PathAndQuery::try_from(url.path()).map_err(|e| wrong(&e.to_string()))?,
        connect: connect_to.cloned().unwrap_or_else(|| to_host(url.host(), url.port())),
        setting: setting.into(),
        place,
        host: url.host().to_owned(),
        url: text.into(),
    })
}

fn words(fault: UrlFault) -> &'static str {
    match fault {
        UrlFault::NoAuthority | UrlFault::Scheme => "it must begin with http:// or https://",
        UrlFault::NoHost => "it names no host",
        UrlFault::User => "it must not hold a user or password",
        UrlFault::Port => "its port must be from 1 to 65535",
        UrlFault::Ipv6 | UrlFault::Host => "its host is no name and no address",
        UrlFault::Character(_) => "invalid uri character",
    }
}

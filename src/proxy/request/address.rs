//! The address by which the client reaches the proxy, for pages that tell people what to configure.

use crate::access::Guard;
use crate::plan::Address;
use http::{HeaderMap, HeaderName, header};
use pingora_proxy::Session;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// How a request came, as far as its address depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrival {
    /// True if the connection speaks TLS.
    pub is_tls: bool,
    /// True if the connection comes from this machine, where a reverse proxy may run.
    pub is_local: bool,
}

/// Returns the address. What a reverse proxy says of it (`X-Forwarded-…`) counts if the connection comes from this machine, or if
/// the name is one of `hosts` in config.yaml. Others could only show themselves a wrong address, but the page would look like ours.
pub fn of<'a>(headers: &'a HeaderMap, arrival: Arrival, guard: &Guard) -> Address<'a> {
    let own = first(headers, &header::HOST).unwrap_or("localhost");
    let reached = Address { scheme: if arrival.is_tls { "https" } else { "http" }, host: own };
    let outer = first(headers, &FORWARDED_HOST).filter(|host| is_authority(host));
    let scheme = first(headers, &FORWARDED_PROTO).and_then(scheme);
    if outer.is_none() && scheme.is_none() {
        return reached;
    }
    let host = outer.unwrap_or(own);
    let is_believed = arrival.is_local || guard.hosts.names_host(host);
    if is_believed { Address { scheme: scheme.unwrap_or(reached.scheme), host } } else { reached }
}

/// Returns the first item of a header: each reverse proxy on the way may have added one, the outermost first.
fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()?.split(',').next().map(str::trim)
}

fn scheme(text: &str) -> Option<&'static str> {
    ["http", "https"].into_iter().find(|known| text.eq_ignore_ascii_case(known))
}

/// Returns true for what can stand before the path of a URL.
fn is_authority(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    !text.is_empty() && text.bytes().all(plain)
}

/// Returns how the request came. A Unix socket is this machine's.
pub fn arrival(session: &Session) -> Arrival {
    let is_tls = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
    let peer = session.client_addr().and_then(|address| address.as_inet());
    Arrival { is_tls, is_local: peer.is_none_or(|peer| peer.ip().to_canonical().is_loopback()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Hosts;
    use http::HeaderValue;

    fn told(list: &[(&'static str, &str)], is_tls: bool, is_local: bool) -> String {
        let guard = Guard { hosts: Hosts::new(["argo.lab"]), is_local: false };
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        of(&list.iter().map(header).collect(), Arrival { is_tls, is_local }, &guard).to_string()
    }

    #[test]
    fn the_outer_address_is_told_where_it_can_be_believed() {
        let plain = [("host", "127.0.0.1:8080")];
        assert_eq!(told(&plain, false, true), "http://127.0.0.1:8080");
        assert_eq!(told(&plain, true, false), "https://127.0.0.1:8080");
        assert_eq!(told(&[], false, false), "http://localhost");
        let outer =
            |host| [("host", "127.0.0.1:8080"), ("x-forwarded-host", host), ("x-forwarded-proto", "https, http")];
        assert_eq!(told(&outer("proxy.example.org, inner"), false, true), "https://proxy.example.org");
        assert_eq!(told(&outer("proxy.example.org"), false, false), "http://127.0.0.1:8080");
        assert_eq!(told(&outer("argo.lab:8443"), false, false), "https://argo.lab:8443");
        assert_eq!(told(&outer("evil.example/\"><script>"), false, true), "https://127.0.0.1:8080");
        // nginx with `proxy_set_header Host $host` passes the name on as it came.
        let same_host = [("host", "argo.lab"), ("x-forwarded-proto", "https")];
        assert_eq!(
            (told(&same_host, false, false), told(&same_host, false, true)),
            ("https://argo.lab".into(), "https://argo.lab".into())
        );
        assert_eq!(told(&[("host", "a"), ("x-forwarded-proto", "javascript")], false, true), "http://a");
    }
}

//! Upstream URLs in a configuration. Each has a valid host, and neither query nor fragment.

use super::host::Host;
use crate::wire::{HttpUrl, UrlFault};
use std::net::Ipv6Addr;

/// Reads a URL.
///
/// # Errors
/// A message for the person who wrote the URL.
pub fn parse_url(text: &str) -> Result<HttpUrl, String> {
    let wrong = |why: &str| format!("{why}, found {text:?}");
    let url = HttpUrl::parse(text).map_err(|fault| wrong(&words(fault)))?;
    if url.has_query_or_fragment() {
        return Err(wrong("expected a URL without query (?) and fragment (#)"));
    }
    if url.authority().ends_with(':') {
        return Err(wrong(&words(UrlFault::Port)));
    }
    match Host::parse(url.host()) {
        Ok(_) => Ok(url),
        Err(_) => Err(wrong(&words(UrlFault::Host))),
    }
}

/// Where ARGO's own paths begin in the sample's URLs.
const BASE_END: &str = "/argoapi/";

/// Returns the URL below `base` that a URL of the sample is below its own base.
pub(super) fn below(base: &HttpUrl, sample: &HttpUrl) -> Option<HttpUrl> {
    let (_, path) = sample.as_str().split_once(BASE_END)?;
    parse_url(&format!("{}/{path}", base.as_str().trim_end_matches('/'))).ok()
}

/// Returns the base that ARGO's URL is below.
pub fn base_of(url: &HttpUrl) -> Option<HttpUrl> {
    let (front, _) = url.as_str().split_once(BASE_END)?;
    parse_url(&format!("{front}{}", BASE_END.trim_end_matches('/'))).ok()
}

fn words(fault: UrlFault) -> String {
    match fault {
        UrlFault::NoAuthority | UrlFault::Scheme => "expected a URL that starts with https:// or http://".to_owned(),
        UrlFault::NoHost | UrlFault::Ipv6 | UrlFault::Host => "expected a URL with a host after ://".to_owned(),
        UrlFault::User => "expected a URL without a user name".to_owned(),
        UrlFault::Port => "expected a port from 1 to 65535 after the host".to_owned(),
        UrlFault::Character(c) => format!("expected a URL without {c:?}"),
    }
}

/// Splits `host:port`. The colons of a bracketed IPv6 address are part of the host.
pub(super) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Reads a host from a URL. An IPv6 address without brackets is refused.
pub(super) fn parse_url_host(text: &str) -> Result<Host, String> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err("an IPv6 address needs brackets here".to_owned());
    }
    Host::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_come_apart() {
        let url = parse_url("https://apps.inside.anl.gov/argoapi/chat/").unwrap();
        assert_eq!(
            (url.tls(), url.host(), url.port(), url.path()),
            (true, "apps.inside.anl.gov", 443, "/argoapi/chat/")
        );
        assert_eq!(url.authority(), "apps.inside.anl.gov");
        assert!(url.ends_with_slash());

        let url = parse_url("HTTP://[::1]:8080").unwrap();
        assert_eq!((url.tls(), url.host(), url.port(), url.path()), (false, "::1", 8080, "/"));
        assert_eq!(url.authority(), "[::1]:8080");
        assert!(!url.ends_with_slash());
    }

    #[test]
    fn bad_urls_say_why() {
        for (text, why) in [
            ("", "starts with https://"),
            ("apps.inside.anl.gov/chat/", "starts with https://"),
            ("ftp://x/", "starts with https://"),
            ("https://", "with a host"),
            ("https:///chat/", "with a host"),
            ("https://a b/", "without ' '"),
            ("https://x/é", "without 'é'"),
            ("https://x/?a=1", "without query"),
            ("https://x/#a", "without query"),
            ("https://me@x/", "without a user name"),
            ("https://x:0/", "port from 1"),
            ("https://x:99999/", "port from 1"),
            ("https://x:/", "port from 1"),
            ("https://::1/", "with a host"),
        ] {
            let message = parse_url(text).unwrap_err();
            assert!(message.contains(why), "{text}: {message}");
        }
    }
}

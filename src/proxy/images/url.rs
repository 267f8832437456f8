//! The URL of an image, and the URL that a redirect leads to.

use crate::wire::{HttpUrl, UrlFault};

/// Parses the URL of an image.
///
/// # Errors
/// The mistake, as the end of a sentence. It contains no part of the URL.
pub fn parse(url: &str) -> Result<HttpUrl, &'static str> {
    HttpUrl::parse_lenient(url).map_err(words)
}

/// Resolves a `Location` against the URL that it came from.
///
/// # Errors
/// As for [`parse`].
pub fn join(from: &HttpUrl, location: &str) -> Result<HttpUrl, &'static str> {
    from.join(location).map_err(words)
}

fn words(fault: UrlFault) -> &'static str {
    match fault {
        UrlFault::NoAuthority => "it needs // and a host after its scheme",
        UrlFault::Scheme => "only http and https are fetched",
        UrlFault::NoHost => "it has no host",
        UrlFault::User => "a URL with a user name or password is not fetched",
        UrlFault::Port => "its port is none",
        UrlFault::Ipv6 => "its host is no IPv6 address",
        UrlFault::Character(c) if !c.is_ascii() => "its host has to be written in ASCII (xn--…)",
        UrlFault::Host | UrlFault::Character(_) => "its host is no name and no address",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &HttpUrl) -> String {
        let scheme = if url.tls() { "https" } else { "http" };
        format!("{scheme} {}:{} {} {}", url.host(), url.port(), url.authority(), url.path())
    }

    #[test]
    fn urls_come_apart() {
        for (url, expected) in [
            ("https://A.Test", "https a.test:443 a.test /"),
            ("HTTP://a.test:8080/b/c?d=/e#f", "http a.test:8080 a.test:8080 /b/c?d=/e"),
            ("https://a.test.:443?q", "https a.test:443 a.test /?q"),
            ("http://[::FFFF:7f00:1]:81/", "http ::ffff:127.0.0.1:81 [::ffff:127.0.0.1]:81 /"),
            ("http://10.0.0.1/", "http 10.0.0.1:80 10.0.0.1 /"),
            ("http://0x7f.1/é a\\\"%20\r\n", "http 0x7f.1:80 0x7f.1 /%C3%A9%20a%5C%22%20%0D%0A"),
            ("http://a\\@b/", "http a:80 a /%5C@b/"),
        ] {
            assert_eq!(shown(&parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn odd_urls_say_why() {
        for (url, why) in [
            ("http:/a", "// and a host"),
            ("ftp://a/", "only http"),
            ("http:///a", "no host"),
            ("http://me:secret@a/", "user name"),
            ("http://a:0/", "port"),
            ("http://a:99999/", "port"),
            ("http://a:+1/", "port"),
            ("http://[::1/", "no name"),
            ("http://[a]/", "IPv6"),
            ("http://ü.test/", "ASCII"),
            ("http://a b/", "no name"),
            ("http://a%2eb/", "no name"),
        ] {
            let told = parse(url).unwrap_err();
            assert!(told.contains(why), "{url}: {told}");
        }
    }

    #[test]
    fn redirects_lead_where_they_say() {
        let from = parse("https://a.test/b/c/d?e").unwrap();
        for (location, expected) in [
            ("http://x:1/y", "http x:1 x:1 /y"),
            ("//x/y", "https x:443 x /y"),
            ("/y/../z/./w?..", "https a.test:443 a.test /z/w?.."),
            ("f", "https a.test:443 a.test /b/c/f"),
            ("../f#g", "https a.test:443 a.test /b/f"),
            ("../../../..", "https a.test:443 a.test /"),
            ("./", "https a.test:443 a.test /b/c/"),
            ("?f", "https a.test:443 a.test /b/c/d?f"),
            ("", "https a.test:443 a.test /b/c/d?e"),
        ] {
            assert_eq!(shown(&join(&from, location).unwrap()), expected, "{location}");
        }
        for location in ["file:///etc/passwd", "gopher://a/", "data:image/png;base64,AA", "javascript:1"] {
            assert!(join(&from, location).is_err(), "{location}");
        }
    }
}

//! A checked host to listen on or to call.

use std::fmt;
use std::net::IpAddr;

/// A syntactically valid IP address or host name. IPv6 addresses have no brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// # Errors
    /// What is wrong, for the person who wrote it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text);
        if bare.parse::<IpAddr>().is_ok() || (bare == text && is_name(text)) {
            return Ok(Host(bare.to_owned()));
        }
        Err(format!("expected an IP address or a host name, found {text:?}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if this is `none`: no address at all.
    pub fn is_none(&self) -> bool {
        self.0.eq_ignore_ascii_case("none")
    }

    /// Returns the address, if this is an address and not a name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }

    /// Returns true if only programs on this machine can reach a server that listens here.
    pub fn is_loopback(&self) -> bool {
        match self.ip() {
            Some(ip) => ip.is_loopback(),
            None => self.is_none() || self.0.eq_ignore_ascii_case("localhost"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Accepts letters, digits, `-` and `_` in dotted labels. A number as the last label is refused: it is a mistyped IPv4
/// address.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let text = text.strip_suffix('.').unwrap_or(text);
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253 && text.split('.').all(label) && !last.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (text, host, loopback) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.3.2.1", "127.3.2.1", true),
            ("none", "none", true),
            ("::1", "::1", true),
            ("[::1]", "::1", true),
            ("LocalHost", "LocalHost", true),
            ("0.0.0.0", "0.0.0.0", false),
            ("::", "::", false),
            ("node-1.cels.anl.gov", "node-1.cels.anl.gov", false),
        ] {
            let parsed = Host::parse(text).unwrap();
            assert_eq!((parsed.as_str(), parsed.is_loopback()), (host, loopback));
        }
        for text in ["", "a b", "127.0.0.256", "1.2.3", "a..b", "http://x", "[localhost]", "x:80"] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }
}

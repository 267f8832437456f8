//! The address of a separate listener: a port of this machine, a host with a port, or nowhere.

use super::host::Host;
use std::fmt;

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    pub host: Host,
    /// The port. 0 means any free port.
    pub port: u16,
}

impl Listen {
    /// Reads `none`, a port, or `host:port`. An IPv6 address needs brackets.
    ///
    /// # Errors
    /// A message for the person who wrote the value.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let wrong = || format!("expected a port, host:port or none, found {text:?}");
        let (host, port) = match text.trim() {
            "none" => return Ok(None),
            text => text.rsplit_once(':').unwrap_or(("127.0.0.1", text)),
        };
        let is_bare_v6 = host.contains(':') && !host.starts_with('[');
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| digits && !is_bare_v6).ok_or_else(wrong)?;
        Ok(Some(Listen { host: Host::parse(host).map_err(|_| wrong())?, port }))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.as_str().contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for (text, place) in [
            ("9464", "127.0.0.1:9464"),
            ("0", "127.0.0.1:0"),
            ("0.0.0.0:9464", "0.0.0.0:9464"),
            ("[::1]:9464", "[::1]:9464"),
            ("node-1.anl.gov:80", "node-1.anl.gov:80"),
        ] {
            assert_eq!(Listen::parse(text).unwrap().unwrap().to_string(), place);
        }
        assert_eq!(Listen::parse("none"), Ok(None));
        for text in ["", "x", ":1", "a b:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:5", "a:-1", "a:+1"] {
            assert!(Listen::parse(text).is_err(), "{text}");
        }
    }
}

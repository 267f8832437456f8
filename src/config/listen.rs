//! The place of a separate listener: a port of this machine, a host with a port, a Unix socket, or nowhere.

use super::host::Host;
use std::fmt;

/// What a path begins with.
const UNIX: &str = "unix:";

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An address. Port 0 means any free port.
    Address { host: Host, port: u16 },
    /// The path of a Unix socket.
    Socket(String),
}

impl Listen {
    /// Reads `none`, a port, `host:port`, or `unix:path`. An IPv6 address needs brackets.
    ///
    /// # Errors
    /// A message for the person who wrote the value.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let wrong = || format!("expected a port, host:port, unix:path or none, found {text:?}");
        let (host, port) = match text.trim() {
            "none" => return Ok(None),
            text => match text.strip_prefix(UNIX) {
                Some("") => return Err(wrong()),
                Some(path) => return Ok(Some(Listen::Socket(path.to_owned()))),
                None => text.rsplit_once(':').unwrap_or(("127.0.0.1", text)),
            },
        };
        let is_bare_v6 = host.contains(':') && !host.starts_with('[');
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| digits && !is_bare_v6).ok_or_else(wrong)?;
        Ok(Some(Listen::Address { host: Host::parse(host).map_err(|_| wrong())?, port }))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Address { host, port } if host.as_str().contains(':') => write!(f, "[{host}]:{port}"),
            Listen::Address { host, port } => write!(f, "{host}:{port}"),
            Listen::Socket(path) => write!(f, "{UNIX}{path}"),
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
            ("unix:run/admin.sock", "unix:run/admin.sock"),
            ("unix:/run/a:1", "unix:/run/a:1"),
        ] {
            assert_eq!(Listen::parse(text).unwrap().unwrap().to_string(), place);
        }
        assert_eq!(Listen::parse("none"), Ok(None));
        for text in
            ["", "x", ":1", "a b:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:5", "a:-1", "a:+1", "unix:"]
        {
            assert!(Listen::parse(text).is_err(), "{text}");
        }
    }
}

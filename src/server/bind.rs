//! Binds all addresses of a host name. `localhost` is two on most systems: with one of them, clients of the other would be refused, or
//! reach another program.

use rustix::io::Errno;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// How often to look for a port that is free on all addresses.
const TRIES: usize = 16;

/// Returns the addresses of a host, each once.
pub(super) fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in (host, port).to_socket_addrs()? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(io::Error::other("it has no address")) } else { Ok(addresses) }
}

/// Binds each of these addresses at the same port; with port 0, at a port that is free on all of them. Addresses that this machine
/// lacks are left out, unless it lacks all.
pub(super) fn bind_all(
    wanted: &[SocketAddr],
    port: u16,
) -> Result<Vec<(SocketAddr, TcpListener)>, (SocketAddr, io::Error)> {
    let mut tries = if port == 0 { TRIES } else { 1 };
    loop {
        tries -= 1;
        match bind_once(wanted, port) {
            Err((_, e)) if e.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            bound => return bound,
        }
    }
}

fn bind_once(wanted: &[SocketAddr], mut port: u16) -> Result<Vec<(SocketAddr, TcpListener)>, (SocketAddr, io::Error)> {
    let (mut bound, mut lacking) = (Vec::new(), None);
    for wanted in wanted {
        let address = SocketAddr::new(wanted.ip(), port);
        let listener = TcpListener::bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
        match listener {
            Ok((real, listener)) => {
                port = real.port();
                bound.push((*wanted, listener));
            }
            // The name also belongs to another machine, or this one has no IPv6.
            Err(e) if is_lacking(&e) => lacking = Some((*wanted, e)),
            Err(e) => return Err((*wanted, e)),
        }
    }
    match lacking {
        Some(why) if bound.is_empty() => Err(why),
        _ => Ok(bound),
    }
}

fn is_lacking(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::AddrNotAvailable || e.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error())
}

/// Why an address cannot be listened on, in a sentence that names it and the remedy.
#[derive(Debug)]
pub struct BindError {
    message: String,
    /// True if another program listens there.
    pub is_in_use: bool,
}

impl BindError {
    pub(super) fn new(role: &str, host: &str, port: u16, address: Option<SocketAddr>, e: io::Error) -> Self {
        let [free, other, elsewhere] = match role {
            "admin" => ["`admin` in config.yaml"; 3],
            _ => ["--port (0 picks a free one) or in config.yaml", "--port", "--host"],
        };
        let ip = address.map(|address| address.ip().to_string()).filter(|ip| ip != host);
        let shown = ip.map_or_else(|| host.to_owned(), |ip| format!("{ip} ({host})"));
        let message = match e.kind() {
            io::ErrorKind::AddrInUse => {
                format!("port {port} on {shown} is in use by another program; choose another with {free}")
            }
            io::ErrorKind::PermissionDenied => {
                format!("port {port} on {shown} needs privileges; choose one above 1023 with {other}")
            }
            io::ErrorKind::AddrNotAvailable => {
                format!("{shown} is no address of this machine; choose another with {elsewhere}")
            }
            _ => format!("cannot listen on {shown}, port {port}: {e}"),
        };
        BindError { message, is_in_use: e.kind() == io::ErrorKind::AddrInUse }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<BindError> for String {
    fn from(e: BindError) -> Self {
        e.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(ips: &[&str]) -> Vec<SocketAddr> {
        ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()
    }

    /// Linux has all of 127.0.0.0/8. Elsewhere these are one address.
    fn two() -> Vec<SocketAddr> {
        addresses(if cfg!(target_os = "linux") { &["127.0.0.1", "127.0.0.2"] } else { &["127.0.0.1"] })
    }

    #[test]
    fn all_addresses_of_a_name_have_one_free_port() {
        let two = two();
        let bound = bind_all(&two, 0).unwrap();
        let ports: Vec<u16> = bound.iter().map(|(_, listener)| listener.local_addr().unwrap().port()).collect();
        assert!(bound.len() == two.len() && ports.iter().all(|port| *port == ports[0] && *port != 0), "{ports:?}");
    }

    #[test]
    fn one_address_that_is_taken_refuses_them_all_and_is_named() {
        let two = two();
        let taken = *two.last().unwrap();
        let other = TcpListener::bind(taken).unwrap();
        let port = other.local_addr().unwrap().port();
        let (address, e) = bind_all(&two, port).unwrap_err();
        let e = BindError::new("proxy", "both.test", port, Some(address), e);
        assert!(e.is_in_use);
        assert!(e.to_string().contains(&format!("port {port} on {} (both.test) is in use", taken.ip())), "{e}");
        // Nothing is left bound.
        drop(other);
        assert_eq!(bind_all(&two, port).unwrap().len(), two.len());
    }

    #[test]
    fn an_address_of_another_machine_is_left_out_unless_there_is_no_other() {
        let bound = bind_all(&addresses(&["192.0.2.1", "127.0.0.1"]), 0).unwrap();
        assert_eq!(bound.len(), 1);
        assert!(bind_all(&addresses(&["192.0.2.1"]), 0).is_err());
    }
}

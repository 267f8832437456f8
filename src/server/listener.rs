//! Listeners at addresses or at a path. They are bound before the program says that it listens, or taken over from a running process.

use super::bind::{BindError, bind_all, resolve};
use super::tls::Certificates;
use super::unix;
use super::upgrade::{Inherited, Shared};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, IntoRawFd, RawFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

/// A bound listener.
pub struct Listener {
    /// The role and the configured address. A process that takes over finds the listener by this name.
    name: String,
    pub(super) socket: ListenerSocket,
    pub(super) certificates: Option<Arc<Certificates>>,
}

/// The socket, with its real address.
pub(super) enum ListenerSocket {
    Inet(TcpListener, SocketAddr),
    Unix(UnixListener, String),
}

impl Listener {
    /// Listens on all addresses of `host`: takes the listeners over from the running process, or else binds them at once. `role` tells
    /// listeners on free ports apart.
    ///
    /// # Errors
    /// Why the system does not bind, in a sentence that names the address and the remedy.
    pub fn tcp(role: &'static str, host: &str, port: u16, from: &mut Inherited) -> Result<Vec<Self>, BindError> {
        let wrong = |address, e| BindError::new(role, host, port, address, e);
        let wanted = resolve(host, port).map_err(|e| wrong(None, e))?;
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for address in wanted {
            let name = format!("{role} {}:{port}", address.ip());
            match from.take(&name) {
                Some(socket) => found.push((address, TcpListener::from(socket))),
                None => missing.push(address),
            }
        }
        // All addresses have the same port, also when any free one will do.
        let taken = found.iter().find_map(|(_, listener)| listener.local_addr().ok());
        let free = taken.map_or(port, |taken| taken.port());
        if !missing.is_empty() {
            match bind_all(&missing, free) {
                Ok(bound) => found.extend(bound),
                Err((address, e)) => return Err(wrong(Some(address), e)),
            }
        }
        // People read the first address, and IPv4 is the one that they know.
        found.sort_by_key(|(address, _)| address.is_ipv6());
        let made = found.into_iter().map(|(address, listener)| {
            listener.set_nonblocking(true).map_err(|e| wrong(Some(address), e))?;
            let real = listener.local_addr().map_err(|e| wrong(Some(address), e))?;
            let name = format!("{role} {}:{port}", address.ip());
            Ok(Listener { name, socket: ListenerSocket::Inet(listener, real), certificates: None })
        });
        made.collect()
    }

    /// Listens at a path that only this user can reach.
    ///
    /// # Errors
    /// Why that does not work, in a sentence that names the path and the remedy.
    pub fn unix(role: &str, path: &Path, from: &mut Inherited) -> Result<Self, String> {
        // The name travels to a process that takes over, as text.
        let text = path.to_str().ok_or_else(|| format!("the socket's path {} is not UTF-8 text", path.display()))?;
        let name = format!("{role} {text}");
        // An inherited socket without its file can be reached by no client.
        let inherited = from.take(&name).filter(|_| path.exists());
        let listener = match inherited {
            Some(socket) => UnixListener::from(socket),
            None => unix::listen(path)?,
        };
        listener.set_nonblocking(true).map_err(|e| format!("cannot listen on {text}: {e}"))?;
        Ok(Listener { name, socket: ListenerSocket::Unix(listener, text.to_owned()), certificates: None })
    }

    /// Returns the same listener, with TLS.
    pub fn with_tls(self, certificates: Arc<Certificates>) -> Self {
        Listener { certificates: Some(certificates), ..self }
    }

    /// Returns the address that clients reach; `None` for a path.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.socket {
            ListenerSocket::Inet(_, address) => Some(*address),
            ListenerSocket::Unix(..) => None,
        }
    }

    /// Returns the path; `None` for an address.
    pub fn path(&self) -> Option<&str> {
        match &self.socket {
            ListenerSocket::Inet(..) => None,
            ListenerSocket::Unix(_, path) => Some(path),
        }
    }

    /// Returns pingora's name for it.
    pub(super) fn key(&self) -> String {
        match &self.socket {
            ListenerSocket::Inet(_, address) => address.to_string(),
            ListenerSocket::Unix(_, path) => path.clone(),
        }
    }

    /// Returns a second handle, for a process that takes over.
    pub(super) fn share(&self) -> io::Result<Shared> {
        let handle = match &self.socket {
            ListenerSocket::Inet(listener, _) => listener.as_fd().try_clone_to_owned(),
            ListenerSocket::Unix(listener, _) => listener.as_fd().try_clone_to_owned(),
        };
        Ok(Shared { name: self.name.clone(), handle: handle? })
    }

    /// Returns the descriptor. The caller closes it.
    pub(super) fn into_raw_fd(self) -> RawFd {
        match self.socket {
            ListenerSocket::Inet(listener, _) => listener.into_raw_fd(),
            ListenerSocket::Unix(listener, _) => listener.into_raw_fd(),
        }
    }
}

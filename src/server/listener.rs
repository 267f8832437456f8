//! A listener at an address or at a path. It is bound before the program says that it listens, or taken over from a running process.

use super::tls::Certificates;
use super::unix;
use super::upgrade::{Inherited, Shared};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, IntoRawFd, RawFd};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
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
    /// Takes the listener over from the running process, or else binds it at once. `role` tells listeners on free ports apart.
    /// Returns the listener and the address that clients reach.
    ///
    /// # Errors
    /// Why the system does not bind, in a sentence that names the address and the remedy.
    pub fn tcp(role: &str, host: &str, port: u16, from: &mut Inherited) -> Result<(Self, SocketAddr), String> {
        let name = format!("{role} {host}:{port}");
        let why = |e| tcp_error(role, host, port, &e);
        let listener = match from.take(&name) {
            Some(socket) => TcpListener::from(socket),
            None => {
                let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs().map_err(why)?.collect();
                TcpListener::bind(addresses.as_slice()).map_err(why)?
            }
        };
        listener.set_nonblocking(true).map_err(why)?;
        let address = listener.local_addr().map_err(why)?;
        Ok((Listener { name, socket: ListenerSocket::Inet(listener, address), certificates: None }, address))
    }

    /// Listens at a path that only this user can reach.
    ///
    /// # Errors
    /// Why that does not work, in a sentence that names the path and the remedy.
    pub fn unix(role: &str, path: &Path, from: &mut Inherited) -> Result<Self, String> {
        // pingora accepts paths as text only.
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

    /// Returns pingora's name for it.
    pub(super) fn key(&self) -> String {
        match &self.socket {
            ListenerSocket::Inet(_, address) => address.to_string(),
            ListenerSocket::Unix(_, path) => path.clone(),
        }
    }

    /// Returns the socket's file, which is removed when no process listens any more.
    pub(super) fn file(&self) -> Option<PathBuf> {
        match &self.socket {
            ListenerSocket::Inet(..) => None,
            ListenerSocket::Unix(_, path) => Some(path.into()),
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

fn tcp_error(role: &str, host: &str, port: u16, e: &io::Error) -> String {
    let [free, other, elsewhere] = match role {
        "admin" => ["`admin` in config.yaml"; 3],
        _ => ["--port (0 picks a free one) or in config.yaml", "--port", "--host"],
    };
    match e.kind() {
        io::ErrorKind::AddrInUse => {
            format!("port {port} on {host} is in use by another program; choose another with {free}")
        }
        io::ErrorKind::PermissionDenied => {
            format!("port {port} on {host} needs privileges; choose one above 1023 with {other}")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{host} is no address of this machine; choose another with {elsewhere}")
        }
        _ => format!("cannot listen on {host}:{port}: {e}"),
    }
}

//! Upstream sockets with a second handle.
//!
//! pingora has one time limit for all reads of a call, and its hooks can set no timer. So silent connections are shut down
//! here, from outside. pingora also sends a call's head and body in packets of their own: the second handle corks the socket
//! until both are written.

use async_trait::async_trait;
use log::debug;
use pingora::connectors::L4Connect;
use pingora::http::ResponseHeader;
use pingora::protocols::Digest;
use pingora::protocols::GetProxyDigest;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::{Error, ErrorType, Result};
use rustix::net::{RecvFlags, recv};
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};

/// Opens connections with a second handle. The handle travels in the field where pingora keeps the answer of a CONNECT proxy.
#[derive(Debug)]
pub struct UpstreamConnector;

#[async_trait]
impl L4Connect for UpstreamConnector {
    async fn connect(&self, to: &SocketAddr) -> Result<Stream> {
        let (mut stream, socket) = open(to).await.map_err(|e| {
            let etype = match e.kind() {
                ErrorKind::ConnectionRefused => ErrorType::ConnectRefused,
                ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => ErrorType::ConnectNoRoute,
                ErrorKind::TimedOut => ErrorType::ConnectTimedout,
                _ => ErrorType::ConnectError,
            };
            Error::because(etype, format!("connecting to {to}"), e)
        })?;
        let socket = Arc::new(UpstreamSocket { socket, turn: Mutex::new(0) });
        stream
            .set_proxy_digest(ProxyDigest::new(Box::new(ResponseHeader::build(200, Some(0))?), Some(Box::new(socket))));
        Ok(stream)
    }
}

async fn open(to: &SocketAddr) -> io::Result<(Stream, Handle)> {
    match to {
        SocketAddr::Inet(address) => {
            let stream = TcpStream::connect(address).await?;
            let socket = Handle::Tcp(stream.as_fd().try_clone_to_owned()?.into());
            Ok((stream.into(), socket))
        }
        SocketAddr::Unix(address) => {
            let path = address.as_pathname().ok_or(ErrorKind::InvalidInput)?;
            let stream = UnixStream::connect(path).await?;
            let socket = Handle::Unix(stream.as_fd().try_clone_to_owned()?.into());
            Ok((stream.into(), socket))
        }
    }
}

#[derive(Debug)]
enum Handle {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

/// The second handle of an upstream connection.
#[derive(Debug)]
pub struct UpstreamSocket {
    socket: Handle,
    /// The number of the call that the connection serves now: it serves one after the other.
    turn: Mutex<u64>,
}

impl UpstreamSocket {
    /// Returns the second handle of a connection, if it has one.
    pub fn of(digest: Option<&Digest>) -> Option<Arc<UpstreamSocket>> {
        let data = digest?.proxy_digest.as_ref()?.user_data.as_ref()?;
        data.downcast_ref::<Arc<UpstreamSocket>>().cloned()
    }

    /// Returns the TCP socket, unless this is a Unix socket.
    #[cfg(test)]
    pub fn tcp(&self) -> Option<&std::net::TcpStream> {
        match &self.socket {
            Handle::Tcp(socket) => Some(socket),
            Handle::Unix(_) => None,
        }
    }

    /// Returns the number of its descriptor, which was opened after pingora's own.
    pub fn descriptor(&self) -> RawFd {
        match &self.socket {
            Handle::Tcp(socket) => socket.as_raw_fd(),
            Handle::Unix(socket) => socket.as_raw_fd(),
        }
    }

    /// Begins the next turn and returns its number.
    pub fn begin_turn(&self) -> u64 {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        *turn += 1;
        *turn
    }

    /// Shuts the connection down, unless a later turn has begun. Returns true if it did.
    pub fn shut_down(&self, turn: u64) -> bool {
        // The lock is held until the end, so that no later turn begins in between.
        let current = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if *current != turn {
            return false;
        }
        let done = match &self.socket {
            Handle::Tcp(socket) => socket.shutdown(Shutdown::Both),
            Handle::Unix(socket) => socket.shutdown(Shutdown::Both),
        };
        done.map_err(|e| debug!("a silent connection had ended already: {e}")).is_ok()
    }

    /// Returns true if bytes have arrived that pingora has not read, because the client is slow.
    pub fn has_unread(&self) -> bool {
        let socket = match &self.socket {
            Handle::Tcp(socket) => socket.as_fd(),
            Handle::Unix(socket) => socket.as_fd(),
        };
        recv(socket, &mut [0], RecvFlags::PEEK | RecvFlags::DONTWAIT).is_ok_and(|(_, bytes)| bytes > 0)
    }

    /// Holds written bytes back until [`UpstreamSocket::release`], or for 200 ms. Returns true if the system can do that.
    pub fn cork(&self) -> bool {
        self.set_cork(true)
    }

    /// Sends the bytes that are held back. Later writes are sent at once.
    pub fn release(&self) {
        self.set_cork(false);
    }

    fn set_cork(&self, on: bool) -> bool {
        match &self.socket {
            #[cfg(target_os = "linux")]
            Handle::Tcp(socket) => rustix::net::sockopt::set_tcp_cork(socket, on).is_ok(),
            _ => false,
        }
    }

    /// Returns how long ago bytes arrived, where the system knows.
    pub fn since_data(&self) -> Option<Duration> {
        match &self.socket {
            #[cfg(target_os = "linux")]
            Handle::Tcp(socket) => {
                let info = pingora::protocols::l4::ext::get_tcp_info(socket.as_raw_fd()).ok()?;
                Some(Duration::from_millis(u64::from(info.tcpi_last_data_recv)))
            }
            _ => None,
        }
    }
}

//! Connections to upstreams that can be reached from outside of pingora. It has one time limit for all reads of a call and
//! no timer that its hooks could set, so silent ones are cut here. And it sends a call's head before its body, in packets
//! of their own: what is written is held back here until both are there.

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
use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};

/// Makes connections with a second handle, which travels with the connection where pingora keeps what a CONNECT proxy said.
#[derive(Debug)]
pub struct Lines;

#[async_trait]
impl L4Connect for Lines {
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
        let line = Arc::new(Line { socket, turn: Mutex::new(0) });
        stream.set_proxy_digest(ProxyDigest::new(Box::new(ResponseHeader::build(200, Some(0))?), Some(Box::new(line))));
        Ok(stream)
    }
}

async fn open(to: &SocketAddr) -> io::Result<(Stream, Socket)> {
    match to {
        SocketAddr::Inet(address) => {
            let stream = TcpStream::connect(address).await?;
            let socket = Socket::Tcp(stream.as_fd().try_clone_to_owned()?.into());
            Ok((stream.into(), socket))
        }
        SocketAddr::Unix(address) => {
            let path = address.as_pathname().ok_or(ErrorKind::InvalidInput)?;
            let stream = UnixStream::connect(path).await?;
            let socket = Socket::Unix(stream.as_fd().try_clone_to_owned()?.into());
            Ok((stream.into(), socket))
        }
    }
}

#[derive(Debug)]
enum Socket {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

/// The second handle of a connection.
#[derive(Debug)]
pub struct Line {
    socket: Socket,
    /// Whose turn it is: a connection serves one call after the other, and only the latest may cut it.
    turn: Mutex<u64>,
}

impl Line {
    /// The line of a connection, if it has one.
    pub fn of(digest: Option<&Digest>) -> Option<Arc<Line>> {
        let data = digest?.proxy_digest.as_ref()?.user_data.as_ref()?;
        data.downcast_ref::<Arc<Line>>().cloned()
    }

    /// Begins the next turn.
    pub fn take(&self) -> u64 {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        *turn += 1;
        *turn
    }

    /// Ends the connection, if it is still this one's turn.
    pub fn cut(&self, turn: u64) -> bool {
        let now = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != turn {
            return false;
        }
        let cut = match &self.socket {
            Socket::Tcp(socket) => socket.shutdown(Shutdown::Both),
            Socket::Unix(socket) => socket.shutdown(Shutdown::Both),
        };
        cut.map_err(|e| debug!("a silent connection had ended already: {e}")).is_ok()
    }

    /// Whether there is something that nobody has read yet, since the client takes its time.
    pub fn has_unread(&self) -> bool {
        let socket = match &self.socket {
            Socket::Tcp(socket) => socket.as_fd(),
            Socket::Unix(socket) => socket.as_fd(),
        };
        recv(socket, &mut [0], RecvFlags::PEEK | RecvFlags::DONTWAIT).is_ok_and(|(_, bytes)| bytes > 0)
    }

    /// Holds back what is written, until [`Line::release`], or for 200 ms; whether the system can do that.
    pub fn hold(&self) -> bool {
        self.set_held(true)
    }

    /// Sends what is held back, and from now on what is written.
    pub fn release(&self) {
        self.set_held(false);
    }

    fn set_held(&self, held: bool) -> bool {
        match &self.socket {
            #[cfg(target_os = "linux")]
            Socket::Tcp(socket) => rustix::net::sockopt::set_tcp_cork(socket, held).is_ok(),
            _ => false,
        }
    }

    /// How long ago something came, where the system tells.
    pub fn since_data(&self) -> Option<Duration> {
        match &self.socket {
            #[cfg(target_os = "linux")]
            Socket::Tcp(socket) => {
                let info = pingora::protocols::l4::ext::get_tcp_info(socket.as_raw_fd()).ok()?;
                Some(Duration::from_millis(u64::from(info.tcpi_last_data_recv)))
            }
            _ => None,
        }
    }
}

//! Whose connection a request came on. The system is asked once for each connection.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod inet_diag;

use super::clock::CLOCK;
use crate::access::Sender;
#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use inet_diag as system;
use pingora::protocols::SocketDigest;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

/// Returns whose connection this task serves. The first answer holds for as long as the connection does.
pub fn of(socket: Option<&SocketDigest>) -> Sender {
    let ask = || socket.map_or(Sender::Unknown, asked);
    CLOCK.try_with(|clock| *clock.sender.get_or_init(ask)).unwrap_or_else(|_| ask())
}

/// Returns true if the system says of this process's own connections whose they are.
pub fn is_told() -> bool {
    let own = || -> io::Result<bool> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let _client = TcpStream::connect(listener.local_addr()?)?;
        let (server, client) = listener.accept()?;
        Ok(system::user_of(client, server.local_addr()?).is_some_and(system::is_own))
    };
    own().unwrap_or(false)
}

fn asked(socket: &SocketDigest) -> Sender {
    let own_end = socket.local_addr();
    if own_end.is_some_and(|address| address.as_inet().is_none()) {
        // A Unix socket. Its mode lets only its user and root in.
        return Sender::Own;
    }
    let ends = socket.peer_addr().and_then(|peer| peer.as_inet()).zip(own_end.and_then(|own| own.as_inet()));
    let Some((client, server)) = ends else { return Sender::Unknown };
    match system::user_of(*client, *server) {
        // A connection that was reset meanwhile has given its addresses free: another one may have them by now.
        Some(_) if system::is_over(socket) => Sender::Unknown,
        Some(id) if system::is_own(id) => Sender::Own,
        Some(id) => Sender::Other(id),
        None => Sender::Unknown,
    }
}

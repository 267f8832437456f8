//! Notifies the service manager, if there is one (systemd's `Type=notify`): a datagram to `NOTIFY_SOCKET`.

use log::warn;
use std::io;
use std::os::unix::net::UnixDatagram;

/// Reports that this process serves from now on, and is the one to watch and to stop.
pub fn serving() {
    tell(&format!("READY=1\nMAINPID={}", std::process::id()));
}

/// Reports that this process stops and that no other takes over.
pub fn stopping() {
    tell("STOPPING=1");
}

fn tell(state: &str) {
    let Some(socket) = std::env::var("NOTIFY_SOCKET").ok().filter(|socket| !socket.is_empty()) else { return };
    if let Err(e) = send(&socket, state) {
        warn!("the service manager cannot be told at {socket}: {e}");
    }
}

#[cfg(target_os = "linux")]
fn send(socket: &str, state: &str) -> io::Result<()> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    let address = match socket.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(not(target_os = "linux"))]
fn send(socket: &str, state: &str) -> io::Result<()> {
    UnixDatagram::unbound()?.send_to(state.as_bytes(), socket).map(drop)
}

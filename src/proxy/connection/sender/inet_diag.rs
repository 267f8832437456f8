//! Asks the kernel of Linux which user has the other end of a connection.

use netlink_packet_core::{NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags};
use netlink_packet_sock_diag::{AF_INET, AF_INET6, IPPROTO_TCP, SockDiagMessage, TCP_CLOSE, TCP_LISTEN, TCP_SYN_SENT};
use pingora::protocols::SocketDigest;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};
use std::net::SocketAddr;

/// Asks for a socket whatever its cookie is.
const ANY_COOKIE: [u8; 8] = [0xff; 8];
/// Room for the answer about one socket.
const LARGEST_ANSWER: usize = 1024;
const ROOT: u32 = 0;
/// Stands for each user who has no id in this user namespace, so that it is nobody's own.
const UNMAPPED: u32 = 65534;

/// Returns the id of the user whose process has the other end of a connection, if it is on this machine and open.
pub fn user_of(client: SocketAddr, server: SocketAddr) -> Option<u32> {
    let (client, server) = (canonical(client), canonical(server));
    let found = found(client, server)?;
    let id = &found.socket_id;
    let is_it = canonical((id.source_address, id.source_port).into()) == client
        && canonical((id.destination_address, id.destination_port).into()) == server;
    // A socket that its process has closed has no inode, and may seem to be root's.
    let has_process = found.inode != 0 && ![TCP_SYN_SENT, TCP_LISTEN, TCP_CLOSE].contains(&found.state);
    (is_it && has_process).then_some(found.uid)
}

/// Returns true for the user who runs this process, and for root.
pub fn is_own(id: u32) -> bool {
    id == ROOT || (id == rustix::process::geteuid().as_raw() && id != UNMAPPED)
}

/// Returns true if a connection was reset.
pub fn is_over(socket: &SocketDigest) -> bool {
    socket.tcp_info().is_none_or(|info| info.tcpi_state == TCP_CLOSE)
}

/// Asks the kernel for the socket with these addresses. It answers while it takes the question.
fn found(client: SocketAddr, server: SocketAddr) -> Option<InetResponseHeader> {
    let kernel = SocketAddrNetlink::new(0, 0);
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(SOCK_DIAG)).ok()?;
    sendto(&socket, &question(client, server), SendFlags::empty(), &kernel).ok()?;
    let mut buffer = [0; LARGEST_ANSWER];
    let (length, _) = recv(&socket, &mut buffer, RecvFlags::DONTWAIT).ok()?;
    match NetlinkMessage::deserialize(buffer.get(..length)?).ok()?.payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(answer)) => Some(answer.header),
        _ => None,
    }
}

fn question(client: SocketAddr, server: SocketAddr) -> Vec<u8> {
    let request = InetRequest {
        family: if client.is_ipv4() { AF_INET } else { AF_INET6 },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id: SocketId {
            source_port: client.port(),
            destination_port: server.port(),
            source_address: client.ip(),
            destination_address: server.ip(),
            interface_id: 0,
            cookie: ANY_COOKIE,
        },
    };
    let mut message = NetlinkMessage::from(SockDiagMessage::InetRequest(request));
    message.header.flags = NLM_F_REQUEST;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// A program may reach an IPv4 address over an IPv6 socket.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::{is_own, user_of};
    use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};

    /// Both ends of a connection, and the addresses of the client and the server as the server sees them.
    fn connected(
        listen: &str,
        to: impl Fn(u16) -> SocketAddr,
    ) -> Option<(TcpStream, TcpStream, SocketAddr, SocketAddr)> {
        let listener = TcpListener::bind(listen).ok()?;
        let client = TcpStream::connect(to(listener.local_addr().unwrap().port())).unwrap();
        let (server, peer) = listener.accept().unwrap();
        let own = server.local_addr().unwrap();
        Some((client, server, peer, own))
    }

    #[test]
    fn the_kernel_says_whose_connection_it_is() {
        let mine = rustix::process::geteuid().as_raw();
        let mapped = |port| SocketAddr::new(Ipv4Addr::LOCALHOST.to_ipv6_mapped().into(), port);
        let (client, _server, peer, own) = connected("127.0.0.1:0", mapped).unwrap();
        assert_eq!(user_of(peer, own), Some(mine), "an IPv6 socket that leads to an IPv4 address");
        drop(client);
        // A machine without IPv6 has no second case.
        let cases = [
            connected("127.0.0.1:0", |port| (Ipv4Addr::LOCALHOST, port).into()),
            connected("[::1]:0", |port| (Ipv6Addr::LOCALHOST, port).into()),
        ];
        for (client, _server, peer, own) in cases.into_iter().flatten() {
            assert_eq!(user_of(peer, own), Some(mine), "{peer}");
            assert_eq!(user_of(peer, SocketAddr::new(own.ip(), 1)), None);
            client.shutdown(Shutdown::Write).unwrap();
            assert_eq!(user_of(peer, own), Some(mine), "its process can still read");
            drop(client);
            assert_eq!(user_of(peer, own), None, "no process has it, and root has not, either");
        }
        assert!(is_own(0) && is_own(mine) == (mine != 65534) && !is_own(mine + 1));
    }

    #[test]
    fn a_listener_at_the_address_of_a_client_is_not_taken_for_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap();
        assert_eq!(user_of(own, SocketAddr::new(own.ip(), 1)), None);
    }
}

//! Options of the sockets that the running process has, read from outside.
#![cfg(target_os = "linux")]

use crate::reload::until;
use crate::skipped::skip;
use crate::support::{Argo, Server, Setup, chat};
use rustix::net::sockopt::tcp_nodelay;
use rustix::net::{getpeername, getsockname};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use serde_json::json;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// The process's connected TCP sockets: its own address, the other end's, and a copy of the socket.
fn connected(server: &Server) -> Vec<(SocketAddr, SocketAddr, OwnedFd)> {
    let pid = Pid::from_raw(server.id() as i32).unwrap();
    let process = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap() {
        let number: i32 = entry.unwrap().file_name().into_string().unwrap().parse().unwrap();
        // Closed since the folder was read.
        let Ok(socket) = pidfd_getfd(&process, number, PidfdGetfdFlags::empty()) else { continue };
        let (Ok(own), Ok(Some(other))) = (getsockname(&socket), getpeername(&socket)) else { continue };
        if let (Ok(own), Ok(other)) = (SocketAddr::try_from(own), SocketAddr::try_from(other)) {
            found.push((own, other, socket));
        }
    }
    found
}

/// `TCP_NODELAY` holds for the connections with clients, and for those with ARGO, of which there are as many as said.
#[track_caller]
fn all_send_at_once(server: &Server, argo: &Argo, calls: usize) {
    let sockets = connected(server);
    let clients: Vec<bool> = sockets
        .iter()
        .filter(|(own, ..)| *own == server.address)
        .map(|(.., socket)| tcp_nodelay(socket).unwrap())
        .collect();
    let upstream: Vec<bool> = sockets
        .iter()
        .filter(|(_, other, _)| *other == argo.address)
        .map(|(.., socket)| tcp_nodelay(socket).unwrap())
        .collect();
    assert!(!clients.is_empty() && clients.iter().all(|on| *on), "{clients:?}");
    // Each has a second handle.
    assert!(upstream.len() >= calls && upstream.iter().all(|on| *on), "{upstream:?}");
}

#[test]
fn small_pieces_leave_at_once_on_both_sides() {
    // Nobody but root may look into a process that keeps its memory to itself.
    if !rustix::process::geteuid().is_root() {
        return skip("small_pieces_leave_at_once_on_both_sides", "it takes root to copy another process's sockets");
    }
    for (workers, more, calls) in
        [(1, json!({"stream": true}), 1), (2, json!({"stream": true}), 1), (1, json!({"n": 2}), 2)]
    {
        let streams = more["stream"] == true;
        let (argo, go): (Argo, Box<dyn Fn()>) = if streams {
            let (argo, go) = Argo::halting();
            (argo, Box::new(move || go.send(()).unwrap()))
        } else {
            let (go, gate) = std::sync::mpsc::channel::<()>();
            let gate = std::sync::Mutex::new(gate);
            let argo = Argo::start(move |_, connection| {
                gate.lock().unwrap().recv().unwrap();
                connection.says("Hi");
            });
            (argo, Box::new(move || (0..2).for_each(|_| go.send(()).unwrap())))
        };
        let server = Setup::before(&argo).config(&format!("num_workers: {workers}")).start();
        let mut client = server.client();
        client.send("POST", "/v1/chat/completions", "", chat("x", more).as_bytes());
        until("the calls", || argo.requests().len() == calls);
        if streams {
            assert_eq!(client.head().status, 200);
            assert!(client.chunk().is_some());
        }
        all_send_at_once(&server, &argo, calls);
        go();
        if !streams {
            assert_eq!(client.answer().status, 200);
        }
    }
}

//! Connections that take descriptors for nothing: those that have waited longest are closed in time, so that others are served.
#![cfg(target_os = "linux")]

use crate::reload::until;
use crate::support::{Argo, Client, Server, Setup, chat};
use serde_json::json;
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};

const CHAT: &str = "/v1/chat/completions";
/// How many descriptors the process may have open.
const LIMIT: usize = 200;
/// How many it has open at most: a few may be accepted before others are closed.
const MOST: usize = LIMIT * 95 / 100;

/// A proxy that may have few descriptors open.
fn narrow(setup: Setup) -> Server {
    let (command, folder) = setup.config("num_workers: 1").command();
    let mut limited = Command::new("/bin/sh");
    limited.args(["-c", &format!("ulimit -n {LIMIT} && exec \"$0\" \"$@\"")]).arg(command.get_program());
    limited.args(command.get_args()).current_dir(&folder).env_clear();
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Server::run(limited, folder)
}

fn taken(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count()
}

/// A connection on which nothing is sent, and whether the proxy has closed it.
struct Silent(TcpStream);

impl Silent {
    fn at(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nonblocking(true).unwrap();
        Silent(stream)
    }

    fn is_closed(&self) -> bool {
        match self.0.peek(&mut [0; 1]) {
            Ok(bytes) => bytes == 0,
            Err(e) => e.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

/// Whether those in front are closed and no other.
fn only_the_first_are_closed(silent: &[Silent]) -> bool {
    let closed: Vec<bool> = silent.iter().map(Silent::is_closed).collect();
    let first = closed.iter().filter(|closed| **closed).count();
    first > 0 && closed[..first].iter().all(|closed| *closed)
}

#[test]
fn those_that_waited_longest_are_closed_before_descriptors_run_out_and_no_busy_one() {
    let (argo, go) = Argo::halting();
    let server = narrow(Setup::before(&argo).config("admin: 127.0.0.1:0"));
    // It connects first of all, and is busy all the while.
    let mut busy = server.client();
    busy.send("POST", CHAT, "", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(busy.head().status, 200);
    let mut silent = Vec::new();
    while silent.len() < 2 * LIMIT {
        silent.push(Silent::at(server.address));
        // Accepted one by one, so that their order is known.
        if silent.len() % 10 == 0 {
            assert_eq!(server.client().get("/livez").status, 200);
        }
    }
    until("the oldest are closed", || only_the_first_are_closed(&silent));
    assert!(taken(&server) <= MOST, "{}", taken(&server));
    // Whoever comes now is served, the one that watches too.
    assert_eq!(server.watcher().get("/readyz").status, 200);
    for _ in 0..20 {
        assert_eq!(server.client().get("/v1/models").status, 200);
    }
    go.send(()).unwrap();
    let mut stream = Vec::new();
    while let Some(piece) = busy.chunk().filter(|piece| !piece.is_empty()) {
        stream.extend(piece);
    }
    assert!(crate::support::said(&stream).done, "the busy one is served to its end");
    let log = server.log();
    assert!(log.contains("connections without a request were closed") && log.contains("of 200 descriptors"), "{log}");
    // Told now and then, and not for each.
    assert!(log.matches("were closed").count() < 20, "{log}");
}

#[test]
fn connections_that_keep_their_last_request_behind_them_are_closed_by_its_age() {
    let argo = Argo::saying("Hi");
    let server = narrow(Setup::before(&argo));
    let mut kept: Vec<Client> = (0..20).map(|_| server.client()).collect();
    kept.iter_mut().for_each(|client| assert_eq!(client.get("/livez").status, 200));
    let silent: Vec<Silent> = (0..LIMIT / 3).map(|_| Silent::at(server.address)).collect();
    // They are accepted in the order in which they came.
    assert_eq!(server.client().get("/livez").status, 200);
    // A second request makes the first ten the youngest.
    kept[..10].iter_mut().for_each(|client| assert_eq!(client.get("/livez").status, 200));
    let mut more = Vec::new();
    while !silent.iter().any(Silent::is_closed) {
        more.push(Silent::at(server.address));
        assert_eq!(server.client().get("/livez").status, 200);
        assert!(more.len() < LIMIT, "none was closed");
    }
    assert!(!more.iter().any(Silent::is_closed), "the youngest");
    let (young, old) = kept.split_at_mut(10);
    assert!(young.iter_mut().all(|client| client.get("/livez").status == 200));
    assert!(old.iter_mut().all(Client::is_closed));
}

#[test]
fn heads_that_do_not_end_are_closed_like_silence() {
    let argo = Argo::saying("Hi");
    let server = narrow(Setup::before(&argo).config("head_timeout: 3600"));
    let mut halves: Vec<Client> = Vec::new();
    for number in 0..2 * LIMIT {
        let mut client = server.client();
        // The proxy may have closed it.
        client.try_raw("POST /v1/chat/completions HTTP/1.1\r\nHost: local");
        halves.push(client);
        if number % 10 == 0 {
            assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
        }
    }
    assert!(taken(&server) <= MOST, "{}", taken(&server));
}

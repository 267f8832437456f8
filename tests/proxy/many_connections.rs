//! What very many connections hold that send nothing, or half of a head: little, and nobody else waits for it.
#![cfg(target_os = "linux")]

use crate::reload::until;
use crate::skipped::skip;
use crate::support::{Argo, Client, Server, Setup, chat};
use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

const NAME: &str = "ten_thousand_connections_that_send_nothing_or_half_a_head_hold_little";
/// So many, or as many as this machine lets a process have.
const MOST: usize = 10_000;
/// Fewer say nothing about very many.
const FEWEST: usize = 2_000;
/// For the other tests of this process.
const OTHERS: usize = 2_000;
/// Bytes that one connection may hold: idle after nothing, and in the middle of a head.
const IDLE: usize = 40 << 10;
const HALF: usize = 48 << 10;

/// How many connections this process may open, at both ends of its limit.
fn allowed() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // As the proxy does.
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let most = maximum.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    // The proxy closes some above four fifths of it.
    MOST.min((most / 10 * 7).saturating_sub(OTHERS))
}

fn memory(server: &Server) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() << 10
}

fn taken(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count()
}

#[test]
fn ten_thousand_connections_that_send_nothing_or_half_a_head_hold_little() {
    let connections = allowed();
    if connections < FEWEST {
        return skip(NAME, "this machine lets a process have too few descriptors (ulimit -Hn)");
    }
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("keepalive_timeout: 3600\nhead_timeout: 3600\nverbose: false").start();
    let short = || assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
    (0..20).for_each(|_| short());
    let before = memory(&server);
    let mut silent: Vec<TcpStream> = Vec::with_capacity(connections);
    for number in 0..connections {
        let stream = TcpStream::connect(server.address).unwrap();
        // Closed by a reset: no port stays taken for a minute.
        set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
        silent.push(stream);
        if number % 1000 == 0 {
            short();
        }
    }
    until("all are accepted", || taken(&server) >= connections);
    short();
    let idle = memory(&server).saturating_sub(before) / connections;
    for stream in &mut silent {
        stream.write_all(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Le").unwrap();
    }
    // The proxy reads them in the order in which they came, so that a late one is read last.
    let mut late = Client::over(silent.pop().unwrap());
    late.raw("ngth: 2\r\n\r\n{}");
    assert_eq!(late.head().status, 400);
    (0..20).for_each(|_| short());
    let half = memory(&server).saturating_sub(before) / connections;
    println!("FIGURES {connections} connections: {idle} bytes for an idle one, {half} with half a head");
    assert!(idle < IDLE && half < HALF, "{idle} bytes for an idle connection, {half} with half a head");
    drop(silent);
    until("they are gone", || taken(&server) < connections / 10);
    short();
}

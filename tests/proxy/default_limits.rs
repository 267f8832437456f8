//! The limit that holds when nobody sets one, and how to switch it off.

use crate::caller_limits::gated;
use crate::support::{Argo, Client, Server, Setup, caller, chat};
use serde_json::json;
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::time::Duration;

const CHAT: &str = "/v1/chat/completions";

fn begin(server: &Server, key: &str) -> Client {
    let mut client = server.client();
    client.send("POST", CHAT, &format!("Authorization: Bearer {key}\r\n"), chat("x", json!({})).as_bytes());
    client
}

fn arrived(arrivals: &Receiver<()>, calls: usize) {
    (0..calls).for_each(|_| arrivals.recv_timeout(Duration::from_secs(20)).unwrap());
}

#[test]
fn two_hundred_calls_run_at_once_without_a_word_of_limits() {
    const CALLS: usize = 200;
    let (argo, arrivals, go) = gated();
    let server = Server::before(&argo);
    let mut clients: Vec<Client> = (0..CALLS).map(|_| begin(&server, "unused")).collect();
    arrived(&arrivals, CALLS);
    (0..CALLS).for_each(|_| go.send(()).unwrap());
    for client in &mut clients {
        let answer = client.answer();
        assert_eq!(answer.status, 200);
        assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("x-ratelimit")), "{answer:?}");
    }
}

#[test]
fn none_switches_a_limit_off_for_all_or_for_one_caller() {
    let argo = Argo::saying("Hi");
    let printed = |lines: &str| {
        let (serve, folder) = Setup::before(&argo).config(lines).command();
        let mut command = Command::new(serve.get_program());
        let output =
            command.env_clear().current_dir(&folder).args(["check", "config.yaml", "--print"]).output().unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let line = |text: &str| text.lines().find(|line| line.trim().starts_with("concurrent:")).unwrap().to_owned();
    assert!(line(&printed("")).contains("512") && line(&printed("")).ends_with("# default"), "{}", printed(""));
    let off = line(&printed("limits: { concurrent: none }"));
    assert!(off.contains("concurrent: none") && off.contains("# config.yaml:"), "{off}");

    let (argo, arrivals, go) = gated();
    let rows = [caller("ann", "key-ann", "limits: { concurrent: none }"), caller("bob", "key-bob", "")];
    let setup =
        Setup::before(&argo).callers(&rows).config("limits: { concurrent: 1, wait: 0, requests_per_minute: none }");
    let server = setup.start();
    let mut clients = [begin(&server, "key-ann"), begin(&server, "key-ann"), begin(&server, "key-bob")];
    arrived(&arrivals, 3);
    assert_eq!(begin(&server, "key-bob").answer().status, 429);
    (0..3).for_each(|_| go.send(()).unwrap());
    assert!(clients.iter_mut().all(|client| client.answer().status == 200));
}

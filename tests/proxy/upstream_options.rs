//! What a row of `upstreams` can say: several URLs, ways to connect, time limits, headers.

use crate::support::{Answer, Argo, Connection, Recorded, Server, Setup, chat, merge, said};
use serde_json::json;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tokio::net::TcpSocket;

/// A table whose route `/NAME` calls the upstream of that name.
pub fn table(upstreams: &[(&str, String)]) -> String {
    let mut text = "version: 1\nupstreams:\n".to_owned();
    for (name, row) in upstreams {
        text.push_str(&format!("  {name}: {{ dialect: argo, {row} }}\n"));
    }
    text.push_str("models:\n  m: { default: a:b, show: { owned_by: x, created: 1 }, names: { a:b: b1 } }\nroutes:\n");
    for (name, _) in upstreams {
        text.push_str(&format!(
            "  - {{ path: /{name}, upstream: {name}, models: m, transformer: openai_chat_completions }}\n"
        ));
    }
    text
}

/// A proxy whose route `/x` calls an upstream with these keys.
pub fn with(row: &str) -> Server {
    setup(row).start()
}

fn setup(row: &str) -> Setup {
    Setup::before_address(([127, 0, 0, 1], 9).into()).routes(&table(&[("x", row.to_owned())]))
}

pub fn ask(server: &Server, more: serde_json::Value) -> Answer {
    let mut fields = json!({"model": "a:b"});
    merge(&mut fields, more);
    server.post("/x", &chat("x", fields))
}

fn streamed() -> serde_json::Value {
    json!({"stream": true})
}

pub fn message(answer: &Answer) -> String {
    answer.error()["message"].as_str().unwrap().to_owned()
}

fn urls(addresses: &[SocketAddr]) -> String {
    let urls: Vec<String> = addresses.iter().map(|address| format!("\"http://{address}/chat/\"")).collect();
    let streams = urls.join(", ").replace("chat", "streamchat");
    format!("url: [{}], stream_url: [{streams}]", urls.join(", "))
}

/// An address that refuses connections. It stays bound, so that no other test listens there.
pub fn refusing() -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    std::mem::forget(socket);
    address
}

#[test]
fn the_next_url_is_called_when_one_refuses() {
    let argo = Argo::saying("Hi");
    let server = with(&urls(&[refusing(), argo.address]));
    assert_eq!(ask(&server, json!({})).status, 200);
    assert_eq!(said(&ask(&server, streamed()).body).text, "Hi");
    let hosts: Vec<_> = argo.requests().iter().map(|request| request.header("host").unwrap().to_owned()).collect();
    assert_eq!(hosts, [argo.address.to_string(), argo.address.to_string()]);
    let last = refusing();
    let server = with(&urls(&[refusing(), last]));
    for _ in 0..2 {
        let answer = ask(&server, json!({}));
        assert_eq!((answer.status, answer.error()["code"].as_str()), (502, Some("upstream_unreachable")));
        let message = message(&answer);
        assert!(message.contains(&last.to_string()) && message.contains("upstreams.x.url[1]"), "{message}");
        assert!(message.contains("the last of 2 URLs"), "{message}");
    }
}

#[test]
fn a_name_without_an_address_and_one_that_hangs_are_passed_over() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hanging = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&hanging, Duration::from_millis(300)) {
        waiting.push(stream);
    }
    let argo = Argo::saying("Hi");
    let row = format!(
        "url: [\"http://no-such-host.invalid/\", \"http://{hanging}/\", \"http://{}/\"], connect_timeout: 400ms",
        argo.address
    );
    let answer = ask(&with(&row), json!({}));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(argo.requests().len(), 1);
}

#[test]
fn a_url_that_could_not_be_connected_to_is_tried_last_for_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let no_tls = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        listener.incoming().for_each(|_| {
            counted.fetch_add(1, Ordering::SeqCst);
        })
    });
    let argo = Argo::saying("Hi");
    let server = with(&format!("url: [\"https://{no_tls}/\", \"http://{}/\"]", argo.address));
    for _ in 0..5 {
        assert_eq!(ask(&server, json!({})).status, 200);
    }
    assert_eq!((count.load(Ordering::SeqCst), argo.requests().len()), (3, 5));
}

#[test]
fn nothing_is_sent_to_the_next_url_once_it_could_have_arrived() {
    let (breaking, other) = (Argo::start(|_, connection| connection.close()), Argo::saying("Hi"));
    let server = with(&urls(&[breaking.address, other.address]));
    assert_eq!(ask(&server, json!({})).status, 502);
    assert_eq!(ask(&server, streamed()).status, 502);
    assert_eq!((breaking.requests().len(), other.requests().len()), (2, 0));
}

#[test]
fn connections_go_elsewhere_and_the_host_stays() {
    let argo = Argo::saying("Hi");
    let server = with(&format!("url: \"http://argo.test:8080/chat/\", connect_to: \"{}\"", argo.address));
    assert_eq!(ask(&server, json!({})).status, 200);
    let request = argo.request();
    assert_eq!((request.header("host"), request.path.as_str()), (Some("argo.test:8080"), "/chat/"));
    let server = with(&format!("url: \"http://argo.test/\", connect_to: \"{}\"", refusing()));
    let message = message(&ask(&server, json!({})));
    assert!(message.contains("argo.test:80 by way of 127.0.0.1:"), "{message}");
}

#[test]
fn a_unix_socket_is_a_way_to_connect() {
    let path = std::env::temp_dir().join(format!("argo-{}.sock", std::process::id()));
    let recorded = Argo::on_unix(&path, |request, connection| {
        if request.path.contains("stream") { connection.streams(&[b"Hi"]) } else { connection.says("Hi") }
    });
    let row = "url: \"http://argo.test/chat/\", stream_url: \"http://argo.test/streamchat/\"";
    let limits = "first_byte_timeout: 15s, idle_timeout: 15s";
    for more in ["keep_connections: 1m", limits] {
        let server = with(&format!("{row}, connect_to: \"unix:{}\", {more}", path.display()));
        assert_eq!(ask(&server, json!({})).status, 200);
        assert_eq!(said(&ask(&server, streamed()).body).text, "Hi");
    }
    std::fs::remove_file(&path).unwrap();
    let requests = recorded.lock().unwrap();
    let connections: Vec<usize> = requests.iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 1, 1], "connections to sockets are kept too");
    assert_eq!(requests[0].header("host"), Some("argo.test"));
}

#[test]
fn a_socket_that_nobody_listens_on_is_a_502_that_names_it() {
    let folder = std::env::temp_dir();
    let here = folder.join(format!("argo-{}-dead.sock", std::process::id()));
    drop(std::os::unix::net::UnixListener::bind(&here).unwrap());
    for path in [folder.join("no-such.sock"), here.clone()] {
        for limits in ["", ", idle_timeout: 5s"] {
            let answer = ask(
                &with(&format!("url: \"http://argo.test/\", connect_to: \"unix:{}\"{limits}", path.display())),
                json!({}),
            );
            assert_eq!((answer.status, answer.error()["code"].as_str()), (502, Some("upstream_unreachable")));
            let message = message(&answer);
            assert!(message.contains(&path.display().to_string()), "{message}");
            assert!(message.contains("upstreams.x.connect_to"), "{message}");
        }
    }
    std::fs::remove_file(here).unwrap();
}

#[test]
fn headers_go_along_and_secrets_are_not_shown() {
    let argo = Argo::saying("Hi");
    let row = format!(
        "url: \"http://{}/\", headers: {{ Authorization: \"Bearer ${{LAB_TOKEN}}\", X-Team: \"${{user}}-7\", User-Agent: mine }}",
        argo.address
    );
    let start = |token: &str| setup(&row).environment("LAB_TOKEN", token).environment("RUST_LOG", "trace");
    let server = start("s3cr3t").config("log_bodies: true").start();
    assert_eq!(ask(&server, json!({})).status, 200);
    let request = argo.request();
    let sent = ["authorization", "x-team", "user-agent"].map(|name| request.header(name).unwrap().to_owned());
    assert_eq!(sent, ["Bearer s3cr3t", "tester-7", "mine"]);
    server.signal("TERM");
    let (_, log) = server.ended();
    assert!(log.contains("DEBUG") && !log.contains("s3cr3t"), "{log}");

    let told = explain(&start("s3cr3t"));
    assert!(told.contains("Bearer *** (from Bearer ${LAB_TOKEN})") && told.contains("tester-7"), "{told}");
    assert!(!told.contains("s3cr3t"), "{told}");
    let broken = explain(&start("s3cr3t\nX: y"));
    assert!(broken.contains("cannot be sent in a header") && !broken.contains("s3cr3t"), "{broken}");
}

/// What `explain` says of a chat, on both streams.
fn explain(setup: &Setup) -> String {
    let (_, folder) = setup.command();
    run(setup, &folder, &["explain", "POST", "/x", "--config", "config.yaml"])
}

fn run(setup: &Setup, folder: &PathBuf, words: &[&str]) -> String {
    let body = folder.join("body.json");
    std::fs::write(&body, chat("x", json!({"model": "a:b"}))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    command.current_dir(folder).env_clear().envs(setup.variables()).args(words);
    if words[0] == "explain" {
        command.args(["--body", "body.json"]);
    }
    let output = command.output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn what_matters_of_an_upstream_is_shown() {
    let two = setup(
        "url: [\"http://a.test/\", \"http://b.test/\"], connect_timeout: 2, first_byte_timeout: 1m, idle_timeout: 500ms",
    );
    let told = explain(&two);
    for part in [
        "connecting: 2 s, upstreams.x.connect_timeout",
        "the first byte: 60 s, upstreams.x.first_byte_timeout",
        "silence between pieces: 0.5 s, upstreams.x.idle_timeout",
        "http://b.test/ is next when a connection cannot be made",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let (_, folder) = two.command();
    let listed = run(&two, &folder, &["routes", "--config", "config.yaml"]);
    assert!(listed.contains("http://a.test/, else http://b.test/  connect_timeout 2 s"), "{listed}");
    let tunnel = setup("url: \"http://a.test/\", connect_to: \"localhost:1\"");
    assert!(explain(&tunnel).contains("connections go to localhost:1"));
    let (_, folder) = tunnel.command();
    assert!(run(&tunnel, &folder, &["routes", "--config", "config.yaml"]).contains("by way of localhost:1"));
}

#[test]
fn an_answer_that_does_not_begin_in_time_is_a_504_that_names_the_limit() {
    let argo = Argo::start(|_, connection| {
        connection.left();
    });
    let row = format!("{}, first_byte_timeout: 300ms", urls(&[argo.address]));
    let server = with(&row);
    for more in [json!({}), streamed()] {
        let answer = ask(&server, more);
        assert_eq!((answer.status, answer.error()["code"].as_str()), (504, Some("timeout")));
        let message = message(&answer);
        assert!(message.contains("within 0.3 s (upstreams.x.first_byte_timeout"), "{message}");
    }
    let answer = ask(&server, json!({"timeout": 0.1}));
    assert!(message(&answer).contains("within 0.1 s (timeout of the request's body)"), "the earliest limit wins");
    assert_eq!(argo.requests().len(), 3);
}

#[test]
fn an_answer_that_has_begun_may_take_longer_than_its_first_byte() {
    let argo = Argo::start(|_, connection| {
        connection.stream_head();
        for piece in [b"a", b"b"] {
            connection.chunk(piece);
            std::thread::sleep(Duration::from_millis(1500));
        }
        connection.stream_end();
    });
    let answer = ask(&with(&format!("{}, first_byte_timeout: 1s", urls(&[argo.address]))), streamed());
    assert_eq!((said(&answer.body).text.as_str(), said(&answer.body).done), ("ab", true));
}

#[test]
fn silence_in_an_answer_ends_it_and_names_the_limit() {
    let argo = Argo::start(|request, connection| {
        // The first byte may take longer than the silence after it.
        std::thread::sleep(Duration::from_millis(700));
        if request.path.contains("stream") {
            connection.stream_head();
            connection.chunk(b"Hello");
        } else {
            connection.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"response\": \"Hel");
        }
        connection.left();
    });
    let server = with(&format!("{}, idle_timeout: 300ms", urls(&[argo.address])));
    let said = said(&ask(&server, streamed()).body);
    assert_eq!((said.text.as_str(), said.finish.len(), said.done), ("Hello", 0, false));
    let error = said.error.unwrap();
    assert!(error["message"].as_str().unwrap().contains("for 0.3 s (upstreams.x.idle_timeout"), "{error}");
    let answer = ask(&server, json!({}));
    assert_eq!(answer.status, 504, "the end of the connection is not the end of the answer: {answer:?}");
    assert!(message(&answer).contains("upstreams.x.idle_timeout"));
    assert_eq!(argo.requests().len(), 2);
}

#[test]
fn a_client_that_takes_its_time_is_not_the_upstreams_silence() {
    const PIECES: usize = 400;
    let pours = |_: &Recorded, connection: &mut Connection| {
        connection.stream_head();
        (0..PIECES).for_each(|_| connection.chunk(&[b'x'; 64 * 1024]));
        connection.stream_end();
    };
    let argo = Argo::start(pours);
    let path = std::env::temp_dir().join(format!("argo-{}-pours.sock", std::process::id()));
    let _recorded = Argo::on_unix(&path, pours);
    let socket = format!(
        "url: \"http://argo.test/\", stream_url: \"http://argo.test/s/\", connect_to: \"unix:{}\"",
        path.display()
    );
    for way in [urls(&[argo.address]), socket] {
        let server = with(&format!("{way}, idle_timeout: 300ms"));
        let mut client = server.client();
        let body = chat("x", json!({"model": "a:b", "stream": true}));
        client.send("POST", "/x", "Content-Type: application/json\r\n", body.as_bytes());
        std::thread::sleep(Duration::from_millis(1500));
        let said = said(&client.answer().body);
        assert_eq!((said.text.len(), said.done), (PIECES * 64 * 1024, true), "{way}: {:?}", said.error);
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn connections_are_kept_across_calls_with_limits() {
    for threads in [1, 5] {
        let argo = Argo::saying("Hi");
        let row = format!("{}, first_byte_timeout: 10s, idle_timeout: 10s", urls(&[argo.address]));
        let server =
            Setup::before(&argo).routes(&table(&[("x", row)])).config(&format!("num_workers: {threads}")).start();
        // Each over a connection of its own to the proxy.
        for _ in 0..20 {
            assert_eq!(ask(&server, json!({})).status, 200);
        }
        assert_eq!(said(&ask(&server, streamed()).body).text, "Hi");
        assert!(argo.requests().iter().all(|request| request.connection == 0), "{threads}");
    }
}

#[test]
fn unused_connections_are_kept_as_long_as_the_table_says() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let argo = Argo::start(move |_, connection| {
        connection.says("Hi");
        tell.lock().unwrap().send(connection.left()).unwrap();
    });
    let server = with(&format!("{}, keep_connections: 50ms", urls(&[argo.address])));
    assert_eq!(ask(&server, json!({})).status, 200);
    assert!(told.recv_timeout(Duration::from_secs(15)).unwrap(), "the proxy keeps it for longer");
}

#[test]
fn upstreams_never_share_connections() {
    let argo = Argo::saying("Hi");
    let url = |host: &str| format!("url: \"http://{host}:{}/\"", argo.address.port());
    let elsewhere = format!("{}, connect_to: \"{}\"", url("127.0.0.1"), argo.address);
    let rows = [("a", url("127.0.0.1")), ("b", url("127.0.0.1")), ("c", elsewhere), ("d", url("localhost"))];
    let server = Setup::before(&argo).routes(&table(&rows)).start();
    for _ in 0..2 {
        for (name, _) in &rows {
            let answer = server.post(&format!("/{name}"), &chat("x", json!({"model": "a:b"})));
            assert_eq!(answer.status, 200, "{name}");
        }
    }
    let connections: Vec<usize> = argo.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 1, 2, 3, 0, 1, 2, 3]);
}

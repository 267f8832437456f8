//! Starting and stopping.

use crate::support::{Argo, Server, Setup, chat, said};
use serde_json::json;
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Waits until the server does not accept any more.
fn until_closed(server: &Server) {
    let begun = Instant::now();
    while std::net::TcpStream::connect(server.address).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it still accepts");
        std::thread::yield_now();
    }
}

#[test]
fn a_signal_waits_for_streams_in_flight_and_no_longer() {
    // A single thread has a runtime of its own kind.
    for (signal, threads) in [("TERM", 1), ("INT", 2)] {
        let (argo, go) = Argo::halting();
        let server = Setup::before(&argo).config(&format!("drain_timeout: 25\nnum_workers: {threads}")).start();
        let mut client = server.client();
        client.send("POST", "/v1/chat/completions", "", chat("x", json!({"stream": true})).as_bytes());
        assert_eq!(client.head().status, 200);
        let mut body = client.chunk().unwrap();
        server.signal(signal);
        until_closed(&server);
        go.send(()).unwrap();
        while let Some(piece) = client.chunk().filter(|piece| !piece.is_empty()) {
            body.extend(piece);
        }
        assert_eq!((said(&body).text.as_str(), said(&body).done), ("ab", true));
        let begun = Instant::now();
        let (status, log) = server.ended();
        assert!(status.success(), "{log}");
        assert!(begun.elapsed() < Duration::from_secs(10), "it waits for nothing");
    }
}

#[test]
fn what_takes_longer_than_the_drain_timeout_is_cut() {
    let argo = Argo::start(|_, connection| {
        connection.left();
    });
    let server = Setup::before(&argo).config("drain_timeout: 1").start();
    let mut client = server.client();
    client.send("POST", "/v1/chat/completions", "", chat("x", json!({})).as_bytes());
    while argo.requests().is_empty() {
        std::thread::yield_now();
    }
    server.signal("TERM");
    let (status, log) = server.ended();
    assert!(status.success());
    assert!(log.contains("requests cut: 1") && log.contains("drain_timeout (1 s)"), "{log}");
}

#[test]
fn who_has_read_that_it_listens_may_send_a_signal() {
    let argo = Argo::saying("Hi");
    for _ in 0..5 {
        let server = Server::before(&argo);
        server.signal("TERM");
        let (status, log) = server.ended();
        assert!(status.success() && log.contains("stopped: nothing is in flight"), "{status}: {log}");
    }
}

/// pingora's own timers have a thread that wakes a hundred times a second, for as long as the process lives.
#[test]
#[cfg(target_os = "linux")]
fn no_thread_wakes_all_the_time() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    for more in [json!({}), json!({"stream": true}), json!({"n": 2})] {
        assert_eq!(server.chat(&chat("x", more)).status, 200);
    }
    let threads = std::fs::read_dir(format!("/proc/{}/task", server.process())).unwrap();
    let names: Vec<String> =
        threads.filter_map(|thread| std::fs::read_to_string(thread.unwrap().path().join("comm")).ok()).collect();
    assert!(!names.is_empty() && !names.iter().any(|name| name.trim() == "Timer thread"), "{names:?}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let argo = Argo::start(|_, connection| {
        connection.left();
    });
    let server = Server::before(&argo);
    let mut client = server.client();
    client.send("POST", "/v1/chat/completions", "", chat("x", json!({})).as_bytes());
    while argo.requests().is_empty() {
        std::thread::yield_now();
    }
    server.signal("TERM");
    until_closed(&server);
    server.signal("TERM");
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("requests cut: 1"), "{log}");
}

#[test]
fn a_port_in_use_is_one_sentence_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let argo = Argo::saying("Hi");
    let port = taken.local_addr().unwrap().port();
    let (mut command, _) = Setup::before(&argo).command();
    let output = command.args(["--port", &port.to_string()]).output().unwrap();
    // clap refuses a flag that stands twice; so the configuration gets the port instead.
    assert_eq!(output.status.code(), Some(2));
    let (command, folder) = Setup::before(&argo).config(&format!("port: {port}")).command();
    drop(command);
    let output =
        Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy")).env_clear().current_dir(folder).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("port {port} on 127.0.0.1 is in use")) && text.contains("--port"), "{text}");
    assert!(!text.contains("listening"), "{text}");
}

#[test]
fn the_banner_says_what_is_served_and_how_to_use_it() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    // The line that says "listening" is not the last one.
    while !server.log().contains("Ctrl-C") {
        std::thread::yield_now();
    }
    let log = server.log();
    let port = server.address.port();
    for part in [
        "config    config.yaml",
        "routes    built-in routes.yaml (28 routes, ",
        &format!("upstream  argo_chat http://{}/argoapi/api/v1/resource/chat/, streams http://", argo.address),
        "access    own",
        "instance  ",
        &format!("page      http://127.0.0.1:{port}/\n"),
        &format!("export OPENAI_BASE_URL=http://127.0.0.1:{port}/v1"),
        &format!("curl http://127.0.0.1:{port}/v1/chat/completions"),
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo)
        .config("port: 1\nhost: 192.0.2.1")
        .environment("ARGO_PROXY_HOST", "127.0.0.1")
        .environment("PORT", "2")
        .start();
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn variables_of_other_programs_do_not_keep_it_from_starting() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo)
        .environment("HOST", "login3.example.org")
        .environment("PORT", "tcp://10.0.0.1:80")
        .environment("VERBOSE", "2")
        .start();
    assert_eq!(server.get("/health").status, 200);
    assert!(server.address.ip().is_loopback());
    assert!(server.log().contains("warning: \"2\" is neither true nor false"), "{}", server.log());
    for host in ["x86_64-conda-linux-gnu", "0.0.0.0"] {
        let demo = Server::demo_with(&[("HOST", host)]);
        assert!(demo.address.ip().is_loopback(), "{}", demo.log());
    }
}

#[test]
fn without_a_configuration_and_a_terminal_it_says_what_to_do() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-config");
    std::fs::create_dir_all(&folder).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"))
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended before it reads.
    let _ = child.stdin.take().unwrap().write_all(b"y\n");
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("init --yes --user"), "{text}");
}

#[test]
fn the_demo_needs_nothing() {
    let server = Server::demo();
    let answer = server.chat(&chat("say hello", json!({})));
    assert_eq!(answer.status, 200);
    assert!(answer.json()["choices"][0]["message"]["content"].as_str().unwrap().contains("Hello"));
    // Only native endpoints count reasoning.
    assert!(answer.json()["usage"]["completion_tokens_details"]["reasoning_tokens"].is_u64(), "{answer:?}");
    let stream = said(&server.chat(&chat("emoji", json!({"stream": true}))).body);
    assert!(stream.done && stream.text.contains('👋'));
    assert_eq!(server.post("/v1/embeddings", r#"{"input": ["a", "b"]}"#).json()["data"].as_array().unwrap().len(), 2);
    assert_eq!(server.get("/v1/status").status, 200);
}

#[test]
fn check_routes_and_models_say_what_is_served() {
    let argo = Argo::saying("Hi");
    let (_, folder) = Setup::before(&argo).routes(include_str!("../../routes.yaml")).command();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
        let output = command.env_clear().current_dir(&folder).args(arguments).output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        (output.status.code(), out, err)
    };
    let (code, out, err) = run(&["check"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("28 routes"), "{out}");
    let (_, out, _) = run(&["routes"]);
    assert!(
        out.lines().any(|line| line.starts_with("POST") && line.contains("/v1/embeddings") && line.contains("/embed/")),
        "{out}"
    );
    let (_, out, _) = run(&["routes", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(rows[0]["stream_url"].as_str().unwrap().ends_with("/streamchat/"));
    let (_, out, _) = run(&["models"]);
    let line = |name: &str| out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {out}"));
    assert!(line("argo:gpt-4o ").contains(" gpt4o ") && line("argo:gpt-4o ").contains(" default "), "{out}");
    assert!(line("argo:gpt-4-32k ").contains(" deprecated ") && line("argo:gpt-5 ").contains("routes.yaml:"), "{out}");
    let (_, out, _) = run(&["models", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&out).unwrap();
    let usual = rows.as_array().unwrap().iter().find(|row| row["name"] == "argo:gpt-4o").unwrap();
    assert!(usual["from"].as_str().unwrap().contains("routes.yaml:"), "{usual}");
    let marks = ["id", "default", "hidden", "deprecated", "pattern"].map(|key| &usual[key]);
    assert_eq!(marks, [&json!("gpt4o"), &json!(true), &json!(false), &json!(false), &json!(false)]);

    std::fs::write(
        folder.join("routes.yaml"),
        "version: 1\nupstreams: {}\nmodels: {}\nroutes:\n  - { path: /a, replay: health }\n",
    )
    .unwrap();
    let (code, _, err) = run(&["check"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("routes.yaml:5:") && err.contains("replay"), "{err}");
}

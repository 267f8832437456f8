//! `check --online`: what is told of URLs, and of models that one side lacks.

use crate::support::{Argo, Setup, StandIn};
use crate::upstream_options::{refusing, table};
use crate::upstream_tls::{self, Authority, HOST};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

struct Checked {
    code: Option<i32>,
    out: String,
    err: String,
}

fn check(setup: &Setup, more: &[&str]) -> Checked {
    let (_, folder) = setup.command();
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    command.current_dir(&folder).env_clear().envs(setup.variables()).args(["check", "--online"]).args(more);
    let output = command.output().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Checked { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A table with these upstreams.
fn with(rows: &[(&str, String)]) -> Setup {
    Setup::before_address(([127, 0, 0, 1], 9).into()).routes(&table(rows))
}

fn url(address: SocketAddr) -> String {
    format!("url: \"http://{address}/chat/\", connect_timeout: 20s")
}

/// An upstream that answers every question with this status.
fn answering(status: u16, headers: &'static str) -> Argo {
    Argo::start(move |_, connection| connection.whole(status, headers, b""))
}

/// The line of an upstream.
fn line<'o>(out: &'o str, name: &str) -> &'o str {
    out.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap_or_else(|| panic!("no {name}: {out}"))
}

#[test]
fn what_is_alive_is_told_with_its_time_and_asked_once_without_tokens() {
    let argo = answering(405, "");
    let row =
        format!("{}, stream_url: \"http://{}/stream/\", headers: {{ X-Lab: one }}", url(argo.address), argo.address);
    let checked = check(&with(&[("x", row)]), &["--deny-warnings"]);
    assert_eq!((checked.code, checked.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = checked.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", checked.out);
    for (line, path) in lines.iter().zip(["chat", "stream"]) {
        assert!(line.starts_with("x  http://") && line.contains(&format!("/{path}/ ")), "{line}");
        assert!(line.contains("works (405") && line.ends_with(" ms"), "{line}");
    }
    assert!(lines[2].starts_with("all right: config.yaml"), "{}", checked.out);
    let requests = argo.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!((request.method.as_str(), request.header("x-lab"), request.body.len()), ("GET", Some("one"), 0));
        assert_eq!(request.header("host"), Some(argo.address.to_string().as_str()));
    }
}

#[test]
fn answers_that_calls_would_not_survive_are_problems() {
    let away = Argo::start(|request, connection| {
        connection.whole(307, &format!("Location: {}/\r\n", request.path), b"");
    });
    let (denied, failing, odd) = (answering(403, ""), answering(502, ""), answering(400, ""));
    let rows = [
        ("away", format!("url: \"http://{}/chat\"", away.address)),
        ("denied", url(denied.address)),
        ("failing", url(failing.address)),
        ("odd", url(odd.address)),
    ];
    let checked = check(&with(&rows), &["--format", "json"]);
    assert_eq!(checked.code, Some(1));
    let problems: Value = serde_json::from_str(&checked.out).unwrap();
    let of = |name: &str| {
        let setting = format!("upstreams.{name}.url: http://");
        let mine = |row: &&Value| row["message"].as_str().unwrap().starts_with(&setting);
        problems.as_array().unwrap().iter().rfind(mine).unwrap_or_else(|| panic!("no {name}: {problems:#}"))
    };
    assert!(of("away")["message"].as_str().unwrap().contains("redirects (307) to /chat/"), "{problems:#}");
    assert!(of("away")["help"].as_str().unwrap().starts_with(&format!("write http://{}/chat/,", away.address)));
    assert_eq!((&of("away")["file"], &of("away")["line"]), (&json!("routes.yaml"), &json!(3)));
    assert!(of("denied")["message"].as_str().unwrap().contains("denied from here (403)"));
    assert!(of("failing")["message"].as_str().unwrap().contains("fails at the moment (502)"));
    assert_eq!(of("odd")["severity"], "warning");
    let text = check(&with(&[("odd", url(odd.address))]), &[]);
    assert_eq!(text.code, Some(0), "{}", text.err);
    assert!(line(&text.out, "odd").contains("answers 400"), "{}", text.out);
}

#[test]
fn urls_that_cannot_be_reached_say_why() {
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    let hanging = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&hanging, Duration::from_millis(300)) {
        waiting.push(stream);
    }
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let babble = Argo::start(|_, connection| {
        connection.raw(b"SSH-2.0-OpenSSH\r\n\r\n");
        connection.close();
    });
    let rows = [
        ("refused", url(refusing())),
        ("hanging", format!("url: \"http://{hanging}/\", connect_timeout: 300ms")),
        ("watched", format!("url: \"http://{hanging}/\", connect_timeout: 300ms, idle_timeout: 9s")),
        ("mute", format!("url: \"http://{}/\", connect_timeout: 300ms", mute.local_addr().unwrap())),
        ("nameless", "url: \"http://no-such-host.invalid/\"".to_owned()),
        ("babble", url(babble.address)),
        ("socket", "url: \"http://h/\", connect_to: \"unix:/nowhere/argo.sock\"".to_owned()),
        ("tunnel", format!("url: \"http://h/\", connect_to: \"{}\"", refusing())),
    ];
    let checked = check(&with(&rows), &[]);
    assert_eq!(checked.code, Some(1), "{}", checked.out);
    for (name, said) in [
        ("refused", "connection refused by 127.0.0.1:"),
        ("hanging", "no answer to connecting within 0.3 s"),
        ("watched", "no answer to connecting within 0.3 s"),
        ("mute", "connected, but no answer within 0.3 s"),
        ("nameless", "host name not found (DNS: "),
        ("babble", "what answers is not HTTP ("),
        ("socket", "no connection to the socket /nowhere/argo.sock (No such file"),
        ("tunnel", "connection refused by 127.0.0.1:"),
    ] {
        assert!(line(&checked.out, name).contains(said), "{name}: {}", checked.out);
        assert!(checked.err.contains(&format!("error: upstreams.{name}.url: http://")), "{name}: {}", checked.err);
    }
    assert!(!checked.err.contains("VPN"), "none of these is ARGO's own host: {}", checked.err);
    assert!(checked.err.contains("The way is set by upstreams.tunnel.connect_to"), "{}", checked.err);
    assert!(checked.err.contains(" by way of unix:/nowhere/argo.sock: "), "{}", checked.err);
    assert!(checked.err.ends_with("\n8 errors\n") && !checked.out.contains("all right"), "{}", checked.err);
}

#[test]
fn faults_of_tls_are_told_apart() {
    let authority = Authority::new();
    let argo = upstream_tls::argo(&authority, None);
    let garbage = TcpListener::bind("127.0.0.1:0").unwrap();
    let no_tls = garbage.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in garbage.incoming() {
            std::io::Write::write_all(&mut stream.unwrap(), b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        }
    });
    let row = |host: &str, to: SocketAddr, tls: &str| format!("url: \"https://{host}/\", connect_to: \"{to}\"{tls}");
    let rows = [
        ("trusted", row(HOST, argo.address, ", tls: { ca: ca.pem }")),
        ("stranger", row(HOST, argo.address, "")),
        ("misnamed", row("other.test", argo.address, ", tls: { ca: ca.pem }")),
        ("plain", row(HOST, no_tls, "")),
    ];
    let checked = check(&with(&rows).file("ca.pem", &authority.certificate.pem()), &[]);
    assert_eq!(checked.code, Some(1));
    for (name, said) in [
        ("trusted", "works (answers 200)"),
        ("stranger", "nobody whom this machine trusts vouches for its certificate"),
        ("misnamed", "its certificate is for another name"),
        ("plain", "it does not speak TLS"),
    ] {
        assert!(line(&checked.out, name).contains(said), "{name}: {}", checked.out);
    }
    assert!(
        checked.err.contains("upstreams.stranger.tls.ca") && checked.err.ends_with("\n3 errors\n"),
        "{}",
        checked.err
    );
}

/// An ARGO that lists models and refuses all other questions.
fn listing(body: &'static str) -> Argo {
    Argo::start(move |request, connection| match request.path.as_str() {
        "/models" => connection.json(200, body),
        _ => connection.whole(405, "", b""),
    })
}

/// A table of two upstreams that share a list, and of one that has none.
fn lists(argo: &Argo) -> Setup {
    let at = argo.address;
    let text = format!(
        r#"version: 1
upstreams:
  a: {{ url: "http://{at}/a/", models_url: "http://{at}/models", dialect: argo }}
  b: {{ url: "http://{at}/b/", models_url: "http://{at}/models", dialect: argo }}
  c: {{ url: "http://{at}/c/", dialect: argo }}
models:
  one: {{ default: lab:one, show: {{ owned_by: x, created: 1 }}, names: {{ lab:one: one1,
    lab:gone: gone1 }} }}
  two: {{ default: lab:two, show: {{ owned_by: x, created: 1 }}, names: {{ lab:two: two2, lab:taken: other, "lab:*": "star-*" }} }}
  far: {{ default: lab:far, show: {{ owned_by: x, created: 1 }}, names: {{ lab:far: far3 }} }}
routes:
  - {{ path: /a, upstream: a, models: one, transformer: openai_chat_completions }}
  - {{ path: /b, upstream: b, models: two, transformer: openai_chat_completions }}
  - {{ path: /c, upstream: c, models: far, transformer: openai_chat_completions }}
"#
    );
    Setup::before(argo).routes(&text)
}

#[test]
fn models_that_one_side_lacks_are_told_from_both_forms_of_the_list() {
    let new = r#"{"object":"list","data":[{"id":"One","internal_id":"one1"},{"id":"Two","internal_id":"two2"},
        {"id":"Far","internal_id":"far3"},{"id":"Big One 9","internal_id":"big9"},{"id":"Taken","internal_id":"taken1"},
        {"id":"Star","internal_id":"star-x"},{"id":"Other","internal_id":"other"}]}"#;
    let old = r#"{"data":[{"id":"one1","model_name":"One"},{"id":"two2","model_name":"Two"},
        {"id":"far3","model_name":"Far"},{"id":"big9","model_name":"Big One 9"},{"id":"taken1","model_name":"Taken"},
        {"id":"star-x","model_name":"Star"},{"id":"other","model_name":"Other"}]}"#;
    for list in [new, old] {
        let argo = listing(list);
        let checked = check(&lists(&argo), &["--format", "json"]);
        assert_eq!(checked.code, Some(0), "{}", checked.out);
        let problems: Value = serde_json::from_str(&checked.out).unwrap();
        let told: Vec<(u64, &str, &str)> = problems
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                assert_eq!(row["severity"], "warning");
                (row["line"].as_u64().unwrap(), row["message"].as_str().unwrap(), row["help"].as_str().unwrap())
            })
            .collect();
        let gone = format!("'lab:gone': its id 'gone1' is not listed by http://{}/models", argo.address);
        assert_eq!(
            told,
            [
                (
                    3,
                    "upstreams.a.models_url: 'Big One 9' is listed, and no group of the table has it",
                    "add to the names of a group:  lab:big-one-9: big9"
                ),
                (
                    3,
                    "upstreams.a.models_url: 'Taken' is listed, and no group of the table has it",
                    "its usual name lab:taken is taken (routes.yaml:9): add taken1 under another name to the names of a group"
                ),
                (8, gone.as_str(), "take the name out, unless it still answers"),
            ]
        );
        assert_eq!(argo.lists_asked(), 1, "a list is asked for once");
        let text = check(&lists(&argo), &["--deny-warnings"]);
        assert_eq!(text.code, Some(1));
        assert!(text.out.contains("/models  works (answers 200), lists 7 models, "), "{}", text.out);
    }
}

#[test]
fn a_list_that_is_none_is_a_problem() {
    for (body, why) in [
        (r#"{"models":["a"]}"#, "it has no list 'data'"),
        (r#"{"data":[{"id":"one1"}]}"#, "data[0] has neither id and internal_id nor id and model_name"),
        ("<html>", "its answer is not JSON"),
    ] {
        let checked = check(&lists(&listing(body)), &[]);
        assert_eq!(checked.code, Some(1), "{body}");
        assert!(checked.err.contains(why) && checked.err.ends_with("\n1 error\n"), "{body}: {}", checked.err);
    }
    let none = check(&lists(&answering(405, "")), &[]);
    assert!(none.err.contains("reached, but lists nothing (405)"), "{}", none.err);
}

#[test]
fn the_shipped_table_agrees_with_the_stand_in() {
    let stand_in = StandIn::start();
    let checked = check(&Setup::before_address(stand_in.address).with_list(), &["--deny-warnings"]);
    assert_eq!((checked.code, checked.err.as_str()), (Some(0), ""), "{}", checked.out);
    assert_eq!(checked.out.matches("works (405").count(), 3, "{}", checked.out);
    assert_eq!(checked.out.matches(", lists ").count(), 1, "{}", checked.out);
}

#[test]
fn files_that_are_wrong_are_told_and_nobody_is_asked() {
    let argo = answering(405, "");
    let broken = table(&[("x", url(argo.address))]).replace("models: m,", "models: nobody,");
    let checked = check(&Setup::before(&argo).routes(&broken), &[]);
    assert_eq!((checked.code, checked.out.as_str()), (Some(1), ""));
    assert!(checked.err.contains("no group is named 'nobody'"), "{}", checked.err);
    assert!(argo.requests().is_empty());
}

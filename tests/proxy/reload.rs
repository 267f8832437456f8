//! Changing what is served while it is served.

use crate::support::{Argo, Server, Setup, chat};
use argo_openai_proxy::loading::FixedSettings;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SHIPPED: &str = include_str!("../../routes.yaml");

pub fn with_model(name: &str) -> String {
    SHIPPED.replace("    names:\n      # The table", &format!("    names:\n      {name}: brandnew\n      # The table"))
}

/// Writes as careful programs do: beside it, then in its place.
pub fn replace(file: &PathBuf, text: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, file).unwrap();
}

/// Asks until the answer is as wanted.
pub fn until(what: &str, mut ask: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !ask() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::yield_now();
    }
}

pub fn table(server: &Server) -> Value {
    server.get("/health").json()["table"].clone()
}

#[test]
fn an_edited_table_goes_live_and_a_broken_one_changes_nothing() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).routes(SHIPPED).start();
    let file = server.file("routes.yaml");
    let ask = || server.chat(&chat("x", json!({"model": "lab:new"}))).status;
    let before = table(&server);
    assert_eq!(ask(), 404);
    replace(&file, &with_model("lab:new"));
    until("the new model", || ask() == 200);
    let after = table(&server);
    assert_ne!(after["version"], before["version"]);

    std::fs::write(&file, with_model("lab:new").replace("reply: health", "reply: halth")).unwrap();
    until("the broken table is told", || table(&server)["newer_file_is_broken"] == true);
    assert_eq!((ask(), table(&server)["version"].clone()), (200, after["version"].clone()));
    until("the report", || server.log().contains("did you mean 'health'"));
    until("what it means", || server.log().contains("the last good table stays in use"));

    std::fs::remove_file(&file).unwrap();
    until("the missing file", || server.log().contains("the file has gone"));
    assert_eq!(ask(), 200);

    std::fs::write(&file, SHIPPED).unwrap();
    until("the first table", || {
        let now = table(&server);
        now["version"] == before["version"] && now["newer_file_is_broken"] == false
    });
    assert_eq!(ask(), 404);
}

#[test]
fn two_hundred_edits_under_load_fail_no_request() {
    let argo = Argo::start(|request, connection| match request.path.contains("stream") {
        true => connection.streams(&[b"Hel", b"lo"]),
        false => connection.says("Hello"),
    });
    let server = Setup::before(&argo).routes(SHIPPED).config("verbose: false").start();
    let file = server.file("routes.yaml");
    let (over, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for streamed in [false, true] {
            let (server, over, served) = (&server, &over, &served);
            scope.spawn(move || {
                let mut client = server.client();
                while !over.load(Ordering::Relaxed) {
                    let answer = client.post("/v1/chat/completions", &chat("x", json!({ "stream": streamed })));
                    assert!(answer.status == 200 && answer.complete, "{answer:?}");
                    served.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let begun = Instant::now();
        for edit in 0..200 {
            let text = if edit % 5 == 4 { "nonsense: [".to_owned() } else { with_model(&format!("lab:edit-{edit}")) };
            replace(&file, &text);
            // SIGHUP takes each edit, without waiting for the file to stand still.
            server.signal("HUP");
            let wanted = served.load(Ordering::Relaxed) + 2;
            until("requests between two edits", || {
                served.load(Ordering::Relaxed) >= wanted || begun.elapsed().as_secs() > 60
            });
        }
        replace(&file, &with_model("lab:last"));
        until("the last edit", || server.get("/v1/models/lab:last").status == 200);
        over.store(true, Ordering::Relaxed);
    });
    assert!(served.load(Ordering::Relaxed) >= 400);
}

#[test]
fn a_request_in_flight_keeps_the_table_it_began_with() {
    let (argo, go) = Argo::halting();
    let server = Setup::before(&argo).routes(&with_model("lab:old")).start();
    let mut client = server.client();
    client.send("POST", "/v1/chat/completions", "", chat("x", json!({"model": "lab:old", "stream": true})).as_bytes());
    assert_eq!(client.head().status, 200);
    let mut body = client.chunk().unwrap();
    replace(&server.file("routes.yaml"), SHIPPED);
    until("the model has gone", || server.get("/v1/models/lab:old").status == 404);
    go.send(()).unwrap();
    while let Some(piece) = client.chunk().filter(|piece| !piece.is_empty()) {
        body.extend(piece);
    }
    let said = crate::support::said(&body);
    assert_eq!((said.text.as_str(), said.done), ("ab", true));
}

#[test]
fn the_configuration_is_reloaded_too_and_what_cannot_be_is_told() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("drain_timeout: 5").start();
    let file = server.file("config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let user = || {
        assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
        argo.requests().pop().unwrap().json()["user"].clone()
    };
    assert_eq!(user(), "tester");
    replace(&file, &text.replace("user: tester", "user: somebody"));
    until("the new user", || user() == "somebody");
    replace(&file, &text.replace("drain_timeout: 5", "drain_timeout: 6\nnum_workers: 9"));
    until("what needs a restart", || server.log().contains("num_workers has changed"));
    until("the other one", || server.log().contains("drain_timeout has changed"));
    replace(&file, &text.replace("user: tester", "user: \"not a name\""));
    until("the mistake", || server.log().contains("not reloaded"));
    assert_eq!(user(), "tester");
}

#[test]
fn urls_and_time_limits_of_the_configuration_change_while_it_runs() {
    let (first, second) = (Argo::saying("first"), Argo::saying("second"));
    let server = Setup::before(&first).config("timeout: 60").start();
    let file = server.file("config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let says = |more: Value| {
        let answer = server.chat(&chat("x", more));
        assert_eq!(answer.status, 200, "{answer:?}");
        if answer.header("content-type") == Some("application/json") {
            return answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
        }
        crate::support::said(&answer.body).text
    };
    let moved = text.replace(&first.address.to_string(), &second.address.to_string());
    let url = |key: &str, from: &str| from.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert_eq!((says(json!({})), says(json!({"stream": true}))), ("first".to_owned(), "first".to_owned()));
    // One URL at a time: the others stay where they were.
    replace(&file, &text.replace(&url("argo_url", &text), &url("argo_url", &moved)));
    until("the new argo_url", || says(json!({})) == "second");
    assert_eq!(says(json!({"stream": true})), "first");
    replace(&file, &moved);
    until("the new argo_stream_url", || says(json!({"stream": true})) == "second");

    let (silent, _asked, _left) = Argo::silent();
    let late =
        moved.replace(&second.address.to_string(), &silent.address.to_string()).replace("timeout: 60", "timeout: 0.2");
    replace(&file, &late);
    let ask = || server.chat(&chat("x", json!({})));
    until("the new time limit", || ask().status == 504);
    let message = ask().error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("0.2 s"), "{message}");
    replace(&file, &text);
    until("the first of all", || ask().status == 200);
    assert_eq!((says(json!({})), says(json!({"stream": true}))), ("first".to_owned(), "first".to_owned()));
}

#[test]
fn each_key_that_needs_a_new_start_is_told_and_no_other() {
    let argo = Argo::saying("Hi");
    let kept = "host: 127.0.0.1\nport: 1\nnum_workers: 1\ndrain_timeout: 5\nsocket: run/a.sock\nrun_dir: run\nlog_file: a.log\n\
                admin: 127.0.0.1:0\nmetrics_by_caller: false\n";
    let server = Setup::before(&argo).config(kept).start();
    let changed = "host: localhost\nport: 2\nnum_workers: 2\ndrain_timeout: 6\nsocket: run/b.sock\nrun_dir: other\nlog_file: b.log\n\
                   admin: none\nmetrics_by_caller: true\ntimeout: 7\nverbose: false\nmax_body: 1MiB\n";
    let file = server.file("config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    replace(&file, &text.replace(kept.trim_end(), changed.trim_end()));
    let log = || std::fs::read_to_string(server.file("a.log")).unwrap_or_default();
    until("the reload", || log().contains("reloaded: "));
    let told = log();
    let told = told.lines().filter_map(|line| line.split_once("] ")?.1.split_once(" has changed in the configuration"));
    let told: BTreeSet<&str> = told.map(|(key, _)| key).collect();
    // The port is a flag of this process, which beats the file; a certificate would have to be made for `tls`.
    let wanted: BTreeSet<&str> = FixedSettings::keys().filter(|key| !["port", "tls"].contains(key)).collect();
    assert_eq!(told, wanted);
}

/// Kubernetes shows a ConfigMap so: names that are links to `..data`, which is a link to a folder, and is replaced as a whole.
#[test]
fn files_of_a_mounted_map_are_taken_when_the_map_changes() {
    let argo = Argo::saying("Hi");
    let (command, folder) = Setup::before(&argo).routes(SHIPPED).command();
    let names = ["config.yaml", "routes.yaml"];
    std::fs::create_dir(folder.join("..1")).unwrap();
    for name in names {
        std::fs::rename(folder.join(name), folder.join("..1").join(name)).unwrap();
        std::os::unix::fs::symlink(format!("..data/{name}"), folder.join(name)).unwrap();
    }
    std::os::unix::fs::symlink("..1", folder.join("..data")).unwrap();
    let server = Server::run(command, folder.clone());
    let ask = || server.chat(&chat("x", json!({"model": "lab:new"}))).status;
    let before = table(&server);
    assert_eq!(ask(), 404);

    std::fs::create_dir(folder.join("..2")).unwrap();
    std::fs::copy(folder.join("..1/config.yaml"), folder.join("..2/config.yaml")).unwrap();
    std::fs::write(folder.join("..2/routes.yaml"), with_model("lab:new")).unwrap();
    std::os::unix::fs::symlink("..2", folder.join("..data_tmp")).unwrap();
    std::fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    std::fs::remove_dir_all(folder.join("..1")).unwrap();
    until("the new model", || ask() == 200);
    assert_ne!(table(&server)["version"], before["version"]);
    assert!(server.log().contains("reloaded: table"), "{}", server.log());
}

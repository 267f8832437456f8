//! The terminal that a process was started on, and its end.
#![cfg(target_os = "linux")]

use crate::reload::until;
use crate::skipped::skip;
use crate::support::{Argo, Server, Setup};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A process on a terminal of its own, which `script` holds.
struct OnTerminal {
    script: Child,
    folder: PathBuf,
    address: String,
}

impl OnTerminal {
    /// Starts the proxy by way of these words of a shell; `None` where there is no `script`.
    fn start(argo: &Argo, test: &str, words: &str) -> Option<Self> {
        if Command::new("script").arg("--version").output().is_err() {
            skip(test, "there is no `script`");
            return None;
        }
        let (_, folder) = Setup::before(argo).config("drain_timeout: 5").command();
        let program = env!("CARGO_BIN_EXE_argo-openai-proxy");
        let words = words.replace("SERVE", &format!("{program} serve --config config.yaml --port 0 2> log"));
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &words, "/dev/null"]).current_dir(&folder);
        script
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("XDG_RUNTIME_DIR", &folder)
            .env("SHELL", "/bin/sh");
        let script = script.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("it listens", || log(&folder).contains("Ctrl-C stops it"));
        let address = log(&folder).split_once("listening on http://").unwrap().1.lines().next().unwrap().to_owned();
        Some(OnTerminal { script, folder, address })
    }

    fn process(&self) -> String {
        let mut found = None;
        until("its place", || {
            let entries = std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path().join("pid"));
            found = entries.into_iter().find_map(|pid| std::fs::read_to_string(pid).ok()).filter(|pid| !pid.is_empty());
            found.is_some()
        });
        found.unwrap().trim().to_owned()
    }

    fn answers(&self) -> bool {
        TcpStream::connect(&self.address).is_ok()
    }

    /// Closes the terminal, as a window that is closed does.
    fn close(&mut self) {
        self.script.kill().unwrap();
        self.script.wait().unwrap();
    }
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

fn signal(name: &str, process: &str) {
    assert!(Command::new("kill").args([name, process]).status().unwrap().success());
}

#[test]
fn a_closed_terminal_ends_the_process_in_its_foreground() {
    let argo = Argo::saying("Hi");
    let test = "a_closed_terminal_ends_the_process_in_its_foreground";
    let Some(mut started) = OnTerminal::start(&argo, test, "exec SERVE") else { return };
    // While the terminal is there, the signal means what it always means.
    signal("-HUP", &started.process());
    until("it reloads", || log(&started.folder).contains("reloaded"));
    assert!(started.answers());
    started.close();
    until("it ends", || log(&started.folder).contains("stopped: nothing is in flight"));
    until("the port is free", || !started.answers());
    assert!(log(&started.folder).contains("the terminal that this process was started on is closed"));
    std::fs::remove_dir_all(&started.folder).unwrap();
}

#[test]
fn under_nohup_it_outlives_its_terminal() {
    let argo = Argo::saying("Hi");
    let test = "under_nohup_it_outlives_its_terminal";
    for words in ["exec nohup SERVE", "trap '' HUP; exec SERVE"] {
        let Some(mut started) = OnTerminal::start(&argo, test, words) else { return };
        let process = started.process();
        started.close();
        // The end of the terminal is a signal to reload, as before.
        until("it reloads", || log(&started.folder).contains("reloaded"));
        assert!(started.answers(), "{words}");
        signal("-TERM", &process);
        until("it ends", || log(&started.folder).contains("stopped: nothing is in flight"));
        std::fs::remove_dir_all(&started.folder).unwrap();
    }
}

#[test]
fn a_proxy_of_the_clients_is_told_at_the_start() {
    let argo = Argo::saying("Hi");
    let with = |name: &str, value: &str| Setup::before(&argo).environment(name, value);
    let started = |server: &Server| until("all is told", || server.log().contains("Ctrl-C"));
    let server = with("http_proxy", "http://gate.example:3128").start();
    started(&server);
    assert!(server.log().contains("http_proxy is set without 127.0.0.1 in no_proxy"), "{}", server.log());
    let server = with("http_proxy", "http://gate.example:3128").environment("no_proxy", "127.0.0.1").start();
    started(&server);
    assert!(!server.log().contains("http_proxy"), "{}", server.log());
}

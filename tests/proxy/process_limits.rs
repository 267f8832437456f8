//! Limits that batch systems and service managers set to a process: under a low one the proxy works, or says what it lacks and ends.

use crate::skipped::skip;
use crate::support::{Argo, Server, Setup, chat};
use rustix::process::geteuid;
use serde_json::json;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Somebody to whom limits apply, as they do not to root. No such account is needed.
const USER: u32 = 4003;
const NEEDS: &str = "it takes util-linux's prlimit, and a program that other users can run";

/// The command that runs the proxy under a limit, and its folder.
fn limited(setup: &Setup, limit: &str) -> (Command, PathBuf) {
    let (own, folder) = setup.command();
    let mut command = Command::new("prlimit");
    command.arg(limit).arg(own.get_program()).args(own.get_args());
    command.current_dir(&folder).env_clear().env("XDG_RUNTIME_DIR", &folder).env("PATH", "/usr/bin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if geteuid().is_root() {
        for place in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).chain([folder.clone()]) {
            chown(place, Some(USER), Some(USER)).unwrap();
        }
        command.uid(USER).gid(USER);
    }
    (command, folder)
}

/// Returns true if the program can be run under a limit here.
fn is_possible() -> bool {
    let mut command = Command::new("prlimit");
    command.args(["--nofile=64", env!("CARGO_BIN_EXE_argo-openai-proxy"), "--version"]);
    if geteuid().is_root() {
        command.uid(USER).gid(USER);
    }
    command.output().is_ok_and(|output| output.status.success())
}

#[test]
fn what_the_process_lacks_is_told_and_nothing_stays_behind() {
    if !is_possible() {
        return skip("what_the_process_lacks_is_told_and_nothing_stays_behind", NEEDS);
    }
    let argo = Argo::saying("Hi");
    for (limit, words) in [
        ("--nproc=4", "threads that it needs (limits: processes 4"),
        ("--nproc=8", "threads that it needs (limits: processes 8"),
        ("--as=190000000", "the system gives this process"),
        ("--data=90000000", "the system gives this process"),
    ] {
        let (mut command, folder) = limited(&Setup::before(&argo), limit);
        // This waits for the end of the process.
        let output = command.output().unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{limit}: {text}");
        assert!(text.contains(words) && text.contains("num_workers"), "{limit}: {text}");
        assert!(!text.contains("panicked") && !text.contains("listening"), "{limit}: {text}");
    }
}

#[test]
fn a_limit_of_file_sizes_is_outlived() {
    if !is_possible() {
        return skip("a_limit_of_file_sizes_is_outlived", NEEDS);
    }
    let argo = Argo::saying("Hi");
    // The log reaches it with the first lines.
    let setup = Setup::before(&argo).config("verbose: true\nlog_file: proxy.log\nrun_dir: run\naccess: open");
    let (command, folder) = limited(&setup, "--fsize=100");
    let server = Server::run(command, folder);
    for _ in 0..20 {
        assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
    }
    assert!(std::fs::metadata(server.file("proxy.log")).unwrap().len() <= 100);
    server.signal("TERM");
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
}

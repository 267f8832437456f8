//! Standard error that cannot be written: the disk is full, the terminal closed, or the reader of a pipe gone.

use crate::reload::until;
use crate::support::{Argo, Client, Setup};
use std::fs::File;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Outputs to which every write fails, newly made.
fn unwritable() -> Vec<(&'static str, Stdio)> {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let full = File::options().write(true).open("/dev/full");
    let full = full.ok().map(|full| ("a full disk", Stdio::from(full)));
    full.into_iter().chain([("a closed pipe", Stdio::from(writer))]).collect()
}

#[test]
fn it_starts_serves_and_is_upgraded_from_inside() {
    let argo = Argo::saying("Hi");
    for (name, stderr) in unwritable() {
        let (mut command, folder) = Setup::before(&argo).config("socket: run/proxy.sock").command();
        let manager = UnixDatagram::bind(folder.join("notify")).unwrap();
        manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let serving = || {
            let mut state = [0; 256];
            let read = manager.recv(&mut state).unwrap_or_else(|e| panic!("{name}: it does not serve: {e}"));
            let state = String::from_utf8(state[..read].to_vec()).unwrap();
            let process = state.strip_prefix("READY=1\nMAINPID=").unwrap_or_else(|| panic!("{name}: {state}"));
            process.to_owned()
        };
        command.env("NOTIFY_SOCKET", folder.join("notify"));
        let mut old = command.stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        assert_eq!(serving(), old.id().to_string());
        let answers = || Client::at(&folder.join("run/proxy.sock")).get("/readyz").status;
        assert_eq!(answers(), 200, "{name}");
        let kill = |signal: &str, process: &str| Command::new("kill").args([signal, process]).status().unwrap();
        assert!(kill("-USR2", &old.id().to_string()).success());
        let new = serving();
        assert_ne!(new, old.id().to_string(), "{name}");
        assert!(old.wait().unwrap().success(), "{name}");
        assert_eq!(answers(), 200, "{name}");
        assert!(kill("-TERM", &new).success());
        until("the socket goes with the last process", || !folder.join("run/proxy.sock").exists());
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn commands_do_what_they_are_asked_all_the_same() {
    let argo = Argo::saying("Hi");
    let (_, folder) = Setup::before(&argo).argo_url("http://127.0.0.1:1/chat").command();
    for (arguments, code, out) in [
        (&["check"][..], 0, "all right"),
        (&["check", "--port", "1", "--host", "a b"], 1, ""),
        (&["explain", "GET", "/health"], 0, "GET /health"),
        (&["key", "new", "ann"], 0, "argo-"),
        (&["models", "none.yaml"], 0, "argo:"),
        (&["serve", "none/none.yaml"], 2, ""),
    ] {
        for (name, stderr) in unwritable() {
            let _ = std::fs::remove_file(folder.join("callers.yaml"));
            let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
            command.env_clear().current_dir(&folder).args(arguments).stdin(Stdio::null()).stderr(stderr);
            let output = command.output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(code), "{arguments:?} with {name}: {text}");
            assert!(text.contains(out), "{arguments:?} with {name}: {text}");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

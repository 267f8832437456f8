//! `run`: a program that is started with the proxy in its environment. Scripts stand in for the programs.

use crate::reload::until;
use crate::support::{Argo, Client, Setup, chat};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A folder with a configuration, and a script in place of a program.
struct Home(PathBuf);

impl Home {
    fn new(argo: &Argo, lines: &str, program: &str, script: &str) -> Self {
        let (_, folder) = Setup::before(argo).config(lines).command();
        std::fs::create_dir(folder.join("bin")).unwrap();
        std::fs::create_dir(folder.join("home")).unwrap();
        write_script(&folder.join("bin").join(program), script);
        Home(folder)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        run_in(&self.0, arguments)
    }
}

/// Writes an executable by way of a shell: a file that this process had open could not be run while another test starts a program.
fn write_script(path: &Path, script: &str) {
    let mut shell = Command::new("sh")
        .args(["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(shell.stdin.take().unwrap(), "#!/bin/sh\n{script}").unwrap();
    assert!(shell.wait().unwrap().success());
}

fn run_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    let path = format!("{}:/usr/bin:/bin", folder.join("bin").display());
    command.env_clear().env("XDG_RUNTIME_DIR", folder).env("HOME", folder.join("home")).env("PATH", path);
    command.current_dir(folder).arg("run").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Starts it. Returns it with the first line that the script prints.
fn started(mut command: Command) -> (Child, BufReader<ChildStdout>, String) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    if lines.read_line(&mut line).unwrap() == 0 {
        let output = child.wait_with_output().unwrap();
        panic!("it ended: {}", String::from_utf8_lossy(&output.stderr));
    }
    (child, lines, line.trim().to_owned())
}

/// Prints the base URL, then waits for a line.
const WAITS: &str = "echo \"$OPENAI_BASE_URL\"; read line; echo \"$line $*\"; exit 7";

fn address_of(base: &str) -> &str {
    base.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/v1")).unwrap_or_else(|| panic!("{base}"))
}

#[test]
fn a_proxy_is_started_for_as_long_as_the_program_runs() {
    let argo = Argo::saying("Hi there");
    // What only a service has is left out, so that any number of programs may run.
    let lines = "port: 1\nsocket: run/proxy.sock\nadmin: 1\nrun_dir: place\naccess: own";
    let home = Home::new(&argo, lines, "python3", WAITS);
    let runs: Vec<_> = (0..2).map(|_| started(home.command(&["python", "--", "a", "b c"]))).collect();
    assert_ne!(runs[0].2, runs[1].2);
    for (mut child, mut lines, base) in runs {
        let address = address_of(&base).parse().unwrap();
        let answer = Client::connect(address).post("/v1/chat/completions", &chat("x", json!({})));
        assert_eq!(answer.json()["choices"][0]["message"]["content"], "Hi there");
        writeln!(child.stdin.as_ref().unwrap(), "go").unwrap();
        let mut rest = String::new();
        lines.read_line(&mut rest).unwrap();
        assert_eq!(rest, "go a b c\n");
        assert_eq!(child.wait().unwrap().code(), Some(7));
        until("the proxy has ended", || TcpStream::connect(address).is_err());
    }
    assert!(!home.0.join("run").exists() && !home.0.join("place").exists());
    assert_eq!(std::fs::read_dir(home.0.join("home")).unwrap().count(), 0, "nothing of the user's is touched");
}

#[test]
fn a_signal_is_the_programs_and_the_proxy_ends_with_it() {
    let argo = Argo::saying("Hi");
    let home = Home::new(
        &argo,
        "",
        "python3",
        "trap 'kill $!; exit 9' TERM; echo \"$OPENAI_BASE_URL\"; sleep 60 > /dev/null 2>&1 & wait",
    );
    for (signal, code) in [("TERM", Some(9)), ("KILL", None)] {
        let (mut child, _lines, base) = started(home.command(&["python"]));
        let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(child.wait().unwrap().code(), code);
        let address: std::net::SocketAddr = address_of(&base).parse().unwrap();
        until("the proxy has ended", || TcpStream::connect(address).is_err());
    }
}

#[test]
fn the_running_proxy_is_used_where_there_is_one() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).start();
    server.upgrade_socket();
    let folder = server.file("");
    std::fs::create_dir_all(folder.join("bin")).unwrap();
    write_script(&folder.join("bin/codex"), "printf '%s\\n' \"$ARGO_KEY\" \"$@\"");
    let output = run_in(&folder, &["codex", "--model", "gpt-4o", "--", "exec", "--", "hi"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[..3], ["unused", "-c", "model=\"gpt-4o\""], "{said}");
    assert!(
        lines.contains(&format!("model_providers.argo.base_url=\"http://{}/v1\"", server.address).as_str()),
        "{said}"
    );
    assert_eq!(lines[lines.len() - 3..], ["exec", "--", "hi"]);
    server.get("/health");
}

#[test]
fn each_program_gets_what_its_row_says() {
    let argo = Argo::saying("Hi");
    for (name, program) in [("claude-code", "claude"), ("opencode", "opencode"), ("aider", "aider"), ("node", "node")] {
        let home = Home::new(&argo, "", program, "env");
        let mut command = home.command(&[name]);
        command.env("ANTHROPIC_API_KEY", "mine").env("http_proxy", "http://gate:3128").env("no_proxy", ".anl.gov");
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("http://127.0.0.1:"), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("no_proxy=.anl.gov,127.0.0.1,localhost\n"), "{said}");
        match name {
            "claude-code" => assert!(!said.contains("=mine") && said.contains("ANTHROPIC_AUTH_TOKEN=unused"), "{said}"),
            "opencode" => assert!(said.contains("OPENCODE_CONFIG_CONTENT={"), "{said}"),
            "aider" => assert!(said.contains("AIDER_MODEL=openai/"), "{said}"),
            _ => assert!(said.contains("OPENAI_BASE_URL=") && said.contains("ANTHROPIC_API_KEY=unused"), "{said}"),
        }
    }
}

#[test]
fn what_is_missing_is_named() {
    let argo = Argo::saying("Hi");
    let home = Home::new(&argo, "", "other", "exit");
    let fails = |arguments: &[&str]| {
        let output = home.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(fails(&["codex"]).contains("codex is not installed, or not on PATH; to install it: npm install"));
    assert!(fails(&["zed"]).contains("client zed prints them"));
    assert!(fails(&["nothing"]).contains("there are no settings for 'nothing'"));
    std::fs::copy(home.0.join("bin/other"), home.0.join("bin/codex")).unwrap();
    assert!(fails(&["codex", "--model", "nonsense-9"]).contains("nonsense-9"));
    assert!(fails(&["codex", "--config", "no.yaml"]).contains("run --demo codex"));
    std::fs::write(home.0.join("config.yaml"), "prt: 1\n").unwrap();
    assert!(fails(&["codex"]).contains("prt"));
    // A proxy that does not start says why.
    std::fs::write(home.0.join("config.yaml"), "user: tester\nnum_workers: 1024\ntimeout: 5\nlog_file: no/where.log\n")
        .unwrap();
    let why = fails(&["codex"]);
    assert!(why.contains("the proxy did not start") && why.contains("no/where.log"), "{why}");
}

#[test]
fn the_demo_needs_no_configuration() {
    let argo = Argo::saying("Hi");
    let home = Home::new(&argo, "", "python3", WAITS);
    std::fs::remove_file(home.0.join("config.yaml")).unwrap();
    let (mut child, _lines, base) = started(home.command(&["--demo", "python"]));
    let address: std::net::SocketAddr = address_of(&base).parse().unwrap();
    let answer = Client::connect(address).post("/v1/chat/completions", &chat("Say hello", json!({})));
    assert_eq!(answer.status, 200);
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(7));
    until("the proxy has ended", || TcpStream::connect(address).is_err());
}

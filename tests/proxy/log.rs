//! The log as a stream of lines: readers who do not read, files that are rotated, and the last lines of a process.

use crate::reload::until;
use crate::support::{Argo, Client, Server, Setup, chat};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A process whose standard error and output nobody reads once it listens.
struct Unread {
    child: Child,
    address: SocketAddr,
    admin: SocketAddr,
    streams: Option<(BufReader<ChildStderr>, ChildStdout)>,
    folder: PathBuf,
}

impl Unread {
    fn start(setup: &Setup) -> Self {
        let (mut command, folder) = setup.command();
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (mut admin, mut address) = (None, None);
        while address.is_none() {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
            let after =
                |start: &str| line.strip_prefix(start).map(|rest| rest.trim_end_matches("/metrics\n").to_owned());
            admin = admin.or(after("metrics   http://"));
            address = after("listening on http://");
        }
        let parsed = |text: Option<String>| text.unwrap().trim().parse().unwrap();
        let streams = Some((log, child.stdout.take().unwrap()));
        Unread { child, address: parsed(address), admin: parsed(admin), streams, folder }
    }

    /// Asks for so many paths that nothing serves, each with a long line.
    fn ask(&self, requests: usize) {
        let mut client = Client::connect(self.address);
        let path = format!("/none{}", "\u{85}".repeat(400));
        for _ in 0..requests {
            assert_eq!(client.get(&path).status, 404);
        }
    }

    /// How many lines the metrics count as dropped, when no request is left that may log one more.
    fn dropped(&self) -> usize {
        let value = |name: &str| -> usize {
            let scraped = Client::connect(self.admin).get("/metrics");
            let found = scraped.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            found.unwrap().parse().unwrap()
        };
        until("the last line", || value("argo_proxy_requests_in_flight") == 0);
        value("argo_proxy_log_lines_dropped_total")
    }

    /// Begins to read: first what was logged, then what was written to the standard output.
    fn read(&mut self) -> [Reader; 2] {
        let (log, out) = self.streams.take().unwrap();
        [Reader::of(log), Reader::of(out)]
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Reads a stream on a thread of its own.
struct Reader {
    text: Arc<Mutex<String>>,
    thread: JoinHandle<()>,
}

impl Reader {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let text = Arc::<Mutex<String>>::default();
        let kept = text.clone();
        let thread = std::thread::spawn(move || {
            let mut lines = BufReader::new(stream);
            let mut line = String::new();
            while lines.read_line(&mut line).unwrap() > 0 {
                kept.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        Reader { text, thread }
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    fn whole(self) -> String {
        self.thread.join().unwrap();
        self.text.lock().unwrap().clone()
    }
}

/// How many lines the log says are missing.
fn told(lines: &str) -> usize {
    let text = |line: &str| line.split_once(" lines of the log were dropped")?.0.rsplit(' ').next()?.parse().ok();
    let json = |line: &str| {
        let object: Value = serde_json::from_str(line).ok()?;
        object["proxy.log_lines_dropped"].as_u64().map(|dropped| dropped as usize)
    };
    lines.lines().filter_map(|line| text(line).or_else(|| json(line))).sum()
}

#[test]
fn a_log_that_nobody_reads_stops_no_request_and_says_later_how_much_is_missing() {
    const REQUESTS: usize = 1500;
    let argo = Argo::saying("Hi");
    for form in ["text", "json"] {
        let setup = Setup::before(&argo).config(&format!("admin: 127.0.0.1:0\naccess_log: {form}"));
        let mut process = Unread::start(&setup);
        process.ask(REQUESTS);
        let dropped = process.dropped();
        assert!(dropped > 0 && dropped < REQUESTS, "{form}: {dropped}");
        // Now somebody reads. What is missing is told without another line to tell it with.
        let [log, out] = process.read();
        let lines = || if form == "json" { out.so_far() } else { log.so_far() };
        until("the gap is told", || told(&lines()) == dropped);
        process.ask(1);
        process.signal("TERM");
        assert!(process.child.wait().unwrap().success());
        let (log, out) = (log.whole(), out.whole());
        let lines = if form == "json" { &out } else { &log };
        let requests = lines.lines().filter(|line| line.contains("/none")).count();
        assert_eq!((requests + dropped, told(lines)), (REQUESTS + 1, dropped), "{form}");
        assert!(log.ends_with("stopped: nothing is in flight\n"), "{log}");
    }
}

#[test]
fn a_log_that_nobody_reads_does_not_keep_a_process_from_ending() {
    let argo = Argo::saying("Hi");
    let mut process = Unread::start(&Setup::before(&argo).config("admin: 127.0.0.1:0"));
    process.ask(1200);
    process.signal("TERM");
    assert!(process.child.wait().unwrap().success());
}

#[test]
fn an_upgrade_waits_for_no_reader() {
    let argo = Argo::saying("Hi");
    let setup = Setup::before(&argo).config("admin: 127.0.0.1:0\nrun_dir: run");
    let mut process = Unread::start(&setup);
    process.ask(1200);
    assert!(process.dropped() > 0, "nothing more fits into the pipe, which the new process shares");
    process.signal("USR2");
    assert!(process.child.wait().unwrap().success(), "the new process has taken over");
    assert_eq!(Client::connect(process.address).get("/livez").status, 200);
    let pid = process.folder.join("run/pid");
    until("the new process", || std::fs::read_to_string(&pid).is_ok_and(|pid| !pid.trim().is_empty()));
    let new = std::fs::read_to_string(pid).unwrap();
    // It waits for no reader when it ends, either: at its end the kernel closes its connections.
    let mut last = Client::connect(process.address);
    assert!(Command::new("kill").args(["-TERM", new.trim()]).status().unwrap().success());
    assert!(last.is_closed());
}

/// Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn lines_that_cannot_be_written_are_counted() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("admin: 127.0.0.1:0\nlog_file: /dev/full").start();
    assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
    let counted = || {
        let scraped = server.watcher().get("/metrics");
        scraped.text().lines().find_map(|line| line.strip_prefix("argo_proxy_log_lines_dropped_total ")?.parse().ok())
    };
    until("the count", || counted().is_some_and(|count: u64| count > 0));
}

#[test]
fn the_error_of_a_failed_start_is_on_the_standard_error_wherever_the_log_is() {
    let argo = Argo::saying("Hi");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for more in ["", "log_file: proxy.log"] {
        let (mut command, folder) = Setup::before(&argo).config(&format!("admin: {port}\n{more}")).command();
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.starts_with("error: ") && text.contains("is in use by another program"), "{text}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

/// A proxy whose log is in a file, with more of its configuration.
fn logging(argo: &Argo, more: &str) -> Server {
    Setup::before(argo).config(&format!("log_file: proxy.log\n{more}")).start()
}

#[test]
fn a_log_file_has_all_lines_and_is_opened_anew_after_a_rotation() {
    let argo = Argo::saying("Hi");
    let server = logging(&argo, "");
    let [file, old] = ["proxy.log", "proxy.log.1"].map(|name| server.file(name));
    let text = |file| std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
    until("the line", || text(&file).contains("POST /v1/chat/completions 200 "));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::rename(&file, &old).unwrap();
    // As logrotate makes it, with the mode that its `create` says.
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    server.signal("USR1");
    until("the new file", || text(&file).contains("the log goes on in "));
    assert_eq!(server.get("/nothing").status, 404);
    until("the line", || text(&file).contains("GET /nothing 404 "));
    assert!(!text(&old).contains("/nothing"), "{}", text(&old));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    // A file that cannot be opened is told of, and the log stays where it is.
    std::fs::rename(&file, &old).unwrap();
    std::fs::create_dir(&file).unwrap();
    server.signal("USR1");
    until("the warning", || {
        text(&old).contains("cannot be opened, the log stays in the file that it had: it is no file")
    });
    let (_, stderr) = {
        server.signal("TERM");
        let folder = server.files();
        let ended = server.ended();
        assert!(text(&old).ends_with("stopped: nothing is in flight\n"), "{}", text(&old));
        drop(folder);
        ended
    };
    assert!(!stderr.contains("POST") && stderr.contains("listening on "), "{stderr}");
}

#[test]
fn json_lines_go_into_the_log_file_too() {
    let argo = Argo::saying("Hi");
    let server = logging(&argo, "access_log: json");
    assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
    let text = || std::fs::read_to_string(server.file("proxy.log")).unwrap();
    until("the line", || text().lines().any(|line| line.starts_with("{\"timestamp\":")));
    assert_eq!(server.out(), "");
}

#[test]
fn both_processes_of_an_upgrade_add_to_the_log_file() {
    let argo = Argo::saying("Hi");
    let first = logging(&argo, "socket: run/proxy.sock");
    let file = first.file("proxy.log");
    let second = first.upgrade();
    let text = || std::fs::read_to_string(&file).unwrap();
    until("the old one ends", || text().contains("stopped: nothing is in flight"));
    assert_eq!(Client::at(&second.file("run/proxy.sock")).get("/livez").status, 200);
    until("the line", || text().contains("GET /livez 200 "));
    assert!(text().contains("taken over from the instance that ran before"), "{}", text());
}

#[test]
fn without_a_log_file_the_signal_only_says_so() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    server.signal("USR1");
    until("the line", || server.log().contains("the configuration has no log_file"));
    assert_eq!(server.get("/livez").status, 200);
}

#[test]
fn a_log_file_that_cannot_be_opened_is_an_error_with_its_place() {
    let argo = Argo::saying("Hi");
    for (path, why, remedy) in [
        ("no/folder/proxy.log", "No such file or directory", "make its folder first"),
        (".", "it is no file", "name a file that the user who runs the proxy may write"),
    ] {
        let (mut command, folder) = Setup::before(&argo).config(&format!("log_file: {path}")).command();
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        for part in ["error: log_file: ", why, remedy, "config.yaml:6:"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}

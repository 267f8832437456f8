//! A process takes over from another one while requests come.

use crate::reload::{replace, until};
use crate::support::{Argo, Client, Server, Setup, chat, said};
use serde_json::json;
use std::io::Read;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Runs `load` on several threads while `meanwhile` runs; how many requests were served.
fn under_load(load: &(dyn Fn(&AtomicBool, &AtomicUsize) + Sync), meanwhile: impl FnOnce(&AtomicUsize)) -> usize {
    let (over, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| load(&over, &served));
        }
        until("load", || served.load(Ordering::Relaxed) >= 8);
        meanwhile(&served);
        let wanted = served.load(Ordering::Relaxed) + 20;
        until("load after it", || served.load(Ordering::Relaxed) >= wanted);
        over.store(true, Ordering::Relaxed);
    });
    served.into_inner()
}

/// Answers over connections that are kept as long as the server keeps them.
fn ask(connect: &dyn Fn() -> Client, over: &AtomicBool, served: &AtomicUsize) {
    let mut client = connect();
    let mut streamed = false;
    while !over.load(Ordering::Relaxed) {
        streamed = !streamed;
        let answer = client.post("/v1/chat/completions", &chat("x", json!({ "stream": streamed })));
        assert!(answer.status == 200 && answer.complete, "{answer:?}");
        served.fetch_add(1, Ordering::Relaxed);
        if answer.header("connection") == Some("close") {
            client = connect();
        }
    }
}

/// Answers over a new connection for each request.
fn ask_anew(connect: &dyn Fn() -> Client, over: &AtomicBool, served: &AtomicUsize) {
    while !over.load(Ordering::Relaxed) {
        let answer = connect().post("/v1/chat/completions", &chat("x", json!({})));
        assert!(answer.status == 200 && answer.complete, "{answer:?}");
        served.fetch_add(1, Ordering::Relaxed);
    }
}

fn text(output: Output) -> String {
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn two_upgrades_under_load_lose_nothing() {
    let argo = Argo::saying("Hi");
    let first = Setup::before(&argo).config("verbose: false\ndrain_timeout: 20\nsocket: run/proxy.sock").start();
    let (address, path) = (first.address, first.file("run/proxy.sock"));
    let (tcp, unix) = (|| Client::connect(address), || Client::at(&path));
    let number = AtomicUsize::new(0);
    let load = |over: &AtomicBool, served: &AtomicUsize| match number.fetch_add(1, Ordering::Relaxed) % 4 {
        0 => ask(&tcp, over, served),
        1 => ask_anew(&tcp, over, served),
        2 => ask(&unix, over, served),
        _ => ask_anew(&unix, over, served),
    };
    let mut last = None;
    under_load(&load, |served| {
        let mut running = first;
        for _ in 0..2 {
            let next = running.upgrade();
            assert_eq!(next.address, address);
            until("the place is taken", || next.log().contains("taken over from the instance"));
            let wanted = served.load(Ordering::Relaxed) + 20;
            until("more load", || served.load(Ordering::Relaxed) >= wanted);
            let (status, log) = running.ended();
            assert!(status.success() && log.contains("another process has taken over"), "{log}");
            assert!(!log.contains("requests cut"), "{log}");
            running = next;
        }
        last = Some(running);
    });
    let last = last.unwrap();
    let _files = last.files();
    assert_eq!(Client::at(&path).get("/readyz").status, 200);
    last.signal("TERM");
    let (status, log) = last.ended();
    assert!(status.success() && !path.exists(), "{log}");
}

#[test]
fn streams_and_requests_that_have_begun_finish_in_the_old_process() {
    let (argo, go) = Argo::halting();
    let old = Setup::before(&argo).config("drain_timeout: 25").start();
    let mut stream = old.client();
    stream.send("POST", "/v1/chat/completions", "", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(stream.head().status, 200);
    let mut body = stream.chunk().unwrap();
    // A request of which only the first bytes are there, and a connection that has asked before.
    let mut begun = old.client();
    begun.raw("GET /livez HTTP/1.1\r\nHo");
    let mut idle = old.client();
    assert_eq!(idle.get("/livez").status, 200);
    let new = old.upgrade();
    until("the old process stops", || old.log().contains("another process has taken over"));
    begun.raw("st: localhost\r\n\r\n");
    assert_eq!(begun.answer().status, 200);
    let answer = idle.get("/readyz");
    assert_eq!((answer.status, answer.header("connection")), (503, Some("close")));
    assert_eq!(new.get("/readyz").status, 200);
    go.send(()).unwrap();
    while let Some(piece) = stream.chunk().filter(|piece| !piece.is_empty()) {
        body.extend(piece);
    }
    assert_eq!((said(&body).text.as_str(), said(&body).done), ("ab", true));
    drop((stream, begun, idle));
    let (status, log) = old.ended();
    assert!(status.success() && log.contains("nothing is in flight"), "{log}");
    assert_eq!(new.get("/livez").status, 200);
}

#[test]
fn what_cannot_take_over_leaves_the_old_process_serving() {
    let argo = Argo::saying("Hi");
    let old = Setup::before(&argo).config("socket: run/proxy.sock").start();
    let config = old.file("config.yaml");
    let good = std::fs::read_to_string(&config).unwrap();
    let holds = || {
        assert_eq!(old.get("/readyz").status, 200);
        assert_eq!(Client::at(&old.file("run/proxy.sock")).get("/readyz").status, 200);
        assert!(!old.log().contains("stopping"), "{}", old.log());
    };
    // A broken configuration is found before anybody is asked.
    replace(&config, &good.replace("user:", "usr:"));
    let output = old.upgrading().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(output).contains("usr: unknown key"));
    holds();
    assert!(!old.log().contains("upgrade failed"), "{}", old.log());
    // What cannot listen has asked already, and the old process is told.
    replace(&config, &format!("{good}host: 192.0.2.1\naccess: open\n"));
    let output = old.upgrading().output().unwrap();
    assert!(text(output).contains("192.0.2.1 is no address of this machine"));
    until("the old process knows", || old.log().contains("the upgrade failed, this process goes on serving"));
    holds();
    replace(&config, &good);
    let new = old.upgrade();
    assert!(old.ended().0.success());
    assert_eq!(new.get("/readyz").status, 200);
}

#[test]
fn an_asker_that_goes_is_forgotten_and_one_that_is_waited_for_keeps_the_socket() {
    let argo = Argo::saying("Hi");
    let old = Setup::before(&argo).config("socket: run/proxy.sock").start();
    let (_files, path) = (old.files(), old.file("run/proxy.sock"));
    let asks = || {
        let mut stream = UnixStream::connect(old.upgrade_socket()).unwrap();
        let mut names = [0; 4096];
        let read = stream.read(&mut names).unwrap();
        let names: Vec<String> = serde_json::from_slice(&names[..read]).unwrap();
        assert!(names.len() == 2 && names[0] == "proxy 127.0.0.1:0", "{names:?}");
        stream
    };
    drop(asks());
    until("the failure is told", || old.log().contains("the upgrade failed"));
    assert_eq!(old.get("/readyz").status, 200);
    let _asker = asks();
    old.signal("TERM");
    let (status, log) = old.ended();
    assert!(status.success(), "{log}");
    assert!(path.exists(), "it may be the other's by now");
}

#[test]
fn a_listener_that_is_named_no_more_goes_with_the_old_process() {
    let argo = Argo::saying("Hi");
    let old = Setup::before(&argo).config("socket: run/old.sock").start();
    let config = old.file("config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("run/old.sock", "run/new.sock")).unwrap();
    let new = old.upgrade();
    assert_eq!(new.address, old.address);
    assert_eq!(Client::at(&new.file("run/new.sock")).get("/readyz").status, 200);
    until("nobody listens", || UnixStream::connect(new.file("run/old.sock")).is_err());
    assert!(old.ended().0.success());
}

#[test]
fn without_a_running_instance_there_is_nothing_to_upgrade() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).start();
    let mut again = server.upgrading();
    let place = server.upgrade_socket();
    // A killed one has left its files behind.
    server.signal("KILL");
    until("it has gone", || UnixStream::connect(&place).is_err());
    assert!(place.exists());
    let output = again.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(output).contains("no instance of this configuration is running"));
}

#[test]
fn a_second_instance_of_a_configuration_runs_and_says_what_it_lacks() {
    let argo = Argo::saying("Hi");
    let first = Setup::before(&argo).start();
    let (mut command, _) = Setup::before(&argo).command();
    command.current_dir(first.file("")).env("XDG_RUNTIME_DIR", first.file(""));
    let second = first.beside(command);
    until("the warning", || second.log().contains("belongs to another instance that is running"));
    assert_eq!((first.get("/livez").status, second.get("/livez").status), (200, 200));
    // The place is still the first one's.
    let third = first.upgrade();
    assert_eq!(third.address, first.address);
    assert!(first.ended().0.success());
    assert_eq!(second.get("/livez").status, 200);
}

#[test]
fn a_signal_to_the_old_process_during_its_drain_does_not_cut_it() {
    let (argo, go) = Argo::halting();
    let old = Setup::before(&argo).config("drain_timeout: 25").start();
    let mut stream = old.client();
    stream.send("POST", "/v1/chat/completions", "", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(stream.head().status, 200);
    let new = old.upgrade();
    until("the old process stops", || old.log().contains("another process has taken over"));
    old.signal("TERM");
    until("it has heard it", || old.log().contains("it is stopping already"));
    go.send(()).unwrap();
    let mut complete = false;
    while let Some(piece) = stream.chunk() {
        complete = piece.is_empty();
        if complete {
            break;
        }
    }
    assert!(complete);
    drop(stream);
    assert!(old.ended().0.success());
    assert_eq!(new.get("/livez").status, 200);
}

#[test]
fn a_signal_upgrades_from_inside_and_the_service_manager_is_told() {
    let argo = Argo::saying("Hi");
    let (mut command, folder) = Setup::before(&argo).command();
    let manager = UnixDatagram::bind(folder.join("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let told = |log: &dyn Fn() -> String| {
        let mut state = [0; 256];
        let read = manager.recv(&mut state).unwrap_or_else(|e| panic!("nothing was told: {e}\n{}", log()));
        String::from_utf8(state[..read].to_vec()).unwrap()
    };
    command.env("NOTIFY_SOCKET", folder.join("notify"));
    let old = Server::run(command, folder);
    assert_eq!(told(&|| old.log()), format!("READY=1\nMAINPID={}", old.id()));
    old.signal("USR2");
    let state = told(&|| old.log());
    let new = state.strip_prefix("READY=1\nMAINPID=").unwrap_or_else(|| panic!("{state}"));
    assert_ne!(new, old.id().to_string());
    until("the old process stops", || old.log().contains("another process has taken over"));
    // A connection that the old process had accepted until then says that it stops.
    until("the new process answers", || old.get("/readyz").status == 200);
    // Both write to the same log, which ends with the last of them.
    assert!(Command::new("kill").args(["-TERM", new]).status().unwrap().success());
    let (status, log) = old.ended();
    assert!(status.success() && log.contains("taken over from the instance that ran before"), "{log}");
    assert_eq!(told(&|| log.clone()), "STOPPING=1");
}

#[test]
fn a_successor_that_fails_leaves_the_old_process_serving() {
    let argo = Argo::saying("Hi");
    let old = Setup::before(&argo).start();
    replace(&old.file("config.yaml"), "usr: x\n");
    old.upgrade_socket();
    old.signal("USR2");
    until("the failure is told", || old.log().contains("no upgrade: the new process ended"));
    assert!(old.log().contains("usr: unknown key"));
    assert_eq!(old.get("/readyz").status, 200);
}

/// The file that a process runs.
#[cfg(target_os = "linux")]
fn runs(process: &str) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(format!("/proc/{process}/exe")).ok()?;
    Some((file.ino(), file.len()))
}

#[test]
#[cfg(target_os = "linux")]
fn an_upgrade_runs_the_program_that_took_the_place_of_the_old_one() {
    // Nobody but root may look into a process that keeps its memory to itself.
    if !rustix::process::geteuid().is_root() {
        let test = "an_upgrade_runs_the_program_that_took_the_place_of_the_old_one";
        return crate::skipped::skip(test, "it takes root to see which file another process runs");
    }
    use std::os::unix::fs::MetadataExt;
    let argo = Argo::saying("Hi");
    let (command, folder) = Setup::before(&argo).config("drain_timeout: 20").command();
    let (program, next) = (folder.join("argo-openai-proxy"), folder.join("next"));
    std::fs::copy(env!("CARGO_BIN_EXE_argo-openai-proxy"), &program).unwrap();
    std::fs::copy(&program, &next).unwrap();
    // Bytes after the end of the program mean nothing to the system; they tell the two apart.
    std::io::Write::write_all(&mut std::fs::File::options().append(true).open(&next).unwrap(), b"another build")
        .unwrap();
    let mut own = Command::new(&program);
    own.current_dir(&folder).env_clear().env("XDG_RUNTIME_DIR", &folder).args(command.get_args());
    own.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let old = Server::run(own, folder);
    let pid_file = old.upgrade_socket().with_file_name("pid");
    let before = runs(&old.id().to_string()).unwrap();
    let wanted = std::fs::metadata(&next).unwrap();
    let wanted = (wanted.ino(), wanted.len());
    assert_ne!(before, wanted);
    std::fs::rename(&next, &program).unwrap();

    let address = old.address;
    let tcp = || Client::connect(address);
    let mut new = String::new();
    under_load(&|over, served| ask(&tcp, over, served), |_| {
        old.signal("USR2");
        until("the successor", || {
            new = std::fs::read_to_string(&pid_file).unwrap_or_default().trim().to_owned();
            !new.is_empty() && new != old.id().to_string()
        });
    });
    assert_eq!(runs(&new), Some(wanted), "the successor runs another file than the one that is there now");
    assert!(Command::new("kill").args(["-TERM", &new]).status().unwrap().success());
    let (status, log) = old.ended();
    assert!(status.success() && log.contains("taken over from the instance that ran before"), "{log}");
}

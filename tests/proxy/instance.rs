//! The instance as other processes find it: `health`, `--upgrade`, a second start; and its files when they are taken away.

use crate::reload::{replace, until};
use crate::support::{Argo, Client, Server, Setup};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs a command of the program in the server's folder, as a shell whose runtime directory is `runtime`.
fn run(server: &Server, runtime: Option<&Path>, arguments: &[&str]) -> Output {
    command(server, runtime, arguments).output().unwrap()
}

fn command(server: &Server, runtime: Option<&Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    command.env_clear().current_dir(server.file("")).args(arguments).stdin(Stdio::null());
    command.envs(runtime.map(|runtime| ("XDG_RUNTIME_DIR", runtime)));
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The directory of a running instance, once it is there.
fn place(server: &Server) -> PathBuf {
    server.upgrade_socket().parent().unwrap().to_owned()
}

#[test]
fn health_judges_the_process_and_not_the_files() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).routes(include_str!("../../routes.yaml")).start();
    place(&server);
    let folder = server.file("");
    let health = || run(&server, Some(&folder), &["health"]);
    let ready = |what: &str| {
        let output = health();
        // Once the process has seen the mistake, a note says so.
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(output.status.success() && told["status"] == "ready", "{what}: {}", text(&output));
        String::from_utf8(output.stderr).unwrap()
    };
    // The port is any free one, which no file tells.
    assert_eq!(ready("all is well"), "");
    let (config, routes) = (server.file("config.yaml"), server.file("routes.yaml"));
    let (good, table) = (std::fs::read_to_string(&config).unwrap(), std::fs::read_to_string(&routes).unwrap());
    for (what, edited) in [
        ("a mistake in the configuration", good.replace("user:", "usr:")),
        ("no YAML", format!("{good}\n\t: x")),
        ("callers that are not there", format!("{good}access: keys\n")),
    ] {
        replace(&config, &edited);
        let told = ready(what);
        assert!(told.contains("error") && told.contains("goes on with what it loaded before"), "{what}: {told}");
    }
    std::fs::remove_file(&config).unwrap();
    assert!(ready("a file that has gone").contains("config.yaml"));
    replace(&config, &good);
    replace(&routes, &table.replace("reply: health }", "reply: halth }"));
    assert!(ready("a mistake in the table").contains("halth"));
    replace(&routes, &table);
    // An edit that waits for a restart.
    replace(&config, &format!("{good}port: 1\nhost: 127.0.0.9\nsocket: run/other.sock\n"));
    assert_eq!(ready("another address"), "");
    let process = server.id();
    server.signal("TERM");
    let folder_is_kept = server.files();
    assert!(server.ended().0.success());
    let mut after = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    let after = after.env_clear().env("XDG_RUNTIME_DIR", &folder).current_dir(&folder).arg("health").output().unwrap();
    assert_eq!(after.status.code(), Some(1), "process {process} has ended: {}", text(&after));
    drop(folder_is_kept);
}

#[test]
fn a_run_dir_is_found_beside_mistakes_and_stays() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("run_dir: here").start();
    until("it has its place", || server.file("here/listening.json").exists());
    let config = server.file("config.yaml");
    replace(&config, &std::fs::read_to_string(&config).unwrap().replace("user:", "usr:"));
    let output = run(&server, None, &["health"]);
    assert!(output.status.success(), "{}", text(&output));
    let (_files, here) = (server.files(), server.file("here"));
    server.signal("TERM");
    assert!(server.ended().0.success());
    assert_eq!(std::fs::read_dir(here).unwrap().count(), 0);
}

#[test]
fn an_instance_is_found_from_another_environment_and_its_directory_goes_with_it() {
    let argo = Argo::saying("Hi");
    // Started by cron or su: no runtime directory, so that its place is below the temporary directory.
    let (mut command, folder) = Setup::before(&argo).command();
    let temporary = folder.join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    command.env_remove("XDG_RUNTIME_DIR").env("TMPDIR", &temporary);
    let old = Server::run(command, folder.clone());
    until("it has a place", || old.log().contains("Ctrl-C"));
    let entries = || std::fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    until("it has its files", || entries().first().is_some_and(|place| place.join("listening.json").exists()));
    let place = entries().remove(0);
    assert!(old.log().contains(&format!("instance  {}", place.display())), "{}", old.log());
    assert_eq!(std::fs::metadata(&place).unwrap().mode() & 0o777, 0o700);
    // A login shell, which has one.
    let runtime = folder.join("runtime");
    std::fs::create_dir(&runtime).unwrap();
    std::fs::set_permissions(&runtime, std::fs::Permissions::from_mode(0o700)).unwrap();
    let login = |arguments: &[&str]| {
        let mut command = self::command(&old, Some(&runtime), arguments);
        command.env("TMPDIR", &temporary);
        command
    };
    let output = login(&["health"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let mut upgrading = login(&["serve", "--config", "config.yaml", "--port", "0", "--upgrade"]);
    upgrading.stdout(Stdio::piped()).stderr(Stdio::piped());
    let new = old.beside(upgrading);
    assert_eq!(new.address, old.address);
    let _files = old.files();
    assert!(old.ended().0.success());
    assert_eq!(new.get("/readyz").status, 200);
    until("it has taken over", || new.log().contains("taken over from the instance"));
    new.signal("TERM");
    assert!(new.ended().0.success());
    assert!(entries().is_empty() && std::fs::read_dir(&runtime).unwrap().count() == 0, "{:?}", entries());
}

#[test]
fn a_directory_that_others_can_enter_is_not_believed() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let place = place(&server);
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = run(&server, Some(&server.file("")), &["health"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let output = server.upgrading().output().unwrap();
    assert!(text(&output).contains("Started elsewhere? Set run_dir in config.yaml"), "{}", text(&output));
}

#[test]
fn a_port_in_use_names_the_process_of_the_same_configuration() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    place(&server);
    let port = server.address.port().to_string();
    let output = run(&server, Some(&server.file("")), &["serve", "--config", "config.yaml", "--port", &port]);
    let (text, own) = (text(&output), format!("Process {} runs with this configuration", server.id()));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("is in use") && text.contains(&own) && text.contains("serve --upgrade"), "{text}");
    // Another configuration's process is another program.
    std::fs::copy(server.file("config.yaml"), server.file("other.yaml")).unwrap();
    let output = run(&server, Some(&server.file("")), &["serve", "--config", "other.yaml", "--port", &port]);
    assert!(!self::text(&output).contains("runs with this configuration"), "{}", self::text(&output));
}

#[test]
fn a_socket_and_a_place_that_are_taken_away_come_back() {
    let argo = Argo::saying("Hi");
    let setup = Setup::before(&argo).config("host: none\nsocket: runtime/argo/proxy.sock");
    let (mut command, folder) = setup.command();
    let runtime = folder.join("runtime");
    std::fs::create_dir(&runtime).unwrap();
    command.env("XDG_RUNTIME_DIR", &runtime);
    let server = Server::run(command, folder.clone());
    let socket = runtime.join("argo/proxy.sock");
    let own = |name: &str| {
        let entries = std::fs::read_dir(&runtime).ok()?.map(|entry| entry.unwrap().path().join(name));
        entries.into_iter().find(|path| path.exists())
    };
    until("it has its place", || own("listening.json").is_some());
    let mut kept = Client::at(&socket);
    assert_eq!(kept.get("/livez").status, 200);
    // The last session ends: logind removes the directory and all that is in it.
    std::fs::remove_dir_all(&runtime).unwrap();
    until("it listens anew", || socket.exists() && Client::at(&socket).try_get("/livez").is_some());
    until("that is told", || server.log().contains("had gone; listening there anew"));
    assert_eq!(std::fs::metadata(&socket).unwrap().mode() & 0o777, 0o600);
    assert_eq!(kept.get("/livez").status, 200, "a connection that stood goes on");
    until("its place is there again", || own("listening.json").is_some());
    let output = run(&server, Some(&runtime), &["health"]);
    assert!(output.status.success(), "{}", text(&output));
    let mut upgrading = self::command(&server, Some(&runtime), &["serve", "--config", "config.yaml", "--upgrade"]);
    upgrading.stdout(Stdio::piped()).stderr(Stdio::piped());
    let new = server.beside(upgrading);
    let _files = server.files();
    drop(kept);
    assert!(server.ended().0.success());
    assert_eq!(Client::at(&socket).get("/readyz").status, 200);
    new.signal("TERM");
    assert!(new.ended().0.success());
    assert!(!socket.exists());
}

#[test]
fn a_socket_that_an_upgrade_drops_is_removed_and_one_that_it_keeps_is_not() {
    let argo = Argo::saying("Hi");
    let old = Setup::before(&argo).config("drain_timeout: 20\nsocket: run/old.sock").start();
    let (_files, config) = (old.files(), old.file("config.yaml"));
    let (first, second) = (old.file("run/old.sock"), old.file("run/new.sock"));
    let kept = old.upgrade();
    assert!(old.ended().0.success());
    assert_eq!(Client::at(&first).get("/readyz").status, 200, "the same path is kept");
    until("it has taken over", || kept.log().contains("taken over from the instance"));
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("run/old.sock", "run/new.sock")).unwrap();
    let moved = kept.upgrade();
    assert!(kept.ended().0.success());
    assert!(!first.exists() && Client::at(&second).get("/readyz").status == 200);
    until("it has taken over", || moved.log().contains("taken over from the instance"));
    std::fs::write(&config, text.replace("socket: run/old.sock", "")).unwrap();
    let without = moved.upgrade();
    // Another program has made the path its own meanwhile.
    let _ = std::fs::remove_file(&second);
    let stranger = std::os::unix::net::UnixListener::bind(&second).unwrap();
    assert!(moved.ended().0.success());
    assert!(second.exists());
    drop(stranger);
    assert_eq!(without.get("/readyz").status, 200);
}

#[test]
fn localhost_is_listened_on_at_all_its_addresses() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("host: localhost\nadmin: localhost:0").start();
    until("all is told", || server.log().contains("Ctrl-C"));
    let told = |begin: &str| server.log().lines().filter(|line| line.starts_with(begin)).count();
    let addresses: Vec<_> = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", server.address.port()))
        .unwrap()
        .filter(|address| std::net::TcpListener::bind((address.ip(), 0)).is_ok())
        .collect();
    for address in &addresses {
        TcpStream::connect(address).unwrap();
    }
    let next = server.upgrade();
    assert_eq!(next.address, server.address);
    for address in &addresses {
        assert_eq!(Client::connect(*address).get("/livez").status, 200, "{address} is handed over");
    }
    let mut ips: Vec<_> = addresses.iter().map(|address| address.ip()).collect();
    ips.sort();
    ips.dedup();
    assert_eq!((told("listening on "), told("metrics ")), (ips.len(), ips.len()), "{}", server.log());
}

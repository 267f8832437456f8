//! The real binary, with a configuration of its own, on a port of its own.

use super::{Argo, Client};
use argo_openai_proxy::access::Hash;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// The binary in a folder of its own, without this process's environment.
fn empty_folder() -> (Command, PathBuf) {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("proxy-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    prepare(&mut command, &folder);
    (command, folder)
}

fn prepare(command: &mut Command, folder: &Path) {
    command.current_dir(folder).env_clear().env("XDG_RUNTIME_DIR", folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
}

/// Starts a program. One that was just written may still be open in a child that another test is about to start.
fn started(command: &mut Command) -> Child {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match command.spawn() {
            Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy && Instant::now() < until => {
                std::thread::yield_now();
            }
            child => return child.unwrap(),
        }
    }
}

/// A folder that goes with the last server that uses it, or whoever else holds it.
pub struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The text of a `callers.yaml`.
pub fn callers(rows: &[String]) -> String {
    format!("callers:\n{}", rows.concat())
}

/// A row of `callers.yaml` for a key, with more of its keys.
pub fn caller(name: &str, key: &str, more: &str) -> String {
    let hash = Hash::of(key.as_bytes());
    let comma = if more.is_empty() { "" } else { ", " };
    format!("  - {{ name: {name}, key_sha256: \"{hash}\"{comma}{more} }}\n")
}

/// How to start a proxy.
pub struct Setup {
    config: String,
    routes: Option<String>,
    environment: Vec<(String, String)>,
    files: Vec<(String, String)>,
}

impl Setup {
    /// A proxy in front of `argo`.
    pub fn before(argo: &Argo) -> Self {
        Setup::before_address(argo.address)
    }

    /// Nobody lists models: a test that counts requests, or plays with time, would meet the one for the list.
    pub fn before_address(address: SocketAddr) -> Self {
        let models = "http://127.0.0.1:9/argoapi/api/v1/models/";
        let base = format!("http://{address}/argoapi/api/v1/resource");
        Setup {
            config: format!(
                "user: tester\nargo_url: {base}/chat/\nargo_stream_url: {base}/streamchat/\nargo_embedding_url: {base}/embed/\nargo_models_url: {models}\n"
            ),
            routes: None,
            environment: Vec::new(),
            files: Vec::new(),
        }
    }

    /// With more lines of `config.yaml`.
    pub fn config(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self.config.push('\n');
        self
    }

    /// With an `argo_url` of its own.
    pub fn argo_url(mut self, url: &str) -> Self {
        let lines: Vec<String> = self
            .config
            .lines()
            .map(|line| if line.starts_with("argo_url:") { format!("argo_url: {url}") } else { line.to_owned() })
            .collect();
        self.config = lines.join("\n") + "\n";
        self
    }

    /// With the list of models where `before` has the calls.
    pub fn with_list(mut self) -> Self {
        let url = self.config.lines().find_map(|line| line.strip_prefix("argo_url: http://")).unwrap();
        let address = url.split('/').next().unwrap();
        self.config = self.config.replace("127.0.0.1:9/", &format!("{address}/"));
        self
    }

    /// Without a line of `config.yaml`.
    pub fn without(mut self, key: &str) -> Self {
        let own = format!("{key}:");
        let lines: Vec<&str> = self.config.lines().filter(|line| !line.starts_with(&own)).collect();
        self.config = lines.join("\n") + "\n";
        self
    }

    /// With a table of its own.
    pub fn routes(mut self, text: &str) -> Self {
        self.routes = Some(text.to_owned());
        self
    }

    /// With one more file beside the table.
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// With callers who have keys: the rows of `callers.yaml`, which only its owner can read.
    pub fn callers(self, rows: &[String]) -> Self {
        self.config("access: keys").file("callers.yaml", &callers(rows))
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The environment that it gets.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The command, and the folder that its files are in.
    pub fn command(&self) -> (Command, PathBuf) {
        let (mut command, folder) = empty_folder();
        std::fs::write(folder.join("config.yaml"), &self.config).unwrap();
        if let Some(routes) = &self.routes {
            std::fs::write(folder.join("routes.yaml"), routes).unwrap();
        }
        for (name, text) in &self.files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            if name == "callers.yaml" {
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.args(["serve", "--config", "config.yaml", "--port", "0"]);
        (command, folder)
    }

    /// Starts it and waits until it listens.
    pub fn start(self) -> Server {
        let (command, folder) = self.command();
        Server::spawn(command, Arc::new(Folder(folder)))
    }
}

/// Keeps all lines up to the end.
fn keep(mut lines: impl BufRead + Send + 'static, kept: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
            kept.lock().unwrap().push_str(&line);
            line.clear();
        }
    })
}

/// A running proxy; ended when dropped.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
    /// Where metrics are served, if they are.
    pub admin: Option<SocketAddr>,
    log: Arc<Mutex<String>>,
    out: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    folder: Arc<Folder>,
}

/// An address of a server that listens at none.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

impl Server {
    /// The demo, in an empty folder.
    pub fn demo() -> Self {
        Server::demo_with(&[])
    }

    /// The demo, in an empty folder and with these variables.
    pub fn demo_with(environment: &[(&str, &str)]) -> Self {
        let (mut command, folder) = empty_folder();
        command.args(["serve", "--demo"]).envs(environment.iter().copied());
        Server::spawn(command, Arc::new(Folder(folder)))
    }

    /// Where it is asked for its listeners, which it is some time after it listens.
    pub fn upgrade_socket(&self) -> PathBuf {
        let begun = Instant::now();
        loop {
            let entries = std::fs::read_dir(&self.folder.0).unwrap().map(|entry| entry.unwrap().path());
            let own = |path: &PathBuf| {
                let holder = std::fs::read_to_string(path.join("pid")).unwrap_or_default();
                holder.trim() == self.id().to_string() && path.join("upgrade.sock").exists()
            };
            if let Some(place) = entries.into_iter().find(own) {
                return place.join("upgrade.sock");
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "it has no place: {}", self.log());
            std::thread::yield_now();
        }
    }

    /// Another process that takes over from this one.
    pub fn upgrade(&self) -> Self {
        self.upgrade_socket();
        Server::spawn(self.upgrading(), self.folder.clone())
    }

    /// A command in a folder, which goes with the server.
    pub fn run(command: Command, folder: PathBuf) -> Self {
        Server::spawn(command, Arc::new(Folder(folder)))
    }

    /// Another process, among the same files.
    pub fn beside(&self, command: Command) -> Self {
        Server::spawn(command, self.folder.clone())
    }

    /// The command that takes over.
    pub fn upgrading(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
        prepare(&mut command, &self.folder.0);
        command.args(["serve", "--config", "config.yaml", "--port", "0", "--upgrade"]);
        command
    }

    fn spawn(mut command: Command, folder: Arc<Folder>) -> Self {
        let mut child = started(&mut command);
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let (mut address, mut admin) = (None, None);
        while address.is_none() {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "it ended: {}", log.lock().unwrap());
            let shown = line.split_once("metrics   http://").and_then(|(_, rest)| rest.split_once("/metrics"));
            admin = admin.or(shown.map(|(address, _)| address.parse().unwrap()));
            address = line.strip_prefix("listening on ").map(|place| {
                let address = place.trim().split_once("://").map(|(_, address)| address.parse().unwrap());
                address.unwrap_or(NOWHERE)
            });
            log.lock().unwrap().push_str(&line);
        }
        let out = Arc::new(Mutex::new(String::new()));
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let readers = vec![keep(lines, log.clone()), keep(stdout, out.clone())];
        Server { address: address.unwrap(), admin, child, log, out, readers, folder }
    }

    /// A proxy with the shipped table in front of `argo`.
    pub fn before(argo: &Argo) -> Self {
        Setup::before(argo).start()
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    pub fn post(&self, path: &str, body: &str) -> super::Answer {
        self.client().post(path, body)
    }

    pub fn get(&self, path: &str) -> super::Answer {
        self.client().get(path)
    }

    pub fn chat(&self, body: &str) -> super::Answer {
        self.post("/v1/chat/completions", body)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; with all that was logged.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        let log = self.log.lock().unwrap().clone();
        (status, log)
    }

    /// Keeps its files when it has ended.
    pub fn files(&self) -> Arc<Folder> {
        self.folder.clone()
    }

    /// One of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// The id of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What was written to its standard output so far.
    pub fn out(&self) -> String {
        self.out.lock().unwrap().clone()
    }

    /// A client of its listener for whoever watches.
    pub fn watcher(&self) -> Client {
        Client::connect(self.watcher_address())
    }

    /// The address of the admin listener.
    pub fn watcher_address(&self) -> SocketAddr {
        self.admin.unwrap()
    }

    /// What was logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

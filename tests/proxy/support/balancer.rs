//! haproxy as packaging/haproxy.cfg sets it up, in front of three instances.

use super::{Client, Server};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

const SHIPPED: &str = include_str!("../../../packaging/haproxy.cfg");
/// Debian's place, which is not in everybody's path.
const PROGRAMS: [&str; 2] = ["haproxy", "/usr/sbin/haproxy"];
/// What only root can do.
const OF_ROOT: &str = "    user haproxy\n    group haproxy\n    chroot /var/lib/haproxy\n";

/// A running haproxy; ended when dropped.
pub struct Balancer {
    address: SocketAddr,
    child: Child,
    log: Arc<Mutex<String>>,
}

/// A line of its log: one request.
#[derive(Debug, Clone)]
pub struct Passed {
    /// The client's `X-Request-Id`.
    pub id: String,
    /// The name of the instance that had it last.
    pub server: String,
    pub status: u16,
    /// Who ended it before its time, and where: `----` for nobody, `SH--` for the instance before its head.
    pub ended: String,
}

impl Balancer {
    /// The shipped file in front of these instances; `None` where there is no haproxy.
    pub fn before(instances: [&Server; 3]) -> Option<Self> {
        Balancer::edited(instances, &[])
    }

    /// The same with words of the file replaced.
    pub fn edited(instances: [&Server; 3], edits: &[(&str, &str)]) -> Option<Self> {
        let places = ["192.0.2.1:44497", "192.0.2.2:44497", "192.0.2.3:44497"];
        let addresses = instances.map(|instance| instance.address.to_string());
        let own = [(OF_ROOT, ""), ("bind :8080", "bind fd@0")].into_iter().chain(edits.iter().copied());
        let all = own.chain(places.into_iter().zip(addresses.iter().map(String::as_str)));
        let text = all.fold(SHIPPED.to_owned(), |text, (from, to)| {
            assert_eq!(text.matches(from).count(), 1, "{from}");
            text.replace(from, to)
        });
        let file = instances[0].file("haproxy.cfg");
        std::fs::write(&file, text).unwrap();
        // haproxy cannot say which free port it took. So it gets a socket that listens already.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let start = |program: &&str| {
            let mut command = Command::new(program);
            command.arg("-db").arg("-f").arg(&file).stdin(OwnedFd::from(listener.try_clone().unwrap()));
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()
        };
        let mut child = PROGRAMS.iter().find_map(start)?;
        let log = Arc::new(Mutex::new(String::new()));
        let (mut lines, kept) = (BufReader::new(child.stdout.take().unwrap()).lines(), log.clone());
        std::thread::spawn(move || {
            while let Some(Ok(line)) = lines.next() {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Some(Balancer { address, child, log })
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The requests that are over, as it logged them.
    pub fn passed(&self) -> Vec<Passed> {
        let log = self.log();
        let parse = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            let at = words.iter().position(|word| *word == "clients")?;
            let (_, server) = words.get(at + 1)?.split_once('/')?;
            let id = words.get(at + 10)?.trim_matches(['{', '}']);
            let (status, ended) = (words.get(at + 3)?.parse().ok()?, (*words.get(at + 7)?).to_owned());
            Some(Passed { id: id.to_owned(), server: server.to_owned(), status, ended })
        };
        log.lines().filter_map(parse).collect()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The stand-in for ARGO, as a process of its own.

use std::net::SocketAddr;
use std::process::Command;

/// The stand-in as a process, ended when dropped.
pub struct StandIn {
    pub address: SocketAddr,
    child: std::process::Child,
}

impl StandIn {
    pub fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
        command.args(["stand-in", "--port", "0"]).env_clear().stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        let mut lines = std::io::BufReader::new(child.stderr.take().unwrap());
        std::io::BufRead::read_line(&mut lines, &mut first).unwrap();
        // What else it says must not meet a closed pipe.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let address = first.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
        StandIn { address, child }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

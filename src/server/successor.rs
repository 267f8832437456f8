//! Starts the process that takes over from this one: the program file that this process was started from, with the same arguments.
//! For SIGUSR2, where the upgrade has to come from inside a service.

use log::{info, warn};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// The program and its arguments.
pub struct Successor {
    /// The path, read when this process starts. The file at the path may be a new version by the time it is used.
    program: Option<PathBuf>,
    arguments: Vec<OsString>,
}

impl Successor {
    /// Returns the successor of this process.
    pub fn of_this() -> Self {
        let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        if !arguments.iter().any(|argument| argument == "--upgrade") {
            arguments.push("--upgrade".into());
        }
        Successor { program: std::env::current_exe().ok(), arguments }
    }

    /// Starts the successor. The successor itself logs what keeps it from taking over.
    pub fn start(&self) {
        let Some(program) = &self.program else { return warn!("no upgrade: this program's file is not known") };
        let mut child = match Command::new(program).args(&self.arguments).spawn() {
            Ok(child) => child,
            Err(e) => return warn!("no upgrade: {} cannot be started: {e}", program.display()),
        };
        info!("upgrading: process {} is to take over", child.id());
        let waiting = std::thread::Builder::new().name("successor".to_owned()).spawn(move || match child.wait() {
            Ok(status) => warn!("no upgrade: the new process ended ({status}); this one goes on"),
            Err(e) => warn!("the new process cannot be watched: {e}"),
        });
        if let Err(e) = waiting {
            warn!("the new process cannot be watched: {e}");
        }
    }
}

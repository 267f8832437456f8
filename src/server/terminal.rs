//! The terminal that a process was started on. When it closes, a process in its foreground ends, as people expect of what they see
//! run there. SIGHUP alone does not tell: it also means "reload", and shells send it to processes under nohup.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::process::getpgrp;
use rustix::termios::{tcgetattr, tcgetpgrp};

/// The terminal in whose foreground this process began, if there is one.
pub struct StartingTerminal(Option<OwnedFd>);

impl StartingTerminal {
    /// Notes the terminal. To be called before SIGHUP is received.
    pub fn note() -> Self {
        if ignores_hangup() {
            return StartingTerminal(None);
        }
        let (input, output, errors) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
        let streams = [input.as_fd(), output.as_fd(), errors.as_fd()];
        let own = streams.into_iter().find(|stream| is_in_front(*stream));
        StartingTerminal(own.and_then(|stream| stream.try_clone_to_owned().ok()))
    }

    /// Returns true if there was a terminal and it is closed. Nothing can be asked of a closed one.
    pub fn has_gone(&self) -> bool {
        self.0.as_ref().is_some_and(|terminal| tcgetattr(terminal).is_err())
    }
}

fn is_in_front(stream: BorrowedFd<'_>) -> bool {
    tcgetpgrp(stream).is_ok_and(|front| front == getpgrp())
}

/// Returns true if the process was started so that it outlives its terminal: by nohup, or by `trap '' HUP` of a shell.
#[cfg(target_os = "linux")]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    // SIGHUP is the first signal.
    ignored & 1 != 0
}

/// Other systems do not tell without unsafe code.
#[cfg(not(target_os = "linux"))]
fn ignores_hangup() -> bool {
    false
}

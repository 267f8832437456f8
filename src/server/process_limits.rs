//! The limits that batch systems and service managers set to a process: a process beyond them fails somewhere inside a library, and some of its
//! threads stay. So what it needs is tried at the start.

use super::core_dumps;
use rustix::process::{Resource, Rlimit, Signal, getrlimit};
use std::hint::black_box;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

/// The threads beside the workers: they write the log, watch files, count tokens, resolve names.
const OTHER_THREADS: usize = 16;
/// The memory beside that of the threads, in bytes.
const ROOM: usize = 128 << 20;

/// Keeps the process's memory to itself, and lets it outlive the limit of file sizes. Returns what does not work, in sentences.
pub fn prepare() -> Vec<String> {
    let dumps = core_dumps::forbid();
    let dumps =
        dumps.map_err(|e| format!("a crash may leave keys and prompts in a core dump, which cannot be forbidden: {e}"));
    let files = outlive_file_size();
    let files = files.map_err(|e| format!("a file that grows beyond the limit of file sizes ends the process: {e}"));
    [dumps.err(), files.err()].into_iter().flatten().collect()
}

/// Lets a write beyond the limit of file sizes fail as others do: without a handler, the system ends the process by a signal.
fn outlive_file_size() -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    // The handler stays for as long as the process runs.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}

/// Checks that the system gives the process its threads and some memory.
///
/// # Errors
/// It does not. The sentence names the limits that are set, and the remedy.
pub fn check(workers: usize) -> Result<(), String> {
    let wanted = workers.saturating_mul(2).saturating_add(OTHER_THREADS);
    let gate = Mutex::new(());
    // The threads wait, so that all of them are there at the same time.
    let (started, has_room) = thread::scope(|scope| {
        let closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = || drop(gate.lock());
        let start = |_: &usize| thread::Builder::new().spawn_scoped(scope, wait).is_ok();
        let started = (0..wanted).take_while(start).count();
        let has_room = black_box(Vec::<u8>::new()).try_reserve_exact(black_box(ROOM)).is_ok();
        drop(closed);
        (started, has_room)
    });
    let lacking = match (started == wanted, has_room) {
        (true, true) => return Ok(()),
        (false, _) => format!("{started} of the {wanted} threads that it needs"),
        (true, false) => format!("no {} MiB of memory beside its threads", ROOM >> 20),
    };
    let limits = limits();
    Err(format!(
        "the system gives this process {lacking}{limits}; raise its limits (`ulimit -u`, `ulimit -v`; LimitNPROC, LimitAS and TasksMax of \
         systemd), or write a smaller num_workers"
    ))
}

/// Returns the limits that are set, in brackets.
fn limits() -> String {
    let set = |(name, resource): (&str, Resource)| {
        let Rlimit { current, .. } = getrlimit(resource);
        current.map(|limit| format!("{name} {limit}"))
    };
    let all = [("processes", Resource::Nproc), ("address space", Resource::As), ("data", Resource::Data)];
    let set: Vec<String> = all.into_iter().filter_map(set).collect();
    if set.is_empty() { String::new() } else { format!(" (limits: {})", set.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_process_has_what_it_needs() {
        assert_eq!(check(2), Ok(()));
    }
}

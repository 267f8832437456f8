//! Notices that a file has changed and puts what it says into use, off the path of requests.
//!
//! Which files that are is told by each load, since tables include others. Files are looked at several times a second: that works on network file systems, where notifications do not arrive, and
//! sees a replacement by rename as well as a write. A change counts when it has stood still from one look to the next, so that
//! several writes are one change. SIGHUP reloads at once.

use crate::diagnostics::Problem;
use crate::diagnostics::report;
use crate::proxy::live::{Current, Live};
use log::{error, info, warn};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{SignalKind, signal};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(150);

/// What was loaded, and what a running process cannot take from it.
pub struct Fresh {
    /// What is to be served.
    pub live: Live,
    /// Settings that differ but need a restart.
    pub needs_restart: Vec<&'static str>,
}

/// Loads everything anew; with the files that this took, whether it succeeded or not.
pub type Load = Box<dyn Fn() -> (Result<Fresh, Vec<Problem>>, Vec<Seen>) + Send>;

/// A file and how it was found, if it was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    path: PathBuf,
    look: Option<Look>,
}

/// A file as far as a change shows in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    modified: Option<SystemTime>,
    size: u64,
    inode: u64,
}

impl Seen {
    /// The file as it is now.
    pub fn now(path: PathBuf) -> Self {
        use std::os::unix::fs::MetadataExt;
        let look = std::fs::metadata(&path).ok().map(|metadata| Look {
            modified: metadata.modified().ok(),
            size: metadata.len(),
            inode: metadata.ino(),
        });
        Seen { path, look }
    }
}

/// Watches the files that were `used` on a thread of its own for as long as the process lives. SIGHUP is received from the return on: before,
/// it would end the process.
pub fn watch(used: Vec<Seen>, current: Arc<Current>, load: Load) {
    let (ready, is_ready) = std::sync::mpsc::channel::<()>();
    let spawned = std::thread::Builder::new().name("reload".to_owned()).spawn(move || {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(run(used, &current, &load, ready)),
            Err(e) => warn!("files are not watched: {e}"),
        }
    });
    match spawned {
        // An error only says that the thread has ended, which it has told itself.
        Ok(_) => is_ready.recv().unwrap_or_default(),
        Err(e) => warn!("files are not watched: {e}"),
    }
}

async fn run(mut used: Vec<Seen>, current: &Current, load: &Load, ready: Sender<()>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        return warn!("files are not watched: SIGHUP cannot be received");
    };
    drop(ready);
    let mut last = used.clone();
    loop {
        let asked = tokio::select! {
            _ = hangup.recv() => true,
            () = tokio::time::sleep(LOOK) => false,
        };
        let now: Vec<Seen> = used.iter().map(|seen| Seen::now(seen.path.clone())).collect();
        let settled = now == last;
        last = now;
        if asked || (settled && last != used) {
            used = reload(current, load);
            last.clone_from(&used);
        }
    }
}

/// Loads, and says which files that took.
fn reload(current: &Current, load: &Load) -> Vec<Seen> {
    let (fresh, seen) = load();
    match fresh {
        Ok(Fresh { live, needs_restart }) => {
            for key in needs_restart {
                warn!("{key} has changed in the configuration; it takes effect when the proxy is started again");
            }
            let models = live.table.model_count();
            let what =
                format!("table {} with {} routes and {models} models", live.version(), live.table.routes().count());
            // What is said to be in use is.
            current.replace(live);
            info!("reloaded: {what}");
        }
        Err(problems) => {
            current.fall_behind();
            error!("not reloaded, the last good table stays in use:\n{}", report::text(&problems, false));
        }
    }
    seen
}

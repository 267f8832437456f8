//! Notices that a file has changed and serves what it says, without a restart. SIGHUP reloads at once. SIGUSR1 opens the log's
//! file anew. Lists of models that say something new are served in the same way.
//!
//! Which files are watched follows from each load, since a table can include others. The files are looked at several times a second:
//! this works on network file systems, where notifications do not arrive, and it sees a replacement by rename as well as a write.
//! A change counts when two looks in a row agree, so that several writes make one reload.

use super::refresh::{RefreshEvent, RefreshHandle, Refresher};
use super::terminal::StartingTerminal;
use super::tls::Certificates;
use crate::diagnostics::{Problem, report};
use crate::loading::{self, FileReader, FixedSettings, Origin, SeenFile};
use crate::proxy::live::{Current, Live};
use crate::telemetry::{Metrics, process_log};
use log::{error, info, warn};
use rustix::process::{Signal, getpid, kill_process};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(150);

/// What a reload needs.
pub struct Reloader {
    /// The files.
    pub origin: Origin,
    /// The settings that take effect at the next start only.
    pub fixed: FixedSettings,
    /// The certificate of the port, which a reload replaces.
    pub certificates: Option<Arc<Certificates>>,
    /// Where requests are counted, if they are.
    pub metrics: Option<Arc<Metrics>>,
    /// The terminal that the process was started on: SIGHUP after its end means to stop.
    pub terminal: StartingTerminal,
}

impl Reloader {
    /// Returns the same, counted where requests are.
    pub fn metered(&self, live: Live) -> Live {
        match &self.metrics {
            Some(metrics) => live.metered(metrics),
            None => live,
        }
    }

    /// Watches the files, and reads the lists of models, on a thread of its own for as long as the process lives; `used` are the files
    /// of the first load. On return SIGHUP reloads and SIGUSR1 opens the log anew; before, either would end the process. What is
    /// returned asks for a refresh.
    pub fn watch(self, used: Vec<SeenFile>, current: Arc<Current>) -> RefreshHandle {
        let (refresher, handle) = Refresher::new();
        let (ready, is_ready) = std::sync::mpsc::channel::<()>();
        let spawned = std::thread::Builder::new().name("reload".to_owned()).spawn(move || {
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(self.run(used, &current, refresher, ready)),
                Err(e) => warn!("files are not watched: {e}"),
            }
        });
        match spawned {
            // An error only says that the thread has ended. The thread has logged why.
            Ok(_) => is_ready.recv().unwrap_or_default(),
            Err(e) => warn!("files are not watched: {e}"),
        }
        handle
    }

    async fn run(&self, mut used: Vec<SeenFile>, current: &Current, mut refresher: Refresher, ready: Sender<()>) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else {
            return warn!("files are not watched: SIGHUP cannot be received");
        };
        let Ok(mut rotated) = signal(SignalKind::user_defined1()) else {
            return warn!("files are not watched: SIGUSR1 cannot be received");
        };
        drop(ready);
        let mut last = used.clone();
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        refresher.begin(current, &self.origin.kept);
        loop {
            let asked = tokio::select! {
                _ = hangup.recv() => true,
                _ = rotated.recv() => {
                    reopen_log();
                    continue;
                }
                event = refresher.next() => {
                    if let Some(seen) = self.refresh(event, &mut refresher, current) {
                        used = seen;
                        last.clone_from(&used);
                    }
                    continue;
                }
                _ = looks.tick() => {
                    refresher.look(current);
                    false
                }
            };
            if asked && self.terminal.has_gone() {
                info!("the terminal that this process was started on is closed; stopping");
                // The signal to stop has one way, which drains.
                if let Err(e) = kill_process(getpid(), Signal::TERM) {
                    error!("the process cannot be stopped: {e}");
                }
                continue;
            }
            let now: Vec<SeenFile> = used.iter().map(SeenFile::again).collect();
            let settled = now == last;
            last = now;
            if asked || (settled && last != used) {
                used = self.reload(current);
                last.clone_from(&used);
            }
        }
    }

    /// Loads, serves the result, and returns the files of this load, also when it failed.
    fn reload(&self, current: &Current) -> Vec<SeenFile> {
        let reader = FileReader::default();
        match self.load(&reader) {
            Ok(live) => {
                let (version, routes) = (live.version().to_owned(), live.table.routes().count());
                let models = live.table.model_count();
                current.replace(live);
                // Logged last: whoever reads the line may rely on it.
                info!("reloaded: table {version} with {routes} routes and {models} models");
            }
            Err(problems) => refused(current, &problems),
        }
        reader.into_seen()
    }

    /// Takes what a refresh of the lists of models has to tell. Returns the files that were loaded, if they were.
    fn refresh(&self, event: RefreshEvent, refresher: &mut Refresher, current: &Current) -> Option<Vec<SeenFile>> {
        let kept = &self.origin.kept;
        match event {
            RefreshEvent::Wanted(waiter) => {
                refresher.wanted(waiter, current);
                None
            }
            RefreshEvent::Read(answers) => {
                // The demo leaves nothing behind.
                let is_new = refresher.keep(answers, current, kept, self.origin.demo.is_none());
                let seen = is_new.then(|| self.serve_lists(current));
                refresher.tell(current, kept);
                seen
            }
        }
    }

    /// Loads with the newer lists of models, and serves the result if it is another one.
    fn serve_lists(&self, current: &Current) -> Vec<SeenFile> {
        let reader = FileReader::default();
        match self.load(&reader) {
            Ok(live) => {
                let now = current.live();
                if live.version() != now.version() || live.table.differences() != now.table.differences() {
                    current.replace(live);
                }
            }
            Err(problems) => refused(current, &problems),
        }
        reader.into_seen()
    }

    /// Loads everything anew, and replaces the certificate when all of it is sound. Returns what is to be served, and logs which
    /// settings have changed and need a restart.
    fn load(&self, reader: &FileReader) -> Result<Live, Vec<Problem>> {
        let loaded = self.origin.load(reader)?;
        let needs_restart = self.fixed.changed_in(&loaded)?;
        let certificate = loaded.certificate.clone();
        let live = self.metered(loading::live(loaded)?);
        if let (Some(certificates), Some(certificate)) = (&self.certificates, certificate) {
            certificates.replace(certificate);
        }
        for key in needs_restart {
            warn!("{key} has changed in the configuration; it takes effect when the proxy is started again");
        }
        Ok(live)
    }
}

fn refused(current: &Current, problems: &[Problem]) {
    let report = report::text(problems, false);
    error!("not reloaded, the last good table stays in use:\n{report}");
    current.fall_behind(report);
}

/// Goes on in a new file, after the log's file was renamed.
fn reopen_log() {
    match process_log::reopen() {
        Ok(Some(path)) => info!("the log goes on in {}", path.display()),
        Ok(None) => info!("SIGUSR1 opens the log's file anew, and the configuration has no log_file"),
        Err((path, e)) => warn!("{} cannot be opened, the log stays in the file that it had: {e}", path.display()),
    }
}

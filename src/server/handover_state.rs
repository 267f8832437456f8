//! The listeners of a process, their files and its instance directory. A process gives them up once: to a process that takes over,
//! or for good when it stops.

use super::instance::Instance;
use super::upgrade::{Giver, Shared};
use log::warn;
use std::path::PathBuf;
use std::sync::Mutex;
use tokio::sync::Notify;

/// The listeners and the instance directory of this process. Any thread may use it.
#[derive(Default)]
pub struct HandoverState {
    held: Mutex<Holdings>,
    /// Notified when another process has taken over.
    pub taken: Notify,
}

#[derive(Default)]
struct Holdings {
    /// A second handle of each listener. A client can connect until both handles are closed.
    listeners: Vec<Shared>,
    /// The socket files of the listeners.
    files: Vec<PathBuf>,
    instance: Option<Instance>,
    /// True while another process has the listeners and has not said yet that it serves.
    promised: bool,
}

impl HandoverState {
    /// Adds a listener.
    pub fn add(&self, listener: Shared, file: Option<PathBuf>) {
        self.with(|held| {
            held.listeners.push(listener);
            held.files.extend(file);
        });
    }

    /// Adds the instance directory.
    pub fn hold(&self, instance: Instance) {
        self.with(|held| held.instance = Some(instance));
    }

    /// Gives everything up for good, since the process stops.
    pub fn close(&self) {
        let held = self.with(std::mem::take);
        // The files belong to the process that is taking over. If it fails, the next process finds them stale and removes them.
        if held.promised {
            return;
        }
        for file in &held.files {
            if let Err(e) = std::fs::remove_file(file) {
                warn!("{} could not be removed: {e}", file.display());
            }
        }
        if let Some(instance) = &held.instance {
            instance.clear();
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Holdings) -> T) -> T {
        // No change panics, so that the state is sound even if the lock was poisoned.
        change(&mut self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Giver for HandoverState {
    fn offer(&self) -> Option<Vec<Shared>> {
        self.with(|held| {
            let handles = held.listeners.iter().map(|listener| {
                Some(Shared { name: listener.name.clone(), handle: listener.handle.try_clone().ok()? })
            });
            let handles: Option<Vec<Shared>> = handles.collect();
            held.promised = handles.as_ref().is_some_and(|handles| !handles.is_empty());
            handles.filter(|_| held.promised)
        })
    }

    fn withdraw(&self) {
        self.with(|held| held.promised = false);
    }

    fn give_up(&self) {
        drop(self.with(std::mem::take));
        self.taken.notify_one();
    }
}

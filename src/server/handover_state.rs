//! What a process holds on behalf of its name: its listeners, their files and its place. It is given up once: to a process that
//! takes over, or for good when this one stops.

use super::instance::Instance;
use super::upgrade::{Giver, Shared};
use log::warn;
use std::path::PathBuf;
use std::sync::Mutex;
use tokio::sync::Notify;

/// What a process holds, from any thread.
#[derive(Default)]
pub struct HandoverState {
    held: Mutex<Holdings>,
    /// Told when another process has taken over.
    pub taken: Notify,
}

#[derive(Default)]
struct Holdings {
    /// Handles of the listeners; nobody can connect any more once these are closed, too.
    listeners: Vec<Shared>,
    /// Files of the listeners.
    files: Vec<PathBuf>,
    instance: Option<Instance>,
    /// Whether another process has the listeners and has not said yet that it serves.
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

    /// Holds a place.
    pub fn hold(&self, instance: Instance) {
        self.with(|held| held.instance = Some(instance));
    }

    /// Gives all of it up for good: the process stops.
    pub fn close(&self) {
        let held = self.with(std::mem::take);
        // The files are those of the process that is taking over; where that fails the next one finds them stale.
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
        // Nothing in between can panic, and what is held is sound in any case.
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

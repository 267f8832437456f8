//! The listeners of a process, their files and its instance directory. A process gives them up once: to a process that takes over,
//! or for good when it stops.

use super::instance::Instance;
use super::upgrade::{Giver, Shared};
use super::watched_socket::WatchedSocket;
use log::warn;
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
    /// The listeners that have a file.
    sockets: Vec<WatchedSocket>,
    instance: Option<Instance>,
    /// True while another process has the listeners and has not said yet that it serves.
    promised: bool,
    /// True once another process serves.
    gone: bool,
}

impl HandoverState {
    /// Adds a listener.
    pub fn add(&self, listener: Shared) {
        self.with(|held| held.listeners.push(listener));
    }

    /// Adds the file of a listener that was added.
    pub fn watch(&self, socket: WatchedSocket) {
        self.with(|held| held.sockets.push(socket));
    }

    /// Adds the instance directory.
    pub fn hold(&self, instance: Instance) {
        self.with(|held| held.instance = Some(instance));
    }

    /// Listens anew at paths whose files have gone. Returns true if the instance directory has gone, too.
    pub fn look(&self) -> bool {
        self.with(|held| {
            if held.promised || held.gone {
                return false;
            }
            for socket in &mut held.sockets {
                let Some(listener) = socket.look() else { continue };
                held.listeners.retain(|shared| shared.name != listener.name);
                held.listeners.push(listener);
            }
            held.instance.as_ref().is_some_and(|instance| !instance.is_there())
        })
    }

    /// Gives everything up for good, since the process stops.
    pub fn close(&self) {
        let held = self.with(|held| {
            // After a hand-over only the paths are left, of which the other process may use some.
            let left = if held.gone { std::mem::take(&mut held.sockets) } else { Vec::new() };
            std::mem::replace(held, Holdings { sockets: left, gone: true, ..Holdings::default() })
        });
        // The files belong to the process that is taking over. If it fails, the next process finds them stale and removes them.
        if held.promised {
            return;
        }
        for file in held.sockets.iter().filter_map(|socket| socket.file.as_ref()) {
            if let Err(e) = file.remove() {
                warn!("{} could not be removed: {e}", file.path.display());
            }
        }
        if let Some(instance) = &held.instance {
            instance.clear();
        }
    }

    /// Removes the socket files that the process that took over does not use. To be called when this process accepts no more.
    pub fn clear_dropped(&self) {
        for socket in self.with(|held| std::mem::take(&mut held.sockets)) {
            // What cannot be removed is found stale by whoever listens there next.
            let _ = socket.file.map(|file| file.remove_if_dead());
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
        self.with(|held| {
            let sockets = std::mem::take(&mut held.sockets);
            *held = Holdings { sockets, gone: true, ..Holdings::default() };
        });
        self.taken.notify_one();
    }
}

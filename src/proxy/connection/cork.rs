//! Holds back a call's head until pingora has written the body behind it, so that both leave in one packet.
//!
//! No hook of pingora's comes between head and body. But pingora writes both while one task runs, and that task pauses only
//! when it waits for the answer.

use super::socket::UpstreamSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The upstream socket that the task of a client's connection holds back, if any.
#[derive(Debug, Default)]
pub struct Corked {
    is_full: AtomicBool,
    socket: Mutex<Option<Arc<UpstreamSocket>>>,
}

impl Corked {
    /// Remembers a socket to release. A socket that was there before is released now.
    pub fn put(&self, socket: Arc<UpstreamSocket>) {
        let before = self.socket.lock().unwrap_or_else(PoisonError::into_inner).replace(socket);
        self.is_full.store(true, Ordering::Release);
        before.into_iter().for_each(|socket| socket.release());
    }

    /// Releases the socket. Call it when the task waits.
    pub fn release(&self) {
        if self.is_full.load(Ordering::Acquire) {
            self.is_full.store(false, Ordering::Release);
            let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
            socket.into_iter().for_each(|socket| socket.release());
        }
    }
}

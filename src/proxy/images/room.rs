//! Limits the total size of a request with its images. A request may not become larger than a client could send it, and holds no
//! more than the process has for it.

use crate::proxy::memory::MemoryShare;
use crate::wire::Failure;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The room that is left in a body, shared by all images of one request.
pub struct Room {
    /// Bytes of base64.
    left: AtomicUsize,
    limit: usize,
    memory: Mutex<MemoryShare>,
    /// Set when there was no memory.
    refusal: OnceLock<Failure>,
}

impl Room {
    /// Takes the size of the body and its limit, in bytes, and a share of the memory for the images alone.
    pub fn new(size: usize, limit: usize, memory: MemoryShare) -> Self {
        let left = AtomicUsize::new(limit.saturating_sub(size));
        Room { left, limit, memory: Mutex::new(memory), refusal: OnceLock::new() }
    }

    /// Takes room for this many bytes of an image.
    ///
    /// # Errors
    /// The reason, as the end of a sentence.
    pub fn take(&self, bytes: usize) -> Result<(), String> {
        let encoded = bytes.div_ceil(3).saturating_mul(4);
        self.left
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(encoded))
            .map_err(|_| format!("with its images the request is larger than max_body ({} bytes)", self.limit))?;
        let taken = self.memory.lock().unwrap_or_else(PoisonError::into_inner).take_image(bytes);
        taken.map_err(|failure| {
            // The first one tells it.
            self.refusal.get_or_init(|| failure).message.clone()
        })
    }

    /// Returns the refusal of the request, if there was no memory for an image.
    pub fn refusal(&self) -> Option<Failure> {
        self.refusal.get().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(size: usize, limit: usize, memory: usize) -> Room {
        Room::new(size, limit, MemoryShare::new(std::sync::Arc::default(), memory))
    }

    #[test]
    fn room_is_used_up() {
        let room_of = |size, limit| room(size, limit, 1 << 20);
        let room = room_of(10, 22);
        assert_eq!((room.take(3), room.take(1), room.take(0)), (Ok(()), Ok(()), Ok(())));
        assert!(room.take(4).unwrap_err().contains("max_body (22 bytes)"));
        assert_eq!(room.take(2), Ok(()));
        assert!(room.take(1).is_err());
        assert!(room_of(9, 5).take(1).is_err());
        assert!(room.refusal().is_none());
    }

    #[test]
    fn images_are_taken_from_the_memory_of_the_process() {
        let room = room(0, 1 << 20, 1 << 20);
        let taken = (0..100).take_while(|_| room.take(10_000).is_ok()).count();
        assert!((10..30).contains(&taken), "{taken}");
        assert_eq!(room.refusal().unwrap().status.as_u16(), 413);
    }
}

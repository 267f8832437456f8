//! Limits the total size of a request with its images. A request may not become larger than a client could send it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The room that is left in a body, shared by all images of one request.
pub struct Room {
    /// Bytes of base64.
    left: AtomicUsize,
    limit: usize,
}

impl Room {
    /// Takes the size of the body and its limit, in bytes.
    pub fn new(size: usize, limit: usize) -> Self {
        Room { left: AtomicUsize::new(limit.saturating_sub(size)), limit }
    }

    /// Takes room for this many bytes of an image.
    ///
    /// # Errors
    /// The reason, as the end of a sentence.
    pub fn take(&self, bytes: usize) -> Result<(), String> {
        let encoded = bytes.div_ceil(3).saturating_mul(4);
        self.left
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(encoded))
            .map(|_| ())
            .map_err(|_| format!("with its images the request is larger than max_body ({} bytes)", self.limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_used_up() {
        let room = Room::new(10, 22);
        assert_eq!((room.take(3), room.take(1), room.take(0)), (Ok(()), Ok(()), Ok(())));
        assert!(room.take(4).unwrap_err().contains("max_body (22 bytes)"));
        assert_eq!(room.take(2), Ok(()));
        assert!(room.take(1).is_err());
        assert!(Room::new(9, 5).take(1).is_err());
    }
}

//! Random ids and the time for replies.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn letter(byte: u8) -> u8 {
    LETTERS.get((usize::from(byte) * LETTERS.len()) >> 8).copied().unwrap_or(b'0')
}

/// Returns `prefix` followed by 24 random letters and digits.
pub fn random_id(prefix: &str) -> String {
    // Access the thread's generator only once, to seed a local one.
    let mut random = fastrand::Rng::new();
    let mut letters = [0; 24];
    for eight in letters.as_chunks_mut().0 {
        *eight = random.u64(..).to_le_bytes().map(letter);
    }
    let letters = std::str::from_utf8(&letters).unwrap_or_default();
    let mut id = String::with_capacity(prefix.len() + letters.len());
    id.push_str(prefix);
    id.push_str(letters);
    id
}

/// Returns the time since the Unix epoch.
pub fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Returns the time in Unix seconds.
pub fn unix_now() -> u64 {
    unix_time().as_secs()
}

//! Random ids and the time for replies.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Returns `prefix` followed by 24 random letters and digits.
pub fn random_id(prefix: &str) -> String {
    // Access the thread's generator only once, to seed a local one.
    let mut random = fastrand::Rng::new();
    let mut id = String::with_capacity(prefix.len() + 24);
    id.push_str(prefix);
    for _ in 0..3 {
        let letter = |byte: u8| LETTERS.get((usize::from(byte) * LETTERS.len()) >> 8).copied().unwrap_or(b'0');
        id.extend(random.u64(..).to_le_bytes().map(|byte| char::from(letter(byte))));
    }
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

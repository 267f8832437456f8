//! Numbers by key, in a table that is laid out when the crate is built and read where it lies in the program.

// The build script, which fills such tables, takes only a part of this file.
#![allow(dead_code)]

/// The bits of a value. The key is above them.
pub const VALUE: u32 = 20;
/// A slot without a key.
pub const EMPTY: u64 = u64::MAX;
/// The slots behind the last one where a search begins, so that no search goes round.
pub const SPARE: usize = 64;

/// What stands for no token, beside the tables.
pub const NONE: u32 = u32::MAX;

/// A table in the program: slots of eight bytes, the smallest byte first.
#[derive(Clone, Copy)]
pub struct Hashed(pub &'static [u8]);

impl Hashed {
    /// Returns the value of a key.
    #[inline]
    pub fn get(self, key: u64) -> Option<u32> {
        let (slots, _) = self.0.as_chunks();
        for slot in slots.get(first_slot(key, slots.len())..)? {
            let slot = u64::from_le_bytes(*slot);
            if slot >> VALUE == key {
                return Some((slot & ((1 << VALUE) - 1)) as u32);
            }
            if slot == EMPTY {
                return None;
            }
        }
        None
    }
}

/// Returns the key of two tokens that stand beside each other.
#[inline]
pub fn key_of_pair(left: u32, right: u32) -> u64 {
    u64::from(left) << VALUE | u64::from(right)
}

/// Returns the slot where the search for a key begins.
#[inline]
pub fn first_slot(key: u64, slots: usize) -> usize {
    let mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    ((mixed * slots.saturating_sub(SPARE) as u64) >> 32) as usize
}

//! Counts by name, shared by all threads without a lock, in a bounded piece of memory.

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// How many counts share a set: what fills a cache line together with the set's version.
const WAYS: usize = 3;
/// How many sets there are: 1 MiB of 49,152 counts.
const SETS: usize = 1 << 14;

/// A name whose upper `COUNT` bits are 0, which is where its count is kept; it is not 0 itself.
pub(super) type Name = u128;

/// The counts of names that were met lately; a full set forgets the name that came first.
pub(super) struct Shelf<const COUNT: u32> {
    sets: Box<[Set]>,
}

/// A few names with their counts. Who reads while another writes sees another version afterwards, or an odd one, and finds
/// nothing; who writes while another writes gives up.
#[derive(Default)]
#[repr(align(64))]
struct Set {
    version: AtomicU64,
    entries: [[AtomicU64; 2]; WAYS],
}

impl<const COUNT: u32> Shelf<COUNT> {
    /// The largest count that is kept.
    const MOST: u64 = (1 << COUNT) - 1;

    /// An empty shelf.
    pub(super) fn new() -> Self {
        Shelf { sets: (0..SETS).map(|_| Set::default()).collect() }
    }

    /// The count of a name, in the set that some other number of the caller's chooses.
    #[inline]
    pub(super) fn get(&self, set: u64, name: Name) -> Option<u64> {
        let set = self.set(set)?;
        let version = set.version.load(Ordering::Acquire);
        let found = set.entries.iter().find_map(|[low, high]| {
            let kept = Name::from(high.load(Ordering::Relaxed)) << 64 | Name::from(low.load(Ordering::Relaxed));
            let count = kept ^ name;
            (count << COUNT == 0).then_some((count >> (Name::BITS - COUNT)) as u64)
        })?;
        fence(Ordering::Acquire);
        (version % 2 == 0 && set.version.load(Ordering::Relaxed) == version).then_some(found)
    }

    /// Keeps the count of a name, unless it is too large or another thread writes there.
    #[cold]
    pub(super) fn put(&self, set: u64, name: Name, count: u64) {
        let Some(set) = self.set(set).filter(|_| count <= Self::MOST) else { return };
        let version = set.version.load(Ordering::Relaxed);
        let odd = version.wrapping_add(1);
        let is_ours = || set.version.compare_exchange(version, odd, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if version % 2 == 0 && is_ours() {
            fence(Ordering::Release);
            let kept = name | Name::from(count) << (Name::BITS - COUNT);
            let [low, high] = &set.entries[(version / 2) as usize % WAYS];
            low.store(kept as u64, Ordering::Relaxed);
            high.store((kept >> 64) as u64, Ordering::Relaxed);
            set.version.store(odd.wrapping_add(1), Ordering::Release);
        }
    }

    #[inline]
    fn set(&self, set: u64) -> Option<&Set> {
        self.sets.get(set as usize % SETS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_set_forgets_what_came_first() {
        let shelf = Shelf::<4>::new();
        for number in 1..=4 {
            assert_eq!(shelf.get(7, number << 64), None);
            shelf.put(7, number << 64, number as u64 + 10);
            assert_eq!(shelf.get(7, number << 64), Some(number as u64 + 10));
            assert_eq!(shelf.get(8, number << 64), None);
        }
        assert_eq!([1, 2, 3, 4].map(|number| shelf.get(7, number << 64)), [None, Some(12), Some(13), Some(14)]);
    }

    #[test]
    fn too_large_a_count_is_not_kept() {
        let shelf = Shelf::<4>::new();
        shelf.put(0, 1, 16);
        assert_eq!(shelf.get(0, 1), None);
        shelf.put(0, 1, 15);
        assert_eq!(shelf.get(0, 1), Some(15));
    }

    #[test]
    fn nothing_is_found_where_somebody_writes() {
        let shelf = Shelf::<4>::new();
        shelf.put(0, 1, 5);
        shelf.sets[0].version.fetch_add(1, Ordering::Relaxed);
        assert_eq!(shelf.get(0, 1), None);
        shelf.put(0, 2, 5);
        shelf.sets[0].version.fetch_add(1, Ordering::Relaxed);
        assert_eq!((shelf.get(0, 1), shelf.get(0, 2)), (Some(5), None));
    }

    #[test]
    fn threads_never_find_halves_of_two_names() {
        let shelf = Shelf::<8>::new();
        // Names that share their halves; the count tells which they are.
        let name = |number: u64| Name::from(number % 5 + 1) << 64 | Name::from(number / 5 + 1);
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let shelf = &shelf;
                threads.spawn(move || {
                    for step in 0..200_000 {
                        let number = (step * 7 + thread * 11) % 25;
                        match shelf.get(0, name(number)) {
                            Some(count) => assert_eq!(count, number),
                            None => shelf.put(0, name(number), number),
                        }
                    }
                });
            }
        });
    }
}

//! Times in order, of which shares can be told.

/// Nanoseconds, sorted.
#[derive(Debug)]
pub struct Spread(Vec<u64>);

impl Spread {
    /// Sorts times.
    pub fn of(mut nanos: Vec<u64>) -> Spread {
        nanos.sort_unstable();
        Spread(nanos)
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the time in microseconds that this share of the times does not exceed.
    pub fn micros(&self, share: f64) -> Option<f64> {
        let at = ((self.0.len() as f64 - 1.0).max(0.0) * share).round() as usize;
        self.0.get(at).map(|nanos| *nanos as f64 / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_in_microseconds() {
        let spread = Spread::of((1..=101).rev().map(|number| number * 1000).collect());
        assert_eq!(
            (spread.micros(0.5), spread.micros(0.99), spread.micros(1.0)),
            (Some(51.0), Some(100.0), Some(101.0))
        );
        assert_eq!(Spread::of(Vec::new()).micros(0.5), None);
    }
}

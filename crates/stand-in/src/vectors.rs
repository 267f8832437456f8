//! Unit vectors as JSON, made from a seed and fast enough for a load test.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The absolute components of one unit vector, for each number of dimensions in use.
///
/// Every other vector is a rotation of this one with other signs. It has length 1 too, its digits vary, and no number has to
/// be formatted.
#[derive(Default)]
pub(crate) struct Vectors(RwLock<BTreeMap<usize, Arc<[Box<str>]>>>);

impl Vectors {
    /// Returns the body of a reply with one vector for each seed.
    pub(crate) fn render(&self, dimensions: usize, seeds: impl ExactSizeIterator<Item = u64>) -> Vec<u8> {
        let sizes = self.of(dimensions);
        // A component is its size with at most a sign and a comma.
        let most = sizes.iter().map(|size| size.len() + 2).sum::<usize>() + 3;
        let mut out = Vec::with_capacity(most * seeds.len() + 16);
        out.extend_from_slice(b"{\"embedding\":[");
        for (i, seed) in seeds.enumerate() {
            out.extend_from_slice(if i == 0 { b"[" } else { b",[" });
            write_vector(&mut out, &sizes, seed);
            out.push(b']');
        }
        out.extend_from_slice(b"]}");
        out
    }

    /// Appends the numbers of one vector, without brackets.
    pub(crate) fn write(&self, out: &mut Vec<u8>, dimensions: usize, seed: u64) {
        write_vector(out, &self.of(dimensions), seed);
    }

    fn of(&self, dimensions: usize) -> Arc<[Box<str>]> {
        // A table is inserted whole, so a poisoned lock guards nothing broken.
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(sizes) = tables.get(&dimensions) {
            return Arc::clone(sizes);
        }
        drop(tables);
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let sizes = tables.entry(dimensions).or_insert_with(|| sizes(dimensions));
        Arc::clone(sizes)
    }
}

/// Returns the absolute components of a unit vector, as JSON.
fn sizes(dimensions: usize) -> Arc<[Box<str>]> {
    let mut random = fastrand::Rng::with_seed(dimensions as u64);
    // A sum of uniform numbers is close to the bell curve of real components.
    let raw: Vec<f64> = (0..dimensions).map(|_| (0..4).map(|_| random.f64() - 0.5).sum::<f64>().abs()).collect();
    let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
    raw.iter().map(|x| ((x / length) as f32).to_string().into_boxed_str()).collect()
}

fn write_vector(out: &mut Vec<u8>, sizes: &[Box<str>], seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let turn = random.usize(..sizes.len().max(1));
    let (end, start) = sizes.split_at_checked(turn).unwrap_or((&[], sizes));
    let mut signs = 0;
    for (i, size) in start.iter().chain(end).enumerate() {
        if i % 64 == 0 {
            signs = random.u64(..);
        }
        if i > 0 {
            out.push(b',');
        }
        if signs & 1 == 1 {
            out.push(b'-');
        }
        signs >>= 1;
        out.extend_from_slice(size.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn each_length_has_its_table() {
        let vectors = Vectors::default();
        for dimensions in [0, 1, 3072] {
            let body: Value = serde_json::from_slice(&vectors.render(dimensions, [7].into_iter())).unwrap();
            assert_eq!(body["embedding"][0].as_array().unwrap().len(), dimensions);
        }
    }
}

//! Circles of files: each of them is used by the others, so that none can be read first.

use crate::Found;
use crate::house::House;
use crate::imports::{Edge, Imports};

/// Each circle, with the imports that tie it.
pub fn circles(house: &House) -> Vec<Found> {
    let edges = Imports::of(house).edges();
    let mut uses = vec![Vec::new(); house.files.len()];
    edges.iter().for_each(|edge| uses[edge.from].push(edge.to));
    let reach: Vec<Vec<bool>> = (0..uses.len()).map(|file| reachable(file, &uses)).collect();
    let mut found = Vec::new();
    for (first, reached) in reach.iter().enumerate().filter(|(file, reached)| reached[*file]) {
        let circle: Vec<usize> = (0..reach.len()).filter(|file| reached[*file] && reach[*file][first]).collect();
        if circle[0] == first {
            found.push(describe(house, &circle, &edges));
        }
    }
    found
}

/// The files that a file uses, and those that these use.
fn reachable(from: usize, uses: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; uses.len()];
    let mut left = vec![from];
    while let Some(file) = left.pop() {
        for &used in &uses[file] {
            if !reached[used] {
                reached[used] = true;
                left.push(used);
            }
        }
    }
    reached
}

fn describe(house: &House, circle: &[usize], edges: &[Edge]) -> Found {
    let path = |file: usize| &house.files[file].path;
    let inner: Vec<&Edge> =
        edges.iter().filter(|edge| circle.contains(&edge.from) && circle.contains(&edge.to)).collect();
    let lines =
        inner.iter().map(|edge| format!("\n    {}:{}: {}  → {}", path(edge.from), edge.line, edge.path, path(edge.to)));
    let what = format!("{} files use each other:{}", circle.len(), lines.collect::<String>());
    let line = inner.iter().find(|edge| edge.from == circle[0]).map_or(1, |edge| edge.line);
    Found::at(&house.files[circle[0]], line, what)
}

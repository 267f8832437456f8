//! Makes inputs of a target's seeds. The same inputs every time: their number and the random numbers depend on the target alone.

use crate::targets::Target;
use fastrand::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Longer inputs are cut.
const LONGEST: usize = 4096;
/// How many changes make an input of a seed, at most.
const MOST_CHANGES: usize = 6;
/// Bytes that parsers look at.
const SIGNS: &[u8] = b"\"\\{}[]():,'<>#&*%@!|?-+.eE0159 \t\r\n\0\x7f\x80\xbf\xc2\xe2\xed\xef\xf0\xff";

/// Runs a target over its seeds, and over inputs made of them.
pub fn fuzz(target: &Target) {
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{} has no seed", target.name);
    let mut random =
        Rng::with_seed(target.name.bytes().fold(0, |seed, byte| 31 * (seed % (1 << 50)) + u64::from(byte)));
    seeds.iter().for_each(|seed| run(target, seed));
    for _ in 0..target.usual {
        run(target, &input(&mut random, &seeds, target.words));
    }
}

/// Runs a target over one input, and shows the input if that fails.
fn run(target: &Target, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(input))) {
        eprintln!("{}: failed for b\"{}\"", target.name, input.escape_ascii());
        resume_unwind(panic);
    }
}

fn input(random: &mut Rng, seeds: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut input = seeds[random.usize(..seeds.len())].clone();
    for _ in 0..random.usize(1..=MOST_CHANGES) {
        change(random, &mut input, seeds, words);
    }
    input.truncate(LONGEST);
    input
}

/// Changes a place of the input.
fn change(random: &mut Rng, input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str]) {
    let at = random.usize(..=input.len());
    let few = (input.len() - at).min(length(random));
    match random.u32(0..9) {
        0 => drop(input.drain(at..at + few)),
        1 => input.truncate(at),
        2 => input.insert(at, random.u8(..)),
        3 => input.insert(at, SIGNS[random.usize(..SIGNS.len())]),
        4 if at < input.len() => input[at] ^= 1 << random.u32(0..8),
        5 if at < input.len() => input[at] = SIGNS[random.usize(..SIGNS.len())],
        6 => {
            let copy = input[at..at + few].to_vec();
            let to = random.usize(..=input.len());
            drop(input.splice(to..to, copy));
        }
        7 => {
            let other = &seeds[random.usize(..seeds.len())];
            let from = random.usize(..=other.len());
            let to = other.len().min(from + length(random));
            drop(input.splice(at..at + few, other[from..to].iter().copied()));
        }
        _ if words.is_empty() => input.push(b'0'),
        _ => {
            let word = words[random.usize(..words.len())].bytes();
            let replaced = if random.bool() { few } else { 0 };
            drop(input.splice(at..at + replaced, word));
        }
    }
}

/// A length that is rather small.
fn length(random: &mut Rng) -> usize {
    let most = 1 << random.u32(0..9);
    random.usize(1..=most)
}

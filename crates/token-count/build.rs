//! Lays out the tables of the tokenizers and the kinds of characters as the program reads them where they lie: nothing is loaded, and only
//! the pages that are read take memory. Tokens and classes are those of libraries that the program itself does without.

#[path = "src/hashed.rs"]
mod hashed;
#[path = "src/kinds.rs"]
mod kinds;

use bpe_openai::byte_pair_encoding::BytePairEncoding;
use hashed::{EMPTY, NONE, SPARE, VALUE, first_slot, key_of_pair};
use kinds::{ASCII, BLOCK, CLASSES, Kinds, OTHER};
use regex_syntax::hir::{Class, HirKind};
use std::collections::HashMap;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/hashed.rs");
    println!("cargo::rerun-if-changed=src/kinds.rs");
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names a folder"));
    for (name, tokenizer) in [("o200k", bpe_openai::o200k_base()), ("cl100k", bpe_openai::cl100k_base())] {
        for (kind, bytes) in files(&tokenizer.bpe) {
            std::fs::write(folder.join(format!("{name}.{kind}")), bytes).expect("cargo's folder can be written");
        }
    }
    let (block_of, blocks) = classes();
    std::fs::write(folder.join("classes.block_of"), block_of).expect("cargo's folder can be written");
    std::fs::write(folder.join("classes.blocks"), blocks).expect("cargo's folder can be written");
}

/// Returns the number of the block for each 256 characters, and the kinds of the characters of all blocks.
fn classes() -> (Vec<u8>, Vec<Kinds>) {
    let mut all = vec![OTHER; char::MAX as usize + 1];
    for (pattern, kind) in CLASSES {
        let parsed = regex_syntax::parse(pattern).expect("the patterns are sound").into_kind();
        let HirKind::Class(Class::Unicode(class)) = parsed else { panic!("{pattern} is no class") };
        class.iter().for_each(|range| all[range.start() as usize..=range.end() as usize].fill(kind));
    }
    all[..128].copy_from_slice(&ASCII[..128]);
    let mut known: Vec<&[Kinds]> = Vec::new();
    let number = |block| {
        let at = known.iter().position(|other| *other == block).unwrap_or_else(|| {
            known.push(block);
            known.len() - 1
        });
        u8::try_from(at).expect("there are less than 256 different blocks")
    };
    let block_of = all.chunks(BLOCK).map(number).collect();
    (block_of, known.concat())
}

/// Returns the files of a tokenizer, which `src/table.rs` describes.
fn files(bpe: &BytePairEncoding) -> [(&'static str, Vec<u8>); 5] {
    let tokens: Vec<Vec<u8>> = (0u32..).take(bpe.num_tokens()).map(|id| bpe.decode_tokens(&[id])).collect();
    let ids: HashMap<&[u8], u32> = tokens.iter().map(Vec::as_slice).zip(0..).collect();
    let splits = splits(&tokens, &ids);
    let (mut records, mut start) = (Vec::new(), 0);
    for (token, split) in tokens.iter().zip(&splits) {
        let shorter = (1..token.len()).rev().find_map(|end| ids.get(&token[..end]));
        let (left, right) = split.unwrap_or((NONE, NONE));
        records.extend([start, left, right, shorter.copied().unwrap_or(NONE)]);
        start += u32::try_from(token.len()).expect("a token is short");
    }
    records.extend([start, NONE, NONE, NONE]);
    let first: Vec<u32> = (0..=u8::MAX).map(|byte| ids[[byte].as_slice()]).collect();
    let pairs: Vec<(u64, u32)> = (0u32..)
        .zip(&splits)
        .filter_map(|(id, split)| split.map(|(left, right)| (key_of_pair(left, right), id)))
        .collect();
    [
        ("text", tokens.concat()),
        ("tokens", bytes(&records)),
        ("first", bytes(&first)),
        ("pairs", lay_out(&pairs)),
        ("steps", lay_out(&steps(&tokens, &ids))),
    ]
}

fn bytes(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Returns the two tokens that each token is merged from: what its bytes become by the merges before it. `None` for single bytes, and
/// for a token that no merge makes.
fn splits(tokens: &[Vec<u8>], ids: &HashMap<&[u8], u32>) -> Vec<Option<(u32, u32)>> {
    let mut merges: HashMap<(u32, u32), u32> = HashMap::new();
    let split = |(token, id): (&Vec<u8>, u32)| {
        let mut parts: Vec<u32> = token.iter().map(|byte| ids[[*byte].as_slice()]).collect();
        let next = |parts: &[u32]| {
            let pairs = parts.windows(2).enumerate();
            pairs.filter_map(|(at, pair)| Some((*merges.get(&(pair[0], pair[1]))?, at))).min()
        };
        while let Some((merged, at)) = next(&parts) {
            parts.splice(at..at + 2, [merged]);
        }
        let &[left, right] = parts.as_slice() else { return None };
        merges.insert((left, right), id);
        Some((left, right))
    };
    tokens.iter().zip(0..).map(split).collect()
}

/// Returns the steps from the beginning of a token to one that is a byte longer. A beginning that is a token has its id, and the others
/// have numbers behind those of all tokens.
fn steps(tokens: &[Vec<u8>], ids: &HashMap<&[u8], u32>) -> Vec<(u64, u32)> {
    let mut others: HashMap<&[u8], u32> = HashMap::new();
    let mut steps = HashMap::new();
    for token in tokens {
        for end in 1..token.len() {
            let number = |beginning: &[u8]| ids.get(beginning).or(others.get(beginning)).copied();
            let from = number(&token[..end]).expect("a beginning has its number before a longer one");
            let to = number(&token[..=end]);
            let to = to.unwrap_or_else(|| {
                let new = u32::try_from(tokens.len() + others.len()).expect("there are less than 2^20");
                others.insert(&token[..=end], new);
                new
            });
            steps.insert(u64::from(from) << 8 | u64::from(token[end]), to);
        }
    }
    let mut steps: Vec<(u64, u32)> = steps.into_iter().collect();
    steps.sort_unstable();
    steps
}

/// Lays out a table of keys and their values. Three slots of five are taken, so that most searches end in one cache line.
fn lay_out(entries: &[(u64, u32)]) -> Vec<u8> {
    let mut slots = vec![EMPTY; entries.len() * 5 / 3 + SPARE];
    let all = slots.len();
    for (key, value) in entries {
        assert!(*key < (1 << (64 - VALUE)) - 1 && *value < 1 << VALUE, "{key} {value}");
        let free = slots.iter_mut().skip(first_slot(*key, all)).find(|slot| **slot == EMPTY);
        *free.expect("a search ends behind the last slot") = *key << VALUE | u64::from(*value);
    }
    assert_eq!(slots.last(), Some(&EMPTY), "a search may go beyond the last slot");
    slots.into_iter().flat_map(u64::to_le_bytes).collect()
}

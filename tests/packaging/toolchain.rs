//! The compiler: pinned in one place, and the others follow.

use crate::{MANIFEST, root};

const DOCKERFILE: &str = include_str!("../../Dockerfile");
const RECORD: &str = include_str!("../../bench/instructions.txt");

fn pinned() -> String {
    let text = std::fs::read_to_string(root().join("rust-toolchain.toml")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("channel = "));
    line.unwrap().trim_matches('"').to_owned()
}

#[test]
fn the_image_and_the_record_of_instructions_have_the_pinned_compiler() {
    let pinned = pinned();
    assert_eq!(pinned.split('.').count(), 3, "{pinned} names no one compiler");
    assert!(DOCKERFILE.contains(&format!("\nFROM rust:{pinned}-slim-")), "the image is built with another compiler");
    let record = RECORD.lines().next().unwrap();
    assert!(record.contains(&format!("rustc {pinned} (")), "measure anew: bench/guard.sh --write\n{record}");
    let least = MANIFEST.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'));
    let numbers = |version: &str| version.split('.').map(|part| part.parse().unwrap()).collect::<Vec<u32>>();
    assert!(numbers(&pinned) >= numbers(least.unwrap()), "{pinned} is older than the least that is needed");
}

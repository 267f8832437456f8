//! Runs one target under libFuzzer, which calls it. `FUZZ_TARGET` names the target, and its seeds are written to the folder
//! `FUZZ_SEEDS`, where libFuzzer finds them. `scripts/fuzz.sh` sets both.

#![no_main]

#[allow(dead_code, reason = "how many inputs its test makes is for the tests alone")]
#[path = "../../tests/fuzz/targets/mod.rs"]
mod targets;

use std::path::PathBuf;
use std::sync::OnceLock;
use targets::Target;

static TARGET: OnceLock<Target> = OnceLock::new();

fn choose() {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let names: Vec<&str> = targets::ALL.iter().map(|target| target.name).collect();
    let Some(target) = targets::ALL.into_iter().find(|target| target.name == name) else {
        eprintln!("FUZZ_TARGET is '{name}'; the targets are: {}", names.join(" "));
        std::process::exit(2);
    };
    let folder = PathBuf::from(std::env::var_os("FUZZ_SEEDS").expect("FUZZ_SEEDS names a folder"));
    for (number, seed) in (target.seeds)().into_iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), seed).expect("FUZZ_SEEDS can be written to");
    }
    let words = target.words.iter().map(|word| format!("\"{}\"\n", escaped(word))).collect::<String>();
    std::fs::write(folder.with_extension("words"), words).expect("the folder of FUZZ_SEEDS can be written to");
    TARGET.get_or_init(|| target);
}

/// A word as libFuzzer's dictionaries have it.
fn escaped(word: &str) -> String {
    word.bytes().map(|byte| format!("\\x{byte:02X}")).collect()
}

libfuzzer_sys::fuzz_target!(init: choose(), |input: &[u8]| {
    if let Some(target) = TARGET.get() {
        (target.run)(input);
    }
});

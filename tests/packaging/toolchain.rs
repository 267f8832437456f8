//! The compiler: pinned in one place, and the others follow.

use crate::skipped::skip;
use crate::{MANIFEST, root};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

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

#[test]
fn the_guard_compares_with_no_other_compiler() {
    let bin = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("guard-{:x}", fastrand::u64(..)));
    std::fs::create_dir_all(&bin).unwrap();
    let tool = |name: &str, says: &str| {
        let path = bin.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{says}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    // Counts that are the same for all, and so large that no record allows them.
    tool("program", "echo one_path");
    tool("valgrind", "echo \"Collected : ${4}000000\" >&2");
    let guard = |compiler: &str| {
        tool("rustc", &format!("echo '{compiler}'"));
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("python3");
        command.args(["-m", "runner.guard", "--program"]).arg(bin.join("program"));
        command.current_dir(root().join("bench")).env("PATH", path).env("PYTHONDONTWRITEBYTECODE", "1").output()
    };
    let Ok(first) = guard("rustc 1.1.0 (0123456 2026-01-01)") else {
        std::fs::remove_dir_all(&bin).unwrap();
        return skip("the_guard_compares_with_no_other_compiler", "python3 is not here");
    };
    let told = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!first.status.success());
    let install = format!("rustup toolchain install {}", pinned());
    assert!(told(&first).contains("and this is rustc 1.1.0") && told(&first).contains(&install), "{}", told(&first));
    let other = guard(&format!("rustc {} (another build)", pinned())).unwrap();
    assert!(!other.status.success() && told(&other).contains("bench/guard.sh --write"), "{}", told(&other));
    let (_, recorded) = RECORD.lines().next().unwrap().split_once("release, ").unwrap();
    let grown = guard(recorded.split_once(": bench").unwrap().0).unwrap();
    assert!(!grown.status.success() && told(&grown).contains("one_path"), "{}", told(&grown));
    std::fs::remove_dir_all(&bin).unwrap();
}

//! The systemd units, the packages, the Dockerfile, the manifests for Kubernetes, the toolchain, and the rules for crates: they name what there is, and the tools that read them find nothing wrong.

mod image;
mod kubernetes;
#[path = "../support/skipped.rs"]
mod skipped;
mod supply_chain;
mod toolchain;
mod units;
mod wheel;

use std::path::Path;
use std::process::Command;

const MANIFEST: &str = include_str!("../../Cargo.toml");
const INSTALLED: &str = "/usr/local/bin/argo-openai-proxy";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program, called as a line of a unit or of the Dockerfile says, with `--help` where it would serve.
fn understands(words: &str) {
    let (program, words) = words.split_once(' ').unwrap();
    assert_eq!(Path::new(program).file_name().unwrap(), "argo-openai-proxy");
    let output = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"))
        .args(words.split_whitespace())
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success(), "{words}");
}

/// A list of strings in the manifest, written in one line.
fn manifest_list(key: &str) -> Vec<String> {
    let list = MANIFEST.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    serde_json::from_str(list.unwrap()).unwrap()
}

#[test]
fn the_tests_of_every_crate_run_without_being_named() {
    let tested = manifest_list("default-members");
    assert!(tested.iter().any(|member| member == "."), "{tested:?}");
    for member in manifest_list("members").iter().filter(|member| member.starts_with("crates/")) {
        assert!(tested.contains(member), "{member} is left out by `cargo test`");
    }
}

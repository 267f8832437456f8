//! The systemd unit and the Dockerfile: they name what there is, and systemd finds nothing wrong with the unit.

use argo_openai_proxy::config::{Config, Overrides};
use std::path::{Path, PathBuf};
use std::process::Command;

const UNIT: &str = include_str!("../packaging/argo-openai-proxy.service");
const DOCKERFILE: &str = include_str!("../Dockerfile");
const IGNORED: &str = include_str!("../.dockerignore");
const MANIFEST: &str = include_str!("../Cargo.toml");
const INSTALLED: &str = "/usr/local/bin/argo-openai-proxy";

/// The value of a line of the unit.
fn set(key: &str) -> &'static str {
    let found = UNIT.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("{key} is not set"))
}

/// The program, called as a line of the unit or of the Dockerfile says, with `--help` where it would serve.
fn understands(words: &str) {
    let words = words.strip_prefix(INSTALLED).or(words.strip_prefix("argo-openai-proxy")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"))
        .args(words.split_whitespace())
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success(), "{words}");
}

#[test]
fn the_unit_calls_the_program_as_it_is() {
    understands(set("ExecStart"));
    // Whatever runs before could refuse what `serve` takes, such as a table whose own test fails.
    assert!(!UNIT.contains("ExecStartPre"));
    let (config, _) = Config::sample(&Overrides::default(), &|_| None).unwrap();
    let stop: u64 = set("TimeoutStopSec").parse().unwrap();
    assert!(stop > config.drain_timeout.as_secs(), "requests in flight are killed");
    // Both are what an upgrade from inside of the service relies on.
    assert_eq!((set("Type"), set("NotifyAccess")), ("notify", "all"));
    assert_eq!((set("RuntimeDirectory"), set("RuntimeDirectoryMode")), ("argo-openai-proxy", "0700"));
}

#[test]
fn systemd_takes_the_unit() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("unit");
    std::fs::create_dir_all(&folder).unwrap();
    let unit = folder.join("argo-openai-proxy.service");
    // The program is not installed here.
    std::fs::write(&unit, UNIT.replace(INSTALLED, env!("CARGO_BIN_EXE_argo-openai-proxy"))).unwrap();
    for arguments in [&["verify"] as &[&str], &["security", "--offline=yes", "--threshold=25"]] {
        let Ok(output) = Command::new("systemd-analyze").args(arguments).arg(&unit).output() else {
            return eprintln!("systemd-analyze is not here: not checked");
        };
        let text = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {text}");
        // As in `…/argo-openai-proxy.service:12: Unknown key name …`; such lines fail nothing.
        let own = |line: &&str| {
            let (_, rest) = line.split_once("argo-openai-proxy.service:").unwrap_or_default();
            rest.starts_with(|c: char| c.is_ascii_digit())
        };
        assert_eq!(text.lines().find(own), None, "systemd ignores it");
    }
}

/// The words after an instruction of the Dockerfile.
fn instructions(name: &str) -> Vec<Vec<&'static str>> {
    let lines = DOCKERFILE.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    lines.map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn the_image_is_built_from_what_the_build_needs_and_from_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copied: Vec<&str> = instructions("COPY")
        .into_iter()
        .filter(|words| !words[0].starts_with("--from"))
        .flat_map(|words| words[..words.len() - 1].to_vec())
        .collect();
    let let_in: Vec<&str> = IGNORED.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(IGNORED.lines().any(|line| line == "*"));
    assert_eq!(copied, let_in);
    assert!(copied.iter().all(|path| root.join(path).exists()), "{copied:?}");
    // The lock file names every member of the workspace, so that `--locked` needs them all.
    for member in manifest_list("members") {
        assert!(copied.iter().any(|path| Path::new(&member).starts_with(path)), "{member}");
    }
    // The profile that it is built with, and the files that are built in.
    assert!(MANIFEST.contains("[profile.dist]") && DOCKERFILE.contains("--profile dist --locked"));
    for file in ["config.sample.yaml", "routes.yaml"] {
        assert!(copied.contains(&file), "{file}");
    }
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

#[test]
fn the_image_runs_as_nobody_and_asks_itself_whether_it_is_well() {
    assert!(instructions("USER").iter().all(|user| user[0] != "0" && !user[0].starts_with("root")));
    assert_eq!(instructions("USER").len(), 1);
    understands("argo-openai-proxy serve");
    let health = instructions("HEALTHCHECK").pop().unwrap().join(" ");
    let (_, called) = health.split_once("CMD ").unwrap();
    let called: Vec<String> = serde_json::from_str(called).unwrap();
    understands(&called.join(" "));
    let environment = instructions("ENV").concat();
    let port = environment.iter().find_map(|word| word.strip_prefix("PORT=")).unwrap();
    assert_eq!(instructions("EXPOSE"), [[port]]);
}

//! The unit of the system's manager and that of a user's.

use crate::skipped::skip;
use crate::{INSTALLED, root, understands};
use argo_openai_proxy::config::{Config, Overrides};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const OPERATIONS: &str = include_str!("../../docs/operations.md");
const NAME: &str = "argo-openai-proxy.service";

/// A unit, and how it is checked.
struct Unit {
    text: &'static str,
    file: &'static str,
    program: &'static str,
    checks: &'static [&'static [&'static str]],
}

const UNITS: [Unit; 2] = [
    Unit {
        text: include_str!("../../packaging/argo-openai-proxy.service"),
        file: "packaging/argo-openai-proxy.service",
        program: INSTALLED,
        checks: &[&["verify"], &["security", "--offline=yes", "--threshold=25"]],
    },
    Unit {
        text: include_str!("../../packaging/argo-openai-proxy.user.service"),
        file: "packaging/argo-openai-proxy.user.service",
        program: "%h/.local/bin/argo-openai-proxy",
        checks: &[&["--user", "verify"]],
    },
];

impl Unit {
    /// The values of a key.
    fn all(&self, key: &str) -> Vec<&'static str> {
        self.text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
    }

    fn set(&self, key: &str) -> &'static str {
        self.all(key).first().unwrap_or_else(|| panic!("{key} is not set in {}", self.file))
    }
}

#[test]
fn the_units_call_the_program_as_it_is() {
    let (config, _) = Config::sample(&Overrides::default(), &|_| None).unwrap();
    for unit in &UNITS {
        // Whatever runs before could refuse what `serve` takes, such as a table whose own test fails.
        assert!(unit.all("ExecStartPre").is_empty(), "{}", unit.file);
        for line in unit.all("ExecStart") {
            assert!(line.starts_with(&format!("{} ", unit.program)), "{line}");
            understands(line);
        }
        let stop: u64 = unit.set("TimeoutStopSec").parse().unwrap();
        assert!(stop > config.drain_timeout.as_secs(), "requests in flight are killed");
        // Both are what an upgrade from inside of the service relies on.
        assert_eq!((unit.set("Type"), unit.set("NotifyAccess")), ("notify", "all"));
        assert_eq!((unit.set("RuntimeDirectory"), unit.set("RuntimeDirectoryMode")), ("argo-openai-proxy", "0700"));
        assert_eq!((unit.set("StateDirectory"), unit.set("StateDirectoryMode")), ("argo-openai-proxy", "0700"));
    }
}

/// What systemd says of the text, in a home of its own where the program is installed. `None`: there is no systemd-analyze.
fn analyze(arguments: &[&str], text: &str) -> Option<(Output, Vec<String>)> {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("unit-{:x}", fastrand::u64(..)));
    std::fs::create_dir_all(home.join(".local/bin")).unwrap();
    let program = env!("CARGO_BIN_EXE_argo-openai-proxy");
    std::os::unix::fs::symlink(program, home.join(".local/bin/argo-openai-proxy")).unwrap();
    let file = home.join(NAME);
    // Nothing is installed for the whole machine here.
    std::fs::write(&file, text.replace(INSTALLED, program)).unwrap();
    let mut command = Command::new("systemd-analyze");
    let output = command.args(arguments).arg(&file).env("HOME", &home).env("XDG_RUNTIME_DIR", &home).output();
    std::fs::remove_dir_all(&home).unwrap();
    let output = output.ok()?;
    let told = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    // As in `…/argo-openai-proxy.service:12: Unknown key name …`; such lines fail nothing.
    let own = |line: &&str| {
        let (_, rest) = line.split_once(&format!("{NAME}:")).unwrap_or_default();
        rest.starts_with(|c: char| c.is_ascii_digit())
    };
    let ignored = told.lines().filter(own).map(str::to_owned).collect();
    assert!(output.status.success(), "{arguments:?}: {told}");
    Some((output, ignored))
}

#[test]
fn systemd_takes_the_units() {
    for unit in &UNITS {
        for check in unit.checks {
            let Some((_, ignored)) = analyze(check, unit.text) else {
                return skip("systemd_takes_the_units", "systemd-analyze is not here (Debian's package systemd)");
            };
            assert!(ignored.is_empty(), "systemd ignores in {}: {ignored:?}", unit.file);
        }
        let slip = unit.text.replace("LockPersonality", "LockPersonalty");
        let (_, ignored) = analyze(unit.checks[0], &slip).unwrap();
        assert_eq!(ignored.len(), 1, "a slip in {} is not found: {ignored:?}", unit.file);
    }
}

#[test]
fn a_checker_that_is_not_there_is_told_and_fails_where_everything_has_to_run() {
    let told = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("skipped-{:x}", fastrand::u64(..)));
    let run = |no_skips: &str| {
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args(["--exact", "units::systemd_takes_the_units"]).env("PATH", "/nowhere");
        test.env("SKIPPED_TESTS", &told).env("NO_SKIPS", no_skips).output().unwrap().status.success()
    };
    assert!(run(""));
    let line = std::fs::read_to_string(&told).unwrap();
    assert!(line.starts_with("systemd_takes_the_units: systemd-analyze is not here"), "{line}");
    std::fs::remove_file(&told).unwrap();
    assert!(!run("1") && !told.exists());
}

/// The files that the commands of docs/operations.md install, and where they go.
fn installed() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for line in OPERATIONS.lines() {
        let words: Vec<&str> =
            line.trim_start_matches("sudo ").split_whitespace().take_while(|word| *word != "#").collect();
        let [first, rest @ ..] = &words[..] else { continue };
        if *first != "install" || rest.contains(&"-d") {
            continue;
        }
        let values: Vec<&str> =
            rest.windows(2).filter(|pair| matches!(pair[0], "-m" | "-g" | "-o")).map(|pair| pair[1]).collect();
        let paths: Vec<&&str> = rest.iter().filter(|word| !word.starts_with('-') && !values.contains(word)).collect();
        let (target, sources) = paths.split_last().unwrap();
        files.extend(sources.iter().map(|source| (source.to_string(), target.to_string())));
    }
    files
}

#[test]
fn the_recipes_install_what_there_is_where_the_units_look_for_it() {
    let files = installed();
    // Made by the build, by `init` and by `key new`.
    let made = ["target/release/argo-openai-proxy", "config.yaml", "callers.yaml"];
    for (source, target) in &files {
        assert!(made.contains(&source.as_str()) || root().join(source).exists(), "{source} is not there");
        let is_program = source.ends_with("release/argo-openai-proxy");
        let known = UNITS.iter().any(|unit| unit.program.replace("%h", "~") == *target);
        assert!(!is_program || known, "{source} goes to {target}, where no unit looks");
    }
    for unit in &UNITS {
        assert!(files.iter().any(|(source, _)| source == unit.file), "{} is not installed", unit.file);
        let config = unit.set("Environment").strip_prefix("CONFIG_PATH=").unwrap();
        let folder = Path::new(config).parent().unwrap().to_str().unwrap();
        let base = if unit.program.starts_with("%h") { "~/.config" } else { "/etc" };
        let folder = folder.replace("%E", base) + "/";
        assert!(files.iter().any(|(source, target)| source == "config.yaml" && *target == folder), "{folder}");
    }
}

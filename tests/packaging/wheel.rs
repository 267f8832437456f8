//! The wheel and the tarball: what makes them names what there is, and a program for a newer system is refused.

use crate::skipped::skip;
use crate::{MANIFEST, root};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PROJECT: &str = include_str!("../../pyproject.toml");
const WORKFLOW: &str = include_str!("../../.github/workflows/release.yml");
const PAGE: &str = include_str!("../../docs/packages.md");
const REQUIREMENTS: &str = include_str!("../../packaging/requirements.txt");

#[test]
fn the_wheel_holds_the_program_in_the_profile_for_packages() {
    let set = |key: &str| PROJECT.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = ")).unwrap();
    assert_eq!((set("bindings"), set("profile")), ("\"bin\"", "\"dist\""));
    assert!(MANIFEST.contains("\n[profile.dist]\n"));
    // Cargo.toml is the only place of the version.
    assert!(set("dynamic").contains("\"version\"") && !PROJECT.contains("\nversion"));
    for line in REQUIREMENTS.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.contains("=="), "a build of tomorrow would be another one: {line}");
    }
    assert!(REQUIREMENTS.contains("\nmaturin==1."), "pyproject.toml asks for maturin 1");
}

#[test]
fn the_release_builds_and_tries_the_packages_on_a_tag() {
    let workflow: serde_yaml::Value = serde_yaml::from_str(WORKFLOW).unwrap();
    assert_eq!(workflow["on"]["push"]["tags"][0], "v*");
    let packages = &workflow["jobs"]["packages"];
    let steps = packages["steps"].as_sequence().unwrap();
    let runs: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    let at = |start: &str| runs.iter().position(|run| run.starts_with(start)).unwrap_or_else(|| panic!("{start}"));
    assert!(at("packaging/build.sh") < at("packaging/try.sh"));
    assert!(
        runs[0].contains("GITHUB_REF_NAME#v") && runs[0].ends_with("Cargo.toml"),
        "the tag may be another version: {runs:?}"
    );
    for job in ["publish", "pypi"] {
        assert_eq!(workflow["jobs"][job]["needs"], "packages", "{job} does not wait for the wheel to be tried");
    }
    for run in &runs {
        let script = run.split_whitespace().next().unwrap();
        assert!(!script.contains('/') || root().join(script).exists(), "{script} is not there");
    }
}

#[test]
fn the_page_names_what_the_tarball_has() {
    let makes = std::fs::read_to_string(root().join("packaging/tarball.py")).unwrap();
    for name in ["routes.yaml", "config.sample.yaml", "argo-openai-proxy.service", "argo-openai-proxy.user.service"] {
        assert!(makes.contains(&format!("\"{name}\"")) && PAGE.contains(&format!("`{name}`")), "{name}");
    }
    for folder in ["completions", "man", "docs"] {
        assert!(makes.contains(&format!("\"{folder}\"")) && PAGE.contains(&format!("`{folder}/`")), "{folder}");
    }
}

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("wheel-{:x}", fastrand::u64(..)));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes a wheel of that name with that program. `None`: there is no Python here.
fn wheel(folder: &Path, name: &str, program: &Path) -> Option<PathBuf> {
    let wheel = folder.join(name);
    let pack =
        "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').write(sys.argv[2], 'a.data/scripts/argo-openai-proxy')";
    let made = Command::new("python3").args(["-c", pack]).arg(&wheel).arg(program).status().ok()?;
    assert!(made.success());
    Some(wheel)
}

fn python(script: &str, words: &[&Path]) -> Output {
    let mut command = Command::new("python3");
    command.arg(root().join("packaging").join(script)).args(words).env("PYTHONDONTWRITEBYTECODE", "1");
    command.output().unwrap()
}

#[test]
#[cfg(target_env = "gnu")]
fn a_program_for_a_newer_glibc_than_the_wheels_name_promises_is_refused() {
    let folder = Folder::new();
    let program = folder.0.join("program");
    let check = |name: &str, newest: &str| {
        std::fs::write(&program, format!("\0GLIBC_2.2.5\0GLIBC_{newest}\0GLIBC_PRIVATE\0")).unwrap();
        wheel(&folder.0, name, &program).map(|wheel| python("symbol_versions.py", &[&wheel]))
    };
    let old = "a-1-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
    let Some(fits) = check(old, "2.17") else {
        return skip("a_program_for_a_newer_glibc_than_the_wheels_name_promises_is_refused", "python3 is not here");
    };
    assert!(fits.status.success(), "{fits:?}");
    for (name, newest, works) in [
        (old, "2.18", false),
        ("a-1-py3-none-manylinux2014_x86_64.whl", "2.28", false),
        ("a-1-py3-none-manylinux_2_36_x86_64.whl", "2.34", true),
        ("a-1-py3-none-linux_x86_64.whl", "2.99", true),
    ] {
        let output = check(name, newest).unwrap();
        assert_eq!(output.status.success(), works, "{name}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(newest), "{output:?}");
    }
}

#[test]
fn the_tarball_has_the_program_and_what_belongs_to_it() {
    let folder = Folder::new();
    let program = Path::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    let Some(wheel) = wheel(&folder.0, "a.whl", program) else {
        return skip("the_tarball_has_the_program_and_what_belongs_to_it", "python3 is not here");
    };
    let output = python("tarball.py", &[&wheel, &folder.0]);
    assert!(output.status.success(), "{output:?}");
    let path = String::from_utf8(output.stdout).unwrap();
    let path = Path::new(path.trim());
    let name = path.file_name().unwrap().to_str().unwrap().strip_suffix(".tar.gz").unwrap();
    assert!(name.starts_with(concat!("argo-openai-proxy-", env!("CARGO_PKG_VERSION"), "-")), "{name}");
    let unpacked = Command::new("tar").arg("-xzf").arg(path).arg("-C").arg(&folder.0).status().unwrap();
    assert!(unpacked.success());
    let inside = folder.0.join(name);
    for file in
        ["man/man1/argo-openai-proxy-serve.1", "completions/_argo-openai-proxy", "docs/clients/README.md", "LICENSE"]
    {
        assert!(inside.join(file).exists(), "{file}");
    }
    let version = Command::new(inside.join("argo-openai-proxy")).arg("--version").output().unwrap();
    assert!(version.status.success());
}

//! A machine of a test's own: the project's scripts, and stand-ins for every program that they call.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// One at a time: a script that is still open for writing in a process just forked cannot be run.
static ALONE: Mutex<()> = Mutex::new(());

/// A copy of the scripts in a folder of its own, and a PATH with nothing but what a test puts there.
pub struct Machine {
    root: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

impl Machine {
    /// With a toolchain that "builds" a program which writes down how it was called.
    pub fn new() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("argo scripts {} {:x}", std::process::id(), fastrand::u64(..));
        let root = std::env::temp_dir().join(name);
        for folder in ["bin", "src", "crates/a/src", "scripts", "tests/clients"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let machine = Machine { root, _alone: alone };
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in ["run_app.sh", "run_tests.sh", "scripts/prepare.sh", "Cargo.toml", "rust-toolchain.toml"] {
            fs::copy(project.join(file), machine.root.join(file)).unwrap();
        }
        fs::write(machine.root.join("src/main.rs"), "fn main() {}").unwrap();
        machine.file("crates/a/src/lib.rs");
        for tool in [
            "awk", "bash", "sh", "cat", "chmod", "dirname", "find", "id", "mkdir", "mktemp", "mv", "readlink", "rm",
            "sed", "sort", "tail", "tee", "true", "uname",
        ] {
            let found = ["/bin", "/usr/bin"]
                .map(|folder| Path::new(folder).join(tool))
                .into_iter()
                .find(|path| path.exists())
                .unwrap();
            symlink(found, machine.root.join("bin").join(tool)).unwrap();
        }
        machine.tool("uname", "echo Linux");
        for tool in ["cc", "make"] {
            machine.tool(tool, "exit 1");
        }
        machine.tool("cmake", "echo cmake version 3.14.0");
        machine.tool(
            "cargo",
            r#"case "$1" in
  --version) echo "cargo 1.99.0 (abc 2026-01-01)" ;;
  build)
    echo "cargo $*" >>"$LOG"
    program="$CARGO_TARGET_DIR/release/argo-openai-proxy"
    cat >"$program" <<'EOF'
#!/bin/sh
if [ "$1" = help ] && [ $# = 2 ]; then [ -n "$REAL" ] && exec "$REAL" help "$2"; [ "$2" = check ]; exit; fi
echo "program $*" >>"$LOG"
if [ "$1" = init ]; then [ -z "$INIT_FAILS" ] || exit "$INIT_FAILS"; echo "user: x" >"${3:-config.yaml}"; fi
EOF
    chmod +x "$program" ;;
  *) echo "cargo $*" >>"$LOG"; echo "test result: ok. ${TESTS_PASS-7} passed; 0 failed; 0 ignored"
    [ -z "$TEST_SKIPS" ] || echo "$TEST_SKIPS" >>"$SKIPPED_TESTS"; exit "${TESTS_FAIL:-0}" ;;
esac"#,
        );
        machine
    }

    /// A link at `path`, which leads to `target`.
    pub fn link(&self, path: &str, target: &str) {
        symlink(target, self.root.join(path)).unwrap();
    }

    /// An empty file of the project.
    pub fn file(&self, path: &str) {
        fs::write(self.root.join(path), "").unwrap();
    }

    pub fn tool(&self, name: &str, script: &str) {
        self.script(&format!("bin/{name}"), script);
    }

    pub fn script(&self, path: &str, script: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn without(&self, tool: &str) {
        fs::remove_file(self.root.join("bin").join(tool)).unwrap();
    }

    pub fn run(&self, script: &str, args: &[&str], env: &[(&str, &str)]) -> Output {
        let mut command = Command::new(self.root.join(script));
        self.surround(&mut command).args(args).envs(env.iter().copied()).output().unwrap()
    }

    /// Runs a line of shell where `tests`, the current folder, is one below the project.
    pub fn shell(&self, line: &str) -> Output {
        let mut command = Command::new(self.root.join("bin/bash"));
        self.surround(&mut command).args(["-c", line]).output().unwrap()
    }

    fn surround<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .current_dir(self.root.join("tests"))
            .env_clear()
            .env("PATH", self.root.join("bin"))
            .env("HOME", &self.root)
            .env("LOG", self.root.join("log"))
            .env("REAL", "")
    }

    pub fn app(&self, args: &[&str]) -> Output {
        self.run("run_app.sh", args, &[])
    }

    /// What was called since the last look.
    pub fn calls(&self) -> Vec<String> {
        let log = fs::read_to_string(self.root.join("log")).unwrap_or_default();
        let _ = fs::remove_file(self.root.join("log"));
        log.lines().map(str::to_owned).collect()
    }

    pub fn touch(&self, path: &str, seconds_from_now: u64) {
        let file = fs::File::options().append(true).open(self.root.join(path)).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(seconds_from_now)).unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

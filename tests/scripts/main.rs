//! `run_app.sh` and `run_tests.sh`: nothing is built or installed.

mod launcher;
mod machine;
mod packaged;

use std::process::Output;

use machine::Machine;

const BUILD: &str = "cargo build --release --locked --bin argo-openai-proxy";

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", text(output));
}

#[test]
fn the_first_start_builds_sets_up_and_serves_and_the_second_only_serves() {
    let machine = Machine::new();
    succeeds(&machine.app(&[]));
    assert_eq!(machine.calls(), [BUILD, "program init --config config.yaml", "program serve"]);
    machine.without("cargo");
    machine.without("cmake");
    succeeds(&machine.app(&[]));
    assert_eq!(machine.calls(), ["program serve"]);
}

#[test]
fn a_changed_source_is_built_once() {
    let machine = Machine::new();
    succeeds(&machine.app(&["--demo"]));
    assert_eq!(machine.calls(), [BUILD, "program serve --demo"]);
    for source in ["src/main.rs", "crates/a/src/lib.rs"] {
        machine.touch(source, 3600);
        succeeds(&machine.app(&["--demo"]));
        assert_eq!(machine.calls(), [BUILD, "program serve --demo"]);
        machine.touch(source, 0);
    }

    // A build that finds nothing to do leaves an old binary, and is not asked for again.
    let idle = r#"[ "$1" = --version ] && echo "cargo 1.99.0" || echo "cargo $*" >>"$LOG""#;
    machine.tool("cargo", idle);
    machine.touch("src/main.rs", 0);
    succeeds(&machine.app(&["--demo"]));
    machine.calls();
    succeeds(&machine.app(&["--demo"]));
    assert_eq!(machine.calls(), ["program serve --demo"]);
}

#[test]
fn arguments_pass_through_and_name_the_configuration() {
    let machine = Machine::new();
    succeeds(&machine.app(&["--demo"]));
    machine.calls();
    for (args, config) in [
        (&["a b.yaml", "--port", "80"] as &[&str], "a b.yaml"),
        (&["--port", "81", "c.yaml", "-v"], "c.yaml"),
        (&["--config", "d.yaml"], "d.yaml"),
        (&["--config=e.yaml", "--routes", "r.yaml"], "e.yaml"),
    ] {
        succeeds(&machine.app(args));
        let serve = format!("program serve {}", args.join(" "));
        let init = format!("program init --config {config}");
        assert_eq!(machine.calls(), [init, serve.clone()]);
        succeeds(&machine.app(args));
        assert_eq!(machine.calls(), [serve]);
    }
    succeeds(&machine.run("run_app.sh", &["-q"], &[("CONFIG_PATH", "f.yaml")]));
    let expected = ["program init --config f.yaml", "program serve -q"];
    assert_eq!(machine.calls(), expected);
}

#[test]
fn the_projects_own_table_serves_where_there_is_no_other() {
    let machine = Machine::new();
    machine.file("routes.yaml");
    succeeds(&machine.app(&["--demo"]));
    let calls = machine.calls();
    assert!(calls[1].starts_with("program serve --demo --routes /") && calls[1].ends_with("/routes.yaml"), "{calls:?}");
    succeeds(&machine.app(&["--demo", "--routes", "mine.yaml"]));
    assert_eq!(machine.calls(), ["program serve --demo --routes mine.yaml"]);
}

#[test]
fn a_setup_that_fails_is_the_end() {
    let machine = Machine::new();
    let output = machine.run("run_app.sh", &[], &[("INIT_FAILS", "2")]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(machine.calls(), [BUILD, "program init --config config.yaml"]);
}

#[test]
fn a_build_that_fails_is_the_end() {
    let machine = Machine::new();
    machine.tool("cargo", r#"[ "$1" = --version ] && echo "cargo 1.99.0" || exit 101"#);
    let output = machine.app(&["--demo"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("The build failed"));
}

#[test]
fn what_cannot_be_installed_is_told_with_the_command() {
    let machine = Machine::new();
    machine.without("cargo");
    machine.without("cmake");
    machine.without("make");
    machine.tool("id", "echo 1000");
    machine.tool("apt-get", "echo apt-get $* >>\"$LOG\"");
    let output = machine.app(&["--demo"]);
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output);
    for expected in [
        "a C compiler and make:\n    sudo apt-get install -y --no-install-recommends gcc g++ make libc6-dev",
        "cmake 3.14 or later:\n    sudo apt-get install -y --no-install-recommends cmake",
        "or, without root: module load gcc",
        "or, without root: python3 -m venv ~/.local/cmake && ~/.local/cmake/bin/pip install cmake",
        "https://sh.rustup.rs",
        "Building without root",
    ] {
        assert!(message.contains(expected), "{expected}\n{message}");
    }
    assert!(machine.calls().is_empty());
}

#[test]
fn what_can_be_installed_is_installed() {
    let machine = Machine::new();
    machine.without("cmake");
    machine.tool("id", "echo 1000");
    machine.tool("sudo", r#"shift; echo "sudo $*" >>"$LOG"; exec "$@""#);
    machine.tool(
        "apt-get",
        r#"case "$*" in *cmake) echo echo cmake version 4.1.2 >"${0%/*}/cmake"; chmod +x "${0%/*}/cmake" ;; esac"#,
    );
    succeeds(&machine.app(&["--demo"]));
    let calls = machine.calls();
    let installed = "sudo apt-get install -y --no-install-recommends cmake".to_owned();
    assert!(calls.contains(&installed), "{calls:?}");
    assert!(calls.contains(&BUILD.to_owned()), "{calls:?}");
}

#[test]
fn an_old_cmake_is_refused_before_the_build_fails() {
    let machine = Machine::new();
    machine.tool("id", "echo 0");
    machine.tool("apt-get", "echo apt-get $* >>\"$LOG\"");
    for old in ["cmake version 3.10.2", "cmake3 version 2.8.12.2", "cmake version 3.9"] {
        machine.tool("cmake", &format!("echo {old}"));
        let message = text(&machine.app(&["--demo"]));
        assert!(message.contains("cmake 3.14 or later:\n    python3 -m venv"), "{message}");
        assert!(!message.contains("without root"), "{message}");
        assert!(!machine.calls().contains(&BUILD.to_owned()));
    }
}

#[test]
fn an_old_rust_is_refused_and_an_old_package_not_installed() {
    let machine = Machine::new();
    machine.tool("cargo", "echo cargo 1.70.0");
    machine.tool("id", "echo 0");
    machine.tool("apt-get", "echo apt-get $* >>\"$LOG\"");
    machine.tool("apt-cache", "echo '  Installed: (none)'; echo '  Candidate: 0.66.0+ds1-1'");
    let output = machine.app(&["--demo"]);
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output);
    assert!(message.contains("Rust 1.") && message.contains("sh.rustup.rs"), "{message}");
    assert_eq!(machine.calls(), ["apt-get update"]);

    machine.tool("rustup", "exit 1");
    let message = text(&machine.app(&["--demo"]));
    assert!(message.contains("rustup toolchain install 1."), "{message}");
}

#[test]
fn rustup_fetches_the_pinned_toolchain_and_another_one_does_where_it_cannot() {
    let machine = Machine::new();
    // As rustup's cargo without a network: it works only with a toolchain that is there.
    let cargo = r#"[ -n "$RUSTUP_TOOLCHAIN" ] || [ -e "$HOME/fetched" ] || exit 1
case "$1" in --version) echo "cargo ${DEFAULT:-1.99.0}" ;; *) echo "$RUSTUP_TOOLCHAIN cargo $1" >>"$LOG" ;; esac"#;
    machine.tool("cargo", cargo);
    machine.tool(
        "rustup",
        r#"case "$1" in default) echo "stable-x (default)" ;; *) [ -z "$NETWORK" ] || echo >"$HOME/fetched"; [ -n "$NETWORK" ] ;; esac"#,
    );
    let run = |env: &[(&str, &str)]| {
        let output = machine.run("run_app.sh", &["--demo"], env);
        (text(&output), machine.calls().into_iter().find(|call| call.contains("cargo")))
    };
    let (message, built) = run(&[]);
    assert!(message.contains("rust-toolchain.toml names") && message.contains("default: stable-x"), "{message}");
    assert_eq!(built.as_deref(), Some("stable-x cargo build"));
    let (message, built) = run(&[("DEFAULT", "1.70.0")]);
    assert!(message.contains("rustup toolchain install 1.") && built.is_none(), "{message}");
    let (_, built) = run(&[("RUSTUP_TOOLCHAIN", "nightly")]);
    assert_eq!(built.as_deref(), Some("nightly cargo build"));
    let (message, built) = run(&[("NETWORK", "1")]);
    assert!(!message.contains("That failed"), "{message}");
    assert_eq!(built.as_deref(), Some(" cargo build"));
}

/// A machine whose client suites are `script`.
fn with_clients(script: &str) -> Machine {
    let machine = Machine::new();
    machine.script("tests/clients/run.sh", &format!("echo clients >>\"$LOG\"; {script}"));
    machine
}

#[test]
fn run_tests_runs_everything_and_fails_when_anything_does() {
    let machine = with_clients(
        r#"for turn in 1 2; do echo "clients: openai 9.x: 12 passed, 0 failed"; echo "clients: npm 9.x: 12 passed, 0 failed"; done
exit "${CLIENTS_FAIL:-0}""#,
    );
    let run = |args: &[&str], env: &[(&str, &str)]| machine.run("run_tests.sh", args, env);
    let (clients, tests) = ("clients", "cargo test --release --locked --no-fail-fast");
    let output = run(&["--", "one test"], &[]);
    succeeds(&output);
    assert!(text(&output).ends_with("All 31 tests passed, and none was skipped.\n"), "{}", text(&output));
    assert_eq!(machine.calls(), [BUILD, clients, &format!("{tests} -- one test")]);

    for (env, failed) in [
        (&[("CLIENTS_FAIL", "3")] as &[(&str, &str)], "client tests"),
        (&[("TESTS_FAIL", "101")], "cargo test --release"),
    ] {
        let output = run(&[], env);
        assert_eq!(output.status.code(), Some(1));
        let message = text(&output);
        let end = format!("FAILED:\n  {failed}");
        assert!(message.contains(&end) && !message.contains("tests passed"), "{message}");
        assert_eq!(machine.calls(), [clients, tests]);
    }
}

#[test]
fn what_was_skipped_is_counted_and_named_and_nothing_but_skips_is_no_success() {
    let machine = with_clients(
        r#"[ -z "$NO_CLIENTS" ] || { echo "clients: npm 9.x: SKIPPED: there is no Node"; echo "clients: npm 9.x: there is no Node" >>"$SKIPPED_TESTS"; }"#,
    );
    let run = |env: &[(&str, &str)]| machine.run("run_tests.sh", &[], env);
    let skips = [("NO_CLIENTS", "1"), ("TEST_SKIPS", "systemd_takes_the_units: no systemd-analyze")];
    let output = run(&skips);
    succeeds(&output);
    let message = text(&output);
    let named = "SKIPPED, 2:\n  clients: npm 9.x: there is no Node\n  systemd_takes_the_units: no systemd-analyze\n\
                 7 tests passed, and 2 could not run here (see above).\n";
    assert!(message.ends_with(named), "{message}");
    for env in [&[("TESTS_PASS", "0")] as &[(&str, &str)], &[skips[0], skips[1], ("TESTS_PASS", "0")]] {
        let output = run(env);
        let message = text(&output);
        assert!(output.status.code() == Some(1) && message.contains("Nothing ran"), "{message}");
    }
}

#[test]
fn where_nothing_may_be_skipped_what_is_missing_is_installed_or_named() {
    let machine = with_clients("true");
    machine.tool("id", "echo 1000");
    let output = machine.run("run_tests.sh", &[], &[("NO_SKIPS", "1")]);
    let message = text(&output);
    let named = [
        "Python 3 with venv",
        "Node with npm",
        "curl",
        "systemd-analyze",
        "valgrind",
        "haproxy",
        "kubectl",
        "chromium",
    ];
    for missing in named.into_iter().chain(["prometheus with promtool"]) {
        assert!(message.contains(&format!("  {missing}:\n    ")), "{missing}: {message}");
    }
    assert!(output.status.code() == Some(1) && machine.calls().is_empty());

    machine.tool("id", "echo 0");
    machine.tool(
        "apt-get",
        r#"for name; do case "$name" in
  python3|curl|valgrind|haproxy|chromium) echo ;; nodejs) name=node ;; npm) echo ;; systemd) name=systemd-analyze ;;
  prometheus) printf '#!/bin/sh\n' >"${0%/*}/promtool"; chmod +x "${0%/*}/promtool" ;; kubernetes-client) name=kubectl ;; *) continue ;;
esac >/dev/null; printf '#!/bin/sh\n' >"${0%/*}/$name"; chmod +x "${0%/*}/$name"; done"#,
    );
    let output = machine.run("run_tests.sh", &[], &[("NO_SKIPS", "1")]);
    succeeds(&output);
    assert_eq!(machine.calls(), [BUILD, "clients", "cargo test --release --locked --no-fail-fast"]);
}

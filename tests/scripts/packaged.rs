//! A packaged program is used where it has this folder's version, and nothing was built here.

use crate::machine::Machine;
use crate::{BUILD, succeeds, text};

const THIS: &str = concat!("argo-openai-proxy ", env!("CARGO_PKG_VERSION"));
const UNPACKED: &str = "argo-openai-proxy-x-linux/argo-openai-proxy";

/// A program that tells its version, and otherwise writes down how it was called, under a name of its own.
fn program(version: &str, name: &str) -> String {
    format!(
        r#"case "$1" in
  --version) echo "{version}" ;;
  help) [ "$2" = check ] ;;
  *) echo "{name} $*" >>"$LOG" ;;
esac"#
    )
}

#[test]
fn a_program_on_path_or_in_an_unpacked_tarball_is_not_built_again() {
    let machine = Machine::new();
    machine.without("cargo");
    machine.without("cmake");
    machine.tool("argo-openai-proxy", &program(THIS, "installed"));
    let output = machine.app(&["--demo"]);
    succeeds(&output);
    assert!(
        text(&output).starts_with("Using ") && text(&output).contains("bin/argo-openai-proxy"),
        "{}",
        text(&output)
    );
    assert_eq!(machine.calls(), ["installed serve --demo"]);
    machine.script(UNPACKED, &program(THIS, "unpacked"));
    succeeds(&machine.app(&["--demo"]));
    assert_eq!(machine.calls(), ["unpacked serve --demo"]);
}

#[test]
fn another_version_and_another_systems_program_are_named_and_passed_over() {
    let machine = Machine::new();
    machine.tool("argo-openai-proxy", &program("argo-openai-proxy 0.0.1", "installed"));
    machine.script(UNPACKED, "echo cannot execute binary file >&2; exit 126");
    let output = machine.app(&["--demo"]);
    succeeds(&output);
    let message = text(&output);
    assert!(message.contains("it is argo-openai-proxy 0.0.1, and this folder has argo-openai-proxy "), "{message}");
    assert!(message.contains("x-linux/argo-openai-proxy: it is for another system"), "{message}");
    assert_eq!(machine.calls(), [BUILD, "program serve --demo"]);
}

#[test]
fn a_program_that_does_not_understand_the_folders_table_is_passed_over() {
    let machine = Machine::new();
    machine.file("routes.yaml");
    let older = format!(r#"[ "$1" != routes ] || exit 1{}{}"#, '\n', program(THIS, "installed"));
    machine.tool("argo-openai-proxy", &older);
    let output = machine.app(&["--demo"]);
    succeeds(&output);
    assert!(text(&output).contains("whose table it does not understand"), "{}", text(&output));
    assert_eq!(machine.calls()[0], BUILD);
}

#[test]
fn who_has_built_here_goes_on_building() {
    let machine = Machine::new();
    succeeds(&machine.app(&["--demo"]));
    machine.calls();
    machine.tool("argo-openai-proxy", &program(THIS, "installed"));
    machine.touch("src/main.rs", 3600);
    succeeds(&machine.app(&["--demo"]));
    assert_eq!(machine.calls(), [BUILD, "program serve --demo"]);
}

#[test]
fn a_build_says_how_long_it_usually_takes_and_takes_sources_that_were_brought_along() {
    let machine = Machine::new();
    let cargo = r#"[ "$1" = --version ] && echo "cargo 1.99.0" || echo "$CARGO_HOME" >>"$LOG"; exit"#;
    machine.tool("cargo", cargo);
    machine.tool("getconf", "echo 2");
    let minutes = |message: &str| -> u32 {
        let (_, rest) = message.split_once("usually takes ").unwrap_or_else(|| panic!("{message}"));
        rest.split(' ').next().unwrap().parse().unwrap()
    };
    let two = minutes(&text(&machine.app(&["--demo"])));
    machine.tool("getconf", "echo 1");
    let one = minutes(&text(&machine.app(&["--demo"])));
    machine.tool("getconf", "echo 64");
    assert!(one > two && two > minutes(&text(&machine.app(&["--demo"]))));
    assert!(machine.calls().iter().all(|home| home.is_empty()));
    machine.script("vendor/crates/a/lib.rs", "");
    machine.app(&["--demo"]);
    let home = machine.calls().remove(0);
    let config = std::fs::read_to_string(format!("{home}/config.toml")).unwrap();
    assert!(config.contains("/vendor/crates\"\n") && config.contains("offline = true"), "{config}");
}

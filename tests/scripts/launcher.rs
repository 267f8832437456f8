//! `run_app.sh` hands every command to the program, wherever it is called from.

use crate::machine::Machine;
use crate::{BUILD, succeeds, text};
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_argo-openai-proxy");

/// The lines of a section of the program's help.
fn help(arguments: &[&str], section: &str) -> Vec<String> {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().skip_while(|line| *line != section).skip(1);
    lines.take_while(|line| !line.is_empty()).map(|line| line.trim_start().to_owned()).collect()
}

/// The commands that `--help` names. Each line that begins with a name has its description after two blanks.
fn commands() -> Vec<String> {
    let lines = help(&["--help"], "Commands:").into_iter().filter(|line| line.contains("  "));
    let commands: Vec<String> = lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert!(commands.len() >= 12 && commands.iter().any(|command| command == "key"), "{commands:?}");
    commands
}

/// A machine whose program knows the commands of the real one, built already.
fn built() -> Machine {
    let machine = Machine::new();
    succeeds(&machine.app(&["--demo"]));
    assert_eq!(machine.calls(), [BUILD, "program serve --demo"]);
    machine
}

#[test]
fn every_command_of_the_program_works_through_the_script() {
    let machine = built();
    // Neither a folder nor a file of such a name is taken for a configuration.
    machine.link("tests/schema", ".");
    machine.file("tests/key");
    for command in commands().iter().filter(|command| *command != "serve") {
        for words in [&[command.as_str()] as &[&str], &[command, "new", "ann", "--user", "asmith"]] {
            succeeds(&machine.run("run_app.sh", words, &[("REAL", PROGRAM)]));
            assert_eq!(machine.calls(), [format!("program {}", words.join(" "))]);
        }
    }
    for word in ["-h", "--help", "-V", "--version"] {
        succeeds(&machine.app(&[word]));
        assert_eq!(machine.calls(), [format!("program {word}")]);
    }
}

#[test]
fn serve_is_what_happens_without_a_command() {
    let machine = built();
    machine.file("routes.yaml");
    let calls = |args: &[&str]| {
        succeeds(&machine.run("run_app.sh", args, &[("REAL", PROGRAM)]));
        machine.calls()
    };
    for (rest, config) in [(&[] as &[&str], "config.yaml"), (&["a.yaml", "--port", "80"], "a.yaml"), (&["--demo"], "")]
    {
        let mut named = calls(&[&["serve"], rest].concat());
        if !config.is_empty() {
            assert_eq!(named.remove(0), format!("program init --config {config}"));
        }
        let [serve] = &named[..] else { panic!("{named:?}") };
        let expected = ["program serve", rest.join(" ").as_str(), "--routes /"].join(" ").replace("  ", " ");
        assert!(serve.starts_with(&expected) && serve.ends_with("/routes.yaml"), "{serve}");
        assert_eq!(calls(rest), named);
    }
}

#[test]
fn a_slip_is_the_programs_to_explain_and_makes_no_configuration() {
    let machine = built();
    for words in [&["chekc"] as &[&str], &["lsit", "all"]] {
        succeeds(&machine.run("run_app.sh", words, &[("REAL", PROGRAM)]));
        assert_eq!(machine.calls(), [format!("program {}", words.join(" "))]);
    }
    // What is there is a configuration under any name, and what is not there yet needs a name that says so.
    machine.file("tests/mine");
    succeeds(&machine.app(&["mine"]));
    assert_eq!(machine.calls(), ["program serve mine"]);
    for new in ["new.yaml", "new.yml", "../new"] {
        succeeds(&machine.app(&[new]));
        assert_eq!(machine.calls(), [format!("program init --config {new}"), format!("program serve {new}")]);
    }
}

#[test]
fn values_of_flags_are_no_configuration() {
    let machine = built();
    machine.file("tests/config.yaml");
    let flags = help(&["serve", "--help"], "Options:").into_iter().filter_map(|line| {
        let (flag, rest) = line.strip_prefix("--")?.split_once(' ')?;
        rest.starts_with('<').then(|| format!("--{flag}"))
    });
    let flags: Vec<String> = flags.filter(|flag| flag != "--config").collect();
    assert!(flags.len() >= 3, "{flags:?}");
    for flag in flags {
        succeeds(&machine.run("run_app.sh", &[&flag, "value"], &[("REAL", PROGRAM)]));
        assert_eq!(machine.calls(), [format!("program serve {flag} value")]);
    }
}

#[test]
fn links_and_cdpath_do_not_lead_astray() {
    let machine = built();
    // A link to a link, both relative, in different folders.
    machine.link("scripts/second", "../run_app.sh");
    machine.link("tests/argo", "../scripts/second");
    for line in [
        "./argo check",
        "PATH=$PATH:$PWD; argo check",
        "CDPATH=.:$HOME ./argo check",
        "cd ..; export CDPATH=.:$HOME/tests:$HOME; bash scripts/../run_app.sh check",
        "cd ..; export CDPATH=.:$HOME/tests:$HOME; bash tests/argo check",
        "cd ..; export CDPATH=.:$HOME; bash run_app.sh check",
    ] {
        let output = machine.shell(line);
        assert!(output.status.success(), "{line}: {}", text(&output));
        assert_eq!(machine.calls(), ["program check"], "{line}");
    }
}

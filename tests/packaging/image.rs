//! The Dockerfile.

use crate::{MANIFEST, manifest_list, root, understands};
use parse_dockerfile::{Command, Dockerfile, Flag, HealthcheckArguments, Instruction, Source, parse};
use std::path::Path;
use std::process;

const DOCKERFILE: &str = include_str!("../../Dockerfile");
const IGNORED: &str = include_str!("../../.dockerignore");

fn image() -> Dockerfile<'static> {
    parse(DOCKERFILE).unwrap_or_else(|error| panic!("Dockerfile: {error}"))
}

/// What a lookup in the instructions finds, in their order.
fn all<'a, 'b, T>(image: &'b Dockerfile<'a>, find: impl Fn(&'b Instruction<'a>) -> Option<T>) -> Vec<T> {
    image.instructions.iter().filter_map(find).collect()
}

fn words(command: &Command<'_>) -> Vec<String> {
    match command {
        Command::Exec(words) => words.value.iter().map(|word| word.value.to_string()).collect(),
        _ => panic!("a shell would stand between the program and its signals: {command:?}"),
    }
}

/// The sources of each COPY from the build's context, and of each from another stage.
fn copied(image: &Dockerfile<'_>) -> (Vec<String>, Vec<(String, String)>) {
    let (mut context, mut stages) = (Vec::new(), Vec::new());
    for instruction in &image.instructions {
        let Instruction::Copy(copy) = instruction else { continue };
        let stage = copy.options.iter().find(|flag| flag.name.value == "from").map(|flag| flag.value.as_ref().unwrap());
        for source in &copy.src {
            let Source::Path(path) = source else { panic!("{source:?}") };
            match &stage {
                Some(stage) => stages.push((stage.value.to_string(), path.value.to_string())),
                None => context.push(path.value.to_string()),
            }
        }
    }
    (context, stages)
}

#[test]
fn the_image_is_built_from_what_the_build_needs_and_from_nothing_else() {
    let image = image();
    let (copied, stages) = copied(&image);
    let let_in: Vec<&str> = IGNORED.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(IGNORED.lines().any(|line| line == "*"));
    assert_eq!(copied, let_in);
    assert!(copied.iter().all(|path| root().join(path).exists()), "{copied:?}");
    // The lock file names every member of the workspace, so that `--locked` needs them all.
    for member in manifest_list("members") {
        assert!(copied.iter().any(|path| Path::new(&member).starts_with(path)), "{member}");
    }
    // The profile that it is built with, and the files that are built in.
    assert!(MANIFEST.contains("[profile.dist]") && DOCKERFILE.contains("--profile dist --locked"));
    for file in ["config.sample.yaml", "routes.yaml"] {
        assert!(copied.iter().any(|path| path == file), "{file}");
    }
    assert_eq!(stages, [("build".to_owned(), "/build/target/dist/argo-openai-proxy".to_owned())]);
    assert!(stages.iter().all(|(stage, _)| image.stage(stage).is_some()));
}

#[test]
fn the_image_runs_as_nobody_and_asks_itself_whether_it_is_well() {
    let image = image();
    let users = all(&image, |i| if let Instruction::User(user) = i { Some(&*user.arguments.value) } else { None });
    let [user] = users[..] else { panic!("{users:?}") };
    assert!(user.split(':').all(|part| part.parse::<u32>().is_ok_and(|id| id > 0)), "{user}");
    let entry =
        all(&image, |i| if let Instruction::Entrypoint(entry) = i { Some(words(&entry.arguments)) } else { None });
    let then = all(&image, |i| if let Instruction::Cmd(then) = i { Some(words(&then.arguments)) } else { None });
    understands(&[entry.concat(), then.concat()].concat().join(" "));
    let health = all(&image, |i| match i {
        Instruction::Healthcheck(health) => Some(&health.arguments),
        _ => None,
    });
    let [HealthcheckArguments::Cmd { arguments, .. }] = health[..] else { panic!("{health:?}") };
    understands(&words(arguments).join(" "));
    let environment = all(&image, |i| if let Instruction::Env(env) = i { Some(&*env.arguments.value) } else { None });
    let port = environment.iter().find_map(|line| line.split_whitespace().find_map(|word| word.strip_prefix("PORT=")));
    let exposed = all(&image, |i| match i {
        Instruction::Expose(expose) => Some(expose.arguments.iter().map(|port| &*port.value).collect::<String>()),
        _ => None,
    });
    assert_eq!(exposed, [port.unwrap()]);
}

/// The flags of an instruction, and those that Docker knows there. The parser takes any.
fn flags<'a, 'b>(instruction: &'b Instruction<'a>) -> (&'b [Flag<'a>], &'static [&'static str]) {
    match instruction {
        Instruction::From(from) => (&from.options, &["platform"]),
        Instruction::Copy(copy) => (&copy.options, &["chmod", "chown", "exclude", "from", "link", "parents"]),
        Instruction::Run(run) => (&run.options, &["mount", "network", "security"]),
        Instruction::Healthcheck(health) => {
            (&health.options, &["interval", "retries", "start-interval", "start-period", "timeout"])
        }
        _ => (&[], &[]),
    }
}

/// What is wrong with the text as a Dockerfile; nothing when Docker would take it.
fn fault(text: &str) -> Option<String> {
    let image = match parse(text) {
        Ok(image) => image,
        Err(error) => return Some(error.to_string()),
    };
    for instruction in &image.instructions {
        let (given, known) = flags(instruction);
        if let Some(flag) = given.iter().find(|flag| !known.contains(&&*flag.name.value)) {
            return Some(format!("unknown flag --{}", flag.name.value));
        }
        if let Instruction::Run(run) = instruction
            && let Command::Shell(line) = &run.arguments
        {
            let output = process::Command::new("sh").args(["-n", "-c", line.value]).output().unwrap();
            if !output.status.success() {
                return Some(String::from_utf8_lossy(&output.stderr).into_owned());
            }
        }
    }
    None
}

#[test]
fn docker_takes_the_dockerfile() {
    assert_eq!(fault(DOCKERFILE), None);
    for (right, wrong) in [
        ("WORKDIR /build", "WORKDIRS /build"),
        ("FROM debian:bookworm-slim", "FROM"),
        ("EXPOSE 8080", "EXPOSE"),
        ("--interval=30s", "--intervall=30s"),
        ("AS build", "build"),
        ("&& apt-get install", "&& && apt-get install"),
    ] {
        assert!(DOCKERFILE.contains(right), "{right}");
        assert!(fault(&DOCKERFILE.replacen(right, wrong, 1)).is_some(), "{wrong} is not found");
    }
}

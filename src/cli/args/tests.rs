//! What the command line takes, and what it refuses.

use super::*;
use http::{HeaderName, HeaderValue};

fn nothing(_: &str) -> Option<String> {
    None
}

fn parse(line: &str) -> Result<Command, clap::Error> {
    command_from(std::iter::once("argo-openai-proxy").chain(line.split_whitespace()))
}

fn serve(line: &str) -> ServeArgs {
    match parse(line) {
        Ok(Command::Serve(args)) => args,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_definitions_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn serve_is_the_same_with_and_without_its_name() {
    for flags in [
        "",
        "some/config.yaml",
        "--config c.yaml --routes r.yaml",
        "my.yaml --port 8080 --host ::1 -v",
        "--demo --port 0 --routes r.yaml",
        "-q",
        "--quiet",
        "--verbose",
    ] {
        assert_eq!(serve(flags), serve(&format!("serve {flags}")), "{flags}");
    }
}

#[test]
fn the_configuration_is_named_in_three_ways() {
    let env = |name: &str| (name == "CONFIG_PATH").then(|| "env.yaml".to_owned());
    for (line, path) in [
        ("some/config.yaml", "some/config.yaml"),
        ("serve some/config.yaml", "some/config.yaml"),
        ("--config c.yaml", "c.yaml"),
        ("--config=c.yaml -q", "c.yaml"),
        ("-q", "env.yaml"),
    ] {
        assert_eq!(serve(line).files.config(&env), PathBuf::from(path), "{line}");
    }
    assert_eq!(serve("").files.config(&nothing), PathBuf::from("config.yaml"));
    let empty = |_: &str| Some(String::new());
    assert_eq!(serve("").files.config(&empty), PathBuf::from("config.yaml"));
}

#[test]
fn flags_become_overrides() {
    assert_eq!(serve("").overrides(), Overrides::default());
    let overrides = serve("--port 0 --host 0.0.0.0 -v --log-bodies").overrides();
    let host = Some("0.0.0.0".to_owned());
    let (verbose, log_bodies) = (Some(true), Some(true));
    assert_eq!(overrides, Overrides { port: Some(0), host, verbose, log_bodies, access: None });
    // What each request did is one thing, what it said another.
    assert_eq!(serve("-v").overrides().log_bodies, None);
    assert_eq!(serve("serve -q").overrides().verbose, Some(false));
}

#[test]
fn the_stand_in() {
    let Ok(Command::StandIn(plain)) = parse("stand-in") else { panic!("no stand-in") };
    assert_eq!((plain.host.as_str(), plain.port, plain.workers), ("127.0.0.1", 0, 1));
    assert_eq!((plain.latency, plain.piece_delay), (Duration::ZERO, Duration::ZERO));
    let line = "stand-in --host ::1 --port 9000 --latency 1.5s --piece-size 7 --piece-delay 20ms --failure-rate 0.25 --workers 2";
    assert_eq!(
        parse(line).unwrap(),
        Command::StandIn(StandInArgs {
            host: "::1".to_owned(),
            port: 9000,
            latency: Duration::from_millis(1500),
            piece_size: 7,
            piece_delay: Duration::from_millis(20),
            failure_rate: 0.25,
            workers: 2,
        })
    );
}

#[test]
fn init_check_and_the_lists() {
    let Ok(Command::Init(init)) = parse("init --yes --user jdoe --port 1 --config c.yaml --force") else {
        panic!("no init")
    };
    let expected = setup::SetupOptions {
        config: "c.yaml".into(),
        yes: true,
        user: Some("jdoe".to_owned()),
        port: Some(1),
        force: true,
        from: None,
    };
    assert_eq!(init.options(&nothing), expected);
    let Ok(Command::Init(init)) = parse("init") else { panic!("no init") };
    let env = |name: &str| (name == "CONFIG_PATH").then(|| "env.yaml".to_owned());
    assert_eq!(init.options(&env).config, PathBuf::from("env.yaml"));

    let Ok(Command::Init(init)) = parse("init --from old.yaml --yes") else { panic!("no init") };
    assert_eq!(init.options(&nothing).from, Some("old.yaml".into()));

    let Ok(Command::Check(check)) = parse("check --config c.yaml --routes r.yaml") else { panic!("no check") };
    assert_eq!(check.files.routes, Some("r.yaml".into()));
    assert_eq!((check.deny_warnings, check.format), (false, ReportFormat::Text));
    let Ok(Command::Check(check)) = parse("check my.yaml --deny-warnings --format json") else { panic!("no check") };
    assert_eq!(check.files.config(&nothing), PathBuf::from("my.yaml"));
    assert_eq!((check.deny_warnings, check.format), (true, ReportFormat::Json));
    assert!(matches!(parse("routes --json"), Ok(Command::Routes(list)) if list.json));
    assert!(matches!(parse("schema routes"), Ok(Command::Schema(schema)) if schema.file == Described::Routes));
    assert!(matches!(parse("models"), Ok(Command::Models(list)) if !list.json));
}

#[test]
fn explain_takes_a_request() {
    let line = "explain post http://h/p?q --header A:b --header x-y:z --header @- --body - --answer a --pieces 2 --routes r.yaml";
    let Ok(Command::Explain(explain)) = parse(line) else { panic!("no explain") };
    assert_eq!((explain.method.as_str(), explain.path.path(), explain.pieces), ("POST", "/p", Some(2)));
    assert_eq!(explain.answer, [PathBuf::from("a")]);
    let header = |name, value| HeaderArg::Header(HeaderName::from_static(name), HeaderValue::from_static(value));
    assert_eq!(explain.header, [header("a", "b"), header("x-y", "z"), HeaderArg::File("-".into())]);
    assert_eq!(explain.files().routes, Some("r.yaml".into()));
    assert_eq!(explain.files().config(&nothing), PathBuf::from("config.yaml"));
}

#[test]
fn wrong_usage_exits_with_2() {
    for line in [
        "--nonsense",
        "a.yaml b.yaml",
        "a.yaml --config b.yaml",
        "-v -q",
        "serve -v -q",
        "--demo my.yaml",
        "--demo --config my.yaml",
        "--port 70000",
        "-v routes",
        "my.yaml routes",
        "--port 1 serve",
        "stand-in --latency 20",
        "stand-in --latency -1s",
        "stand-in --latency 2h",
        "stand-in --failure-rate 1.5",
        "stand-in --piece-size 0",
        "stand-in --workers 0",
        "check --json",
        "check --format xml",
        "schema",
        "schema tables",
        "explain",
        "explain GET",
        "explain G@T /",
        "explain GET /a b",
        "explain GET / --header nothing",
        "explain GET / --header @",
        "explain GET / --pieces 3",
        "explain GET / --answer a --pieces 0",
    ] {
        match parse(line) {
            Err(error) => assert_eq!(error.exit_code(), 2, "{line}"),
            Ok(command) => panic!("{line}: {command:?}"),
        }
    }
}

#[test]
fn help_has_examples_and_version_a_number() {
    let help = parse("--help").unwrap_err();
    assert_eq!((help.kind(), help.exit_code()), (ErrorKind::DisplayHelp, 0));
    assert!(help.to_string().contains("Examples:"));
    for command in ["serve", "stand-in", "init", "check", "explain", "schema"] {
        let help = parse(&format!("{command} --help")).unwrap_err().to_string();
        assert!(help.contains("Examples:"), "{command}");
    }
    let version = parse("--version").unwrap_err();
    assert_eq!(version.kind(), ErrorKind::DisplayVersion);
    assert!(version.to_string().contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_shell_completes_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let Ok(Command::Completions(args)) = command_from(["argo-openai-proxy", "completions", shell]) else {
            panic!("{shell} is not known");
        };
        let script = String::from_utf8(completions(&args, description())).unwrap();
        for name in command_names() {
            assert!(script.contains(&name), "{shell}: {name}");
        }
    }
    assert!(command_from(["argo-openai-proxy", "completions", "cmd"]).is_err());
}

#[test]
fn client_and_run_take_a_name() {
    let Ok(Command::Client(client)) = parse("client zed --model a --model b --write --yes") else {
        panic!("no client")
    };
    assert_eq!((client.name.as_deref(), client.model.len(), client.write, client.yes), (Some("zed"), 2, true, true));
    assert!(parse("client --write").is_err() && parse("client zed --yes").is_err() && parse("run").is_err());
    let Ok(Command::Run(run)) = parse("run codex --model m -- exec -- --help") else { panic!("no run") };
    assert_eq!((run.name.as_str(), run.model.as_deref()), ("codex", Some("m")));
    assert_eq!(run.args, ["exec", "--", "--help"]);
}

#[test]
fn every_command_has_a_manual_page_with_its_examples() {
    let dir = std::env::temp_dir().join(format!("man-{:x}", fastrand::u64(..)));
    write_man_pages(description(), &dir).unwrap();
    for name in command_names() {
        let page = std::fs::read_to_string(dir.join(format!("argo-openai-proxy-{name}.1"))).unwrap();
        let help = parse(&format!("{name} --help")).unwrap_err().to_string();
        assert_eq!(page.contains(".SH EXAMPLES"), help.contains("Examples:"), "{name}");
    }
    let page = std::fs::read(dir.join("argo-openai-proxy.1")).unwrap();
    assert!(page == man_page(description()) && dir.join("argo-openai-proxy-key-new.1").exists());
    std::fs::remove_dir_all(&dir).unwrap();
    let page = String::from_utf8(page).unwrap();
    for line in [
        "\nargo\\-openai\\-proxy\\-serve(1)\n",
        "\n\\&  argo\\-openai\\-proxy check                   look for mistakes in all files\n",
        env!("CARGO_PKG_VERSION"),
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
}

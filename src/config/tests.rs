//! Tests of defaults, variables and precedence.

mod mistakes;

use super::*;

fn nothing(_: &str) -> Option<String> {
    None
}

fn read(text: &str) -> Checked<Config> {
    Config::from_text("config.yaml", text, &Overrides::default(), &nothing)
}

fn problems(text: &str) -> Vec<String> {
    read(text).expect_err(text).iter().map(Problem::to_string).collect()
}

fn with_env(text: &str, vars: &[(&str, &str)], overrides: &Overrides) -> Checked<Config> {
    let env = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Config::from_text("config.yaml", text, overrides, &env)
}

#[test]
fn the_urls_lie_below_the_base_unless_they_say_otherwise() {
    for slash in ["", "/"] {
        let text = format!("argo_base_url: https://lab.test/argoapi{slash}\nargo_url: http://own.test/chat/\n");
        let (config, warnings) = read(&text).unwrap();
        assert_eq!(warnings, []);
        assert_eq!(config.argo_base_url.unwrap().as_str(), "https://lab.test/argoapi");
        assert_eq!(config.argo_url.as_str(), "http://own.test/chat/");
        assert_eq!(config.argo_stream_url.as_str(), "https://lab.test/argoapi/api/v1/resource/streamchat/");
        assert_eq!(config.argo_embedding_url.as_str(), "https://lab.test/argoapi/api/v1/resource/embed/");
        assert_eq!(config.argo_models_url.as_str(), "https://lab.test/argoapi/api/v1/models/");
    }
    assert!(read("").unwrap().0.argo_base_url.is_none());
    assert!(problems("argo_base_url: lab.test\n")[0].contains("argo_base_url"));
}

#[test]
fn an_empty_file_means_the_documented_defaults() {
    for text in ["", "# nothing\n", "---\n"] {
        let (config, warnings) = read(text).unwrap();
        assert_eq!(warnings, []);
        assert_eq!((config.port, config.host.as_str()), (0, "127.0.0.1"));
        assert_eq!(config.argo_url.as_str(), "https://apps-dev.inside.anl.gov/argoapi/api/v1/resource/chat/");
        assert_eq!(
            config.argo_stream_url.as_str(),
            "https://apps-dev.inside.anl.gov/argoapi/api/v1/resource/streamchat/"
        );
        assert_eq!(config.argo_embedding_url.as_str(), "https://apps.inside.anl.gov/argoapi/api/v1/resource/embed/");
        assert!(config.user.is_none() && config.verbose && !config.log_bodies);
        assert_eq!(config.num_workers, 5);
        assert_eq!(config.timeout, Duration::from_secs(600));
        assert_eq!(config.connect_timeout, Duration::from_secs(5));
        assert_eq!(config.drain_timeout, Duration::from_secs(30));
        assert_eq!((config.max_body, config.max_answer), (32 << 20, 64 << 20));
        for origin in ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:9"] {
            assert!(config.cors_origins.allows(origin), "{origin}");
        }
        assert!(!config.cors_origins.allows("https://example.org"));
        assert_eq!(config.listeners, Listeners::default());
    }
}

#[test]
fn the_file_beats_the_sample() {
    let text = "port: 44497\nuser: jdoe\nverbose: false\ntimeout: 1.5\nmax_body: 1 MB\ncors: {origins: []}\nhost: ~\n";
    let (config, _) = read(text).unwrap();
    assert_eq!(config.port, 44497);
    assert_eq!(config.require_user().unwrap().as_str(), "jdoe");
    assert!(!config.verbose);
    assert_eq!(config.timeout, Duration::from_millis(1500));
    assert_eq!(config.max_body, 1_000_000);
    assert!(config.cors_origins.is_empty());
    assert_eq!(config.host.as_str(), "127.0.0.1");
}

#[test]
fn variables_fill_text_and_numbers() {
    let text = "port: ${P}\nuser: ${U}\ntimeout: ${T:-2.5}\nverbose: ${V}\nmax_body: ${M}\nargo_url: ${BASE}/chat/\n";
    let vars = [("P", "8081"), ("U", "1234"), ("V", "false"), ("M", "2 MiB"), ("BASE", "http://127.0.0.1:1")];
    let (config, _) = with_env(text, &vars, &Overrides::default()).unwrap();
    assert_eq!(config.port, 8081);
    assert_eq!(config.user.as_ref().unwrap().as_str(), "1234");
    assert_eq!(config.timeout, Duration::from_millis(2500));
    assert!(!config.verbose);
    assert_eq!(config.max_body, 2 << 20);
    assert_eq!(config.argo_url.as_str(), "http://127.0.0.1:1/chat/");

    let found = problems("port: 1\nuser: ${NOBODY}\n");
    assert!(
        found[0].starts_with("config.yaml:2:7: user: environment variable NOBODY is not set\n  help: "),
        "{found:?}"
    );
    let bad = with_env("port: ${P}", &[("P", "x")], &Overrides::default()).unwrap_err();
    assert!(bad[0].to_string().starts_with("config.yaml:1:7: port: expected a whole number"));
}

#[test]
fn flags_beat_the_environment_beats_the_file() {
    let file = "port: 1\nhost: 127.0.0.1\nverbose: true\n";
    let vars = [("PORT", "2"), ("ARGO_PROXY_HOST", "127.0.0.2"), ("VERBOSE", "false")];
    let (config, _) = with_env(file, &[], &Overrides::default()).unwrap();
    assert_eq!((config.port, config.host.as_str(), config.verbose), (1, "127.0.0.1", true));
    let (config, _) = with_env(file, &vars, &Overrides::default()).unwrap();
    assert_eq!((config.port, config.host.as_str(), config.verbose), (2, "127.0.0.2", false));
    let flags =
        Overrides { port: Some(3), host: Some("127.0.0.3".to_owned()), verbose: Some(true), ..Overrides::default() };
    let (config, _) = with_env(file, &vars, &flags).unwrap();
    assert_eq!((config.port, config.host.as_str(), config.verbose), (3, "127.0.0.3", true));
}

#[test]
fn verbose_in_the_environment_means_what_it_says() {
    for (value, file, verbose) in [
        ("false", "verbose: true", false),
        ("FALSE", "verbose: true", false),
        ("0", "verbose: true", false),
        ("no", "verbose: true", false),
        ("off", "verbose: true", false),
        ("true", "verbose: false", true),
        ("1", "verbose: false", true),
        ("", "verbose: true", true),
        ("", "verbose: false", false),
    ] {
        let (config, _) = with_env(file, &[("VERBOSE", value)], &Overrides::default()).unwrap();
        // Bodies have a key of their own: this variable is set by build tools, too.
        assert_eq!((config.verbose, config.log_bodies), (verbose, false), "{value:?} {file}");
    }
    assert!(with_env("", &[], &Overrides::default()).unwrap().0.verbose, "the default");
}

#[test]
fn variables_for_the_table() {
    let (config, _) = read("user: jdoe\nport: 7\n").unwrap();
    let all: Vec<_> = config.variables().collect();
    let value = |key| all.iter().find(|(name, _)| *name == key).unwrap().1.as_str();
    assert!(value("argo_url").ends_with("/resource/chat/"));
    assert_eq!((value("port"), value("user"), value("timeout")), ("7", "jdoe", "600"));
}

#[test]
fn who_may_watch_and_what_is_logged() {
    let (config, warnings) = read("user: jdoe\nadmin: 9464\naccess_log: json\nserver_timing: true\n").unwrap();
    assert_eq!((config.admin.unwrap().to_string().as_str(), config.access_log), ("127.0.0.1:9464", AccessLog::Json));
    assert!(warnings.is_empty() && config.server_timing && !config.metrics_by_caller);
    let (_, warnings) = read("user: jdoe\nadmin: \"[::]:9464\"\n").unwrap();
    assert!(warnings.len() == 1 && warnings[0].message.contains("everybody who can reach ::"), "{warnings:?}");
    let problems = read("access_log: jsn\nadmin: 127.0.0.1\n").unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert_eq!(problems[0].help.as_deref(), Some("did you mean 'json'?"));
    assert!(problems[1].message.contains("expected a port, host:port, unix:path or none"), "{problems:?}");
    let problems = read("access_log: none\n").unwrap_err();
    assert!(problems[0].help.as_deref().unwrap().starts_with("write `verbose: false` instead"), "{problems:?}");
}

#[test]
fn the_sample_is_the_specification_in_its_order() {
    let order =
        ["port", "argo_url", "argo_stream_url", "argo_embedding_url", "user", "verbose", "num_workers", "timeout"];
    let keys: Vec<_> = SAMPLE
        .lines()
        .filter(|line| !line.starts_with([' ', '#']))
        .filter_map(|line| line.split_once(':'))
        .map(|(key, _)| key)
        .collect();
    assert_eq!(keys[..order.len()], order);
    assert_eq!(keys.len(), 30, "{keys:?}");
}

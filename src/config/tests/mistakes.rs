//! Tests that all mistakes in `config.yaml`, environment and flags are reported, with place and remedy.

use super::*;

#[test]
fn every_problem_is_reported_with_its_place_in_order() {
    let text = "\
# comment
port: 70000
prot: 1
argo_url: apps.inside.anl.gov
cors:
  origins: [\"http://localhost:*\", 7, http://x/y]
  colour: red
user: \"jane doe\"
num_workers: 0
verbose: yes
user: jdoe
zzz: 1
";
    let found = problems(text);
    let expected = [
        "config.yaml:2:7: port: expected a whole number from 0 to 65535, found 70000",
        "config.yaml:3:1: prot: unknown key\n  help: did you mean 'port'?",
        "config.yaml:4:11: argo_url: expected a URL that starts with https:// or http://",
        "config.yaml:6:35: cors.origins: expected an origin, found 7",
        "config.yaml:6:38: cors.origins: expected an origin (scheme://host",
        "config.yaml:7:3: cors.colour: unknown key\n  help: known keys: origins",
        "config.yaml:8:7: user: \"jane doe\" contains a space",
        "config.yaml:9:14: num_workers: expected a whole number from 1 to 1024, found 0",
        "config.yaml:10:10: verbose: expected true or false, found text \"yes\"",
        "config.yaml:11:1: user: set twice (first in line 8)",
        "config.yaml:12:1: zzz: unknown key\n  help: known keys: port, argo_url,",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn each_key_refuses_the_wrong_type_at_its_place() {
    let keys = [
        "port",
        "host",
        "argo_url",
        "argo_stream_url",
        "argo_embedding_url",
        "argo_models_url",
        "user",
        "verbose",
        "num_workers",
        "timeout",
        "max_body",
        "max_answer",
        "max_memory",
        "connect_timeout",
        "drain_timeout",
        "cors",
        "socket",
        "tls",
        "run_dir",
        "access",
        "callers",
    ];
    for key in keys {
        let found = problems(&format!("\n{key}: [1]\n"));
        let start = format!("config.yaml:2:{}: {key}: expected ", key.len() + 3);
        assert!(found[0].starts_with(&start), "{found:?}");
        assert!(found[0].contains("found a list"), "{found:?}");
    }
    assert!(problems("\nhost: none\n")[0].starts_with("config.yaml:2:7: host: none, and no socket either"));
    assert!(problems("socket: \"\"\n")[0].starts_with("config.yaml:1:9: socket: expected a path"));
    assert!(problems("tls: { key: k.pem }\n")[0].starts_with("config.yaml:1:1: tls: it needs 'certificate'"));
    let null = "config.yaml:1:19: cors.origins: expected an origin, found nothing\n  help: the origin of local files and sandboxed pages is \"null\", in quotes";
    assert_eq!(problems("cors: { origins: [null] }"), [null]);
    assert!(
        problems("cors: { origins: [\"https://*\"] }")[0].contains("is every web page; if you want that, write \"*\"")
    );
    assert!(problems("cors:\n  origins: x\n")[0].starts_with("config.yaml:2:12: cors.origins:"));
}

#[test]
fn near_misses_are_recognised() {
    for (wrong, right) in [
        ("argo-url", "argo_url"),
        ("argoStreamUrl", "argo_stream_url"),
        ("Port", "port"),
        ("workers", "num_workers"),
        ("usr", "user"),
        ("time_out", "timeout"),
    ] {
        let found = problems(&format!("{wrong}: 1\n"));
        assert!(found[0].contains(&format!("did you mean '{right}'?")), "{found:?}");
    }
}

#[test]
fn what_is_no_mapping_or_no_yaml_is_one_problem() {
    assert!(problems("- port\n")[0].starts_with("config.yaml:1:1: expected settings"));
    assert!(problems("port\n")[0].starts_with("config.yaml:1:1: expected settings"));
    let found = problems("port: 1\n  host: x\n");
    assert!(found[0].starts_with("config.yaml:2:7: not valid YAML: mapping values"), "{found:?}");
    let found = problems("port: 1\n\thost: x\n");
    assert!(found[0].contains("not valid YAML"), "{found:?}");
    assert!(problems("a: 1\n---\nb: 2\n")[0].contains("more than one document"));
    assert!(problems("1: 2\n")[0].starts_with("config.yaml:1:1: expected a name"));
}

#[test]
fn bad_variables_and_flags_are_named_and_all_reported() {
    let vars = [("PORT", "99999"), ("ARGO_PROXY_HOST", "a b"), ("VERBOSE", "maybe")];
    let found = with_env("zzz: 1\n", &vars, &Overrides::default()).unwrap_err();
    let found: Vec<_> = found.iter().map(Problem::to_string).collect();
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found[0].starts_with("config.yaml:1:1: zzz"));
    for (found, start) in found.iter().skip(1).zip([
        "environment variable PORT: \"99999\" is no port, and is not used",
        "environment variable VERBOSE: \"maybe\" is neither true nor false, and is not used",
        "environment variable ARGO_PROXY_HOST: expected an IP address",
    ]) {
        assert!(found.starts_with(start), "{found}");
    }
    let flags = Overrides { host: Some("a b".to_owned()), ..Overrides::default() };
    let found = with_env("", &[], &flags).unwrap_err();
    assert!(found[0].to_string().starts_with("--host: expected an IP"));
}

#[test]
fn oddities_are_warnings() {
    let text = "argo_url: https://apps.anl.gov/chat\nhost: 0.0.0.0\naccess: open\ncors:\n  origins: [\"*\"]\n";
    let (config, warnings) = read(text).unwrap();
    assert!(config.cors_origins.allows_any());
    let shown: Vec<_> = warnings.iter().map(Problem::to_string).collect();
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert!(shown[0].starts_with("config.yaml:1:11: argo_url: no final slash"));
    assert!(shown[0].ends_with("write https://apps.anl.gov/chat/"));
    assert!(shown[1].starts_with("config.yaml:2:7: host: everybody"));
    assert!(shown[2].starts_with("config.yaml:5:13: cors.origins:"));

    let (_, warnings) = with_env("access: open", &[("HOST", "10.0.0.1")], &Overrides::default()).unwrap();
    assert!(warnings[0].to_string().starts_with("environment variable HOST: host: everybody"));
}

#[test]
fn a_variable_that_is_meant_for_others_never_refuses_the_start_and_never_opens_the_proxy() {
    let start = |text: &str, vars: &[(&str, &str)]| with_env(text, vars, &Overrides::default()).unwrap();
    // tcsh, conda's compilers, and what is no host at all.
    for host in ["login3.cels.anl.gov", "x86_64-conda-linux-gnu", "a b", "none", "tcp://10.0.0.1:80"] {
        for text in ["", "access: own", "host: 127.0.0.1\naccess: keys"] {
            let (config, warnings) = start(text, &[("HOST", host)]);
            assert_eq!((config.host.as_str(), warnings.len()), ("127.0.0.1", 0), "{host}");
            assert!(config.effective().contains(&format!("(HOST is no address and not used: {host:?})")));
        }
    }
    // An address that the file contradicts, or that the file lets nobody use.
    for (text, host, used, says) in [
        ("host: 127.0.0.1\naccess: keys", "10.0.0.1", "127.0.0.1", "`host` is 127.0.0.1 (config.yaml:1:7)"),
        ("host: 127.0.0.1", "::", "127.0.0.1", "unset HOST"),
        ("", "0.0.0.0", "127.0.0.1", "no `access` says who may use it"),
    ] {
        let (config, warnings) = start(text, &[("HOST", host)]);
        assert_eq!(config.host.as_str(), used);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let shown = warnings[0].to_string();
        assert!(shown.starts_with("environment variable HOST") && shown.contains(says), "{shown}");
    }
    for (text, host, used) in
        [("", "127.0.0.9", "127.0.0.9"), ("", "localhost", "localhost"), ("host: ::1", "::1", "::1")]
    {
        let (config, warnings) = start(text, &[("HOST", host)]);
        assert_eq!((config.host.as_str(), warnings.len()), (used, 0));
    }
    // The demo opens the access by itself, which must not count as the file's word.
    let demo = Overrides { access: Some(Mode::Open), ..Overrides::default() };
    let (config, _) = with_env("", &[("HOST", "10.0.0.1")], &demo).unwrap();
    assert_eq!(config.host.as_str(), "127.0.0.1");
    for (name, value) in [("PORT", "tcp://10.0.0.1:8080"), ("PORT", "-1"), ("VERBOSE", "2"), ("VERBOSE", "-v")] {
        let (config, warnings) = start("port: 7\nverbose: true", &[(name, value)]);
        assert_eq!((config.port, config.verbose, warnings.len()), (7, true, 1));
        let shown = warnings[0].to_string();
        assert!(shown.starts_with(&format!("environment variable {name}")) && shown.contains("unset"), "{shown}");
    }
    // The program's own variable is an order, and a mistake in it an error.
    let (config, _) = start("host: 127.0.0.1\naccess: open", &[("ARGO_PROXY_HOST", "0.0.0.0"), ("HOST", "127.0.0.1")]);
    assert_eq!(config.host.as_str(), "0.0.0.0");
    assert!(with_env("", &[("ARGO_PROXY_HOST", "0.0.0.0")], &Overrides::default()).is_err());
}

#[test]
fn only_its_own_user_may_use_a_proxy_of_this_machine_unless_the_file_says_so() {
    for text in ["", "host: ::1", "host: localhost", "socket: s.sock\nhost: none", "access: own"] {
        let (config, warnings) = read(text).unwrap();
        assert_eq!((config.access, warnings.len()), (Mode::Own, 0), "{text}");
    }
    for text in ["access: open", "access: open\nhost: ::1\nsocket: s.sock"] {
        let (config, warnings) = read(text).unwrap();
        assert_eq!((config.access, warnings.len()), (Mode::Open, 1), "{warnings:?}");
        let shown = warnings[0].to_string();
        assert!(shown.starts_with("config.yaml:1:9: access: every user of this machine"), "{shown}");
    }
    let (_, warnings) = read("access: open\nhost: none\nsocket: s.sock").unwrap();
    assert_eq!(warnings, [], "a socket is its user's alone");
    let found = read("access: own\nhost: 0.0.0.0").unwrap_err();
    assert!(found[0].to_string().contains("`access: own` knows the users of this one only"), "{found:?}");
    // What a command lets in by itself is no word of the file's.
    let demo = Overrides { access: Some(Mode::Open), ..Overrides::default() };
    assert_eq!(with_env("", &[], &demo).unwrap().1, []);
}

#[test]
fn keys_in_the_clear_are_a_warning_whoever_set_the_host() {
    for (mode, says) in [("keys", "in the clear"), ("passthrough", "username, which is no secret")] {
        let texts = [format!("host: 0.0.0.0\naccess: {mode}"), format!("access: {mode}")];
        let flags = Overrides { host: Some("0.0.0.0".to_owned()), ..Overrides::default() };
        let found = [
            with_env(&texts[0], &[], &Overrides::default()),
            with_env(&texts[1], &[("HOST", "0.0.0.0")], &Overrides::default()),
            with_env(&texts[1], &[("ARGO_PROXY_HOST", "0.0.0.0")], &Overrides::default()),
            with_env(&texts[1], &[], &flags),
        ];
        for found in found {
            let (_, warnings) = found.unwrap();
            assert!(warnings.len() == 1 && warnings[0].message.contains(says), "{warnings:?}");
        }
        let tls = format!("{}\ntls: {{ certificate: a, key: b }}", texts[0]);
        // TLS hides a key. A username is none.
        assert_eq!(read(&tls).unwrap().1.len(), usize::from(mode == "passthrough"));
        assert_eq!(read(&format!("access: {mode}")).unwrap().1, []);
    }
}

#[test]
fn a_missing_username_is_an_error_only_when_it_is_needed() {
    for text in ["", "user: your_username\n", "user: \"\"\n", "user:\n"] {
        let (config, _) = read(text).unwrap();
        assert!(config.variables().all(|(key, _)| key != "user"));
        let problem = config.require_user().unwrap_err().to_string();
        assert!(problem.contains("user: not set") && problem.contains("init"), "{problem}");
        assert!(problem.starts_with("config.yaml"), "{problem}");
    }
    let (config, _) = read("\nuser: your_username\n").unwrap();
    assert_eq!(config.require_user().unwrap_err().line(), Some(2));
}

#[test]
fn files_that_cannot_be_read_say_so() {
    let folder = std::env::temp_dir().join(format!("argo-config-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let load = |path: &Path| Config::load(path, &Overrides::default(), &nothing);

    let found = load(&folder.join("none.yaml")).unwrap_err();
    assert!(found[0].to_string().contains("none.yaml: cannot be read"));
    assert!(found[0].help.as_ref().unwrap().contains("init"));

    let latin1 = folder.join("latin1.yaml");
    fs::write(&latin1, b"port: 1\n# caf\xe9\n").unwrap();
    let found = load(&latin1).unwrap_err();
    assert_eq!((found[0].line(), found[0].column()), (Some(2), Some(6)));

    let windows = folder.join("my config: #1.yaml");
    fs::write(&windows, "\u{feff}port: 1\r\nuser: jdoe\r\n").unwrap();
    let (config, _) = load(&windows).unwrap();
    assert_eq!((config.port, config.user.unwrap().as_str()), (1, "jdoe"));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_files_of_argo_proxy_are_told_in_one_round_with_what_replaces_their_keys() {
    let version_3 = "\
config_version: '3'
user: jdoe
host: 0.0.0.0
port: 44497
verbose: true
max_log_history: 3
argo_base_url: https://apps-dev.inside.anl.gov/argoapi
connection_test_timeout: 5
resolve_overrides: {}
enable_payload_control: false
max_payload_size: 20
image_timeout: 30
concurrent_downloads: 10
";
    let found = read(version_3).unwrap_err();
    let errors: Vec<String> = found.iter().filter(|problem| problem.is_error()).map(Problem::to_string).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].starts_with("config.yaml:3:7: host: everybody who can reach 0.0.0.0"), "{}", errors[0]);
    assert_eq!(found.len(), 9, "{found:#?}");
    assert!(found.iter().all(|problem| !problem.to_string().contains("known keys")));
}

#[test]
fn keys_of_argo_proxy_that_do_nothing_here_are_warnings() {
    let version_2 = "\
argo_embedding_url: https://apps.inside.anl.gov/argoapi/api/v1/resource/embed/
argo_stream_url: https://apps-dev.inside.anl.gov/argoapi/api/v1/resource/streamchat/
argo_url: https://apps-dev.inside.anl.gov/argoapi/api/v1/resource/chat/
argo_base_url: https://apps-dev.inside.anl.gov/argoapi
user: jdoe
real_stream: true
_argo_dev_base: https://apps-dev.inside.anl.gov/argoapi/
native_anthropic_base_url: https://apps-dev.inside.anl.gov/argoapi
use_native_openai: false
skip_url_validation: true
use_legacy_argo: true
username_passthrough: false
";
    let (config, warnings) = read(version_2).unwrap();
    assert_eq!((config.user.unwrap().as_str(), warnings.len()), ("jdoe", 7), "{warnings:#?}");
}

#[test]
fn keys_of_other_programs_that_decide_something_are_errors() {
    let decides = "resolve_overrides: {\"apps-dev.inside.anl.gov:443\": 127.0.0.1}\nusername_passthrough: true\n";
    assert_eq!(
        problems(decides),
        [
            "config.yaml:1:1: resolve_overrides: a key of argo-proxy\n  help: set `connect_to: 127.0.0.1:443` at the upstreams \
             of routes.yaml (docs/routes.md#upstreams)",
            "config.yaml:2:1: username_passthrough: a key of argo-proxy\n  help: write `access: passthrough`",
        ]
    );
    assert!(problems("model_list: []\n")[0].contains("a key of LiteLLM\n  help: in routes.yaml"));
}

#[test]
fn the_known_keys_are_listed_once() {
    let found = problems("zzz: 1\nqqq: 2\nprot: 3\n");
    assert!(found[0].contains("known keys: port"), "{found:?}");
    assert_eq!(
        &found[1..],
        ["config.yaml:2:1: qqq: unknown key", "config.yaml:3:1: prot: unknown key\n  help: did you mean 'port'?"]
    );
}

#[test]
fn a_mistake_does_not_hide_others_nor_make_new_ones() {
    let found = problems("host: 0.0.0.0\nprot: 1\n");
    assert!(found.len() == 2 && found[0].contains("everybody who can reach"), "{found:?}");
    assert_eq!(problems("host: 0.0.0.0\naccess: kyes\n").len(), 1);
    assert_eq!(problems("host: none\nsocket: [1]\n").len(), 1);
}

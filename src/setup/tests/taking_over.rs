//! `init --from`: configurations of argo-proxy, as its versions 2 and 3 write them.

use super::*;

const VERSION_2: &str = "\
argo_embedding_url: https://apps.inside.anl.gov/argoapi/api/v1/resource/embed/
argo_stream_url: https://apps-dev.inside.anl.gov/argoapi/api/v1/resource/streamchat/
argo_url: https://apps-dev.inside.anl.gov/argoapi/api/v1/resource/chat/
port: 44497
host: 127.0.0.1
user: jdoe
verbose: true
num_workers: 5
timeout: 600
real_stream: true
_argo_dev_base: https://apps-dev.inside.anl.gov/argoapi/
_argo_prod_base: https://apps.inside.anl.gov/argoapi/
native_openai_base_url: https://apps-dev.inside.anl.gov/argoapi/v1/
native_anthropic_base_url: https://apps-dev.inside.anl.gov/argoapi
use_native_openai: false
skip_url_validation: true
use_legacy_argo: true
resolve_overrides: {\"apps-dev.inside.anl.gov:443\": 127.0.0.1}
enable_leaked_tool_fix: true
username_passthrough: true
";

const VERSION_3: &str = "\
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

/// Takes over a text without a question. Returns the configuration, with no warning in it, and the screen.
fn taken(text: &str) -> (Config, String) {
    let folder = Folder::new();
    let (old, new) = (folder.path("old.yaml"), folder.path("config.yaml"));
    fs::write(&old, text).unwrap();
    let options = SetupOptions { yes: true, from: Some(old.clone()), ..options(&new) };
    let (outcome, screen) = converse(&options, "", false, &reachable);
    outcome.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(fs::read_to_string(old).unwrap(), text);
    (load(&new), screen)
}

/// Each key of the file is taken over, or has a line that says what became of it.
fn every_key_is_accounted_for(text: &str, config: &Config, screen: &str) {
    for key in text.lines().filter_map(|line| line.split_once(':')).map(|(key, _)| key) {
        assert!(config.is_set(key) || screen.contains(&format!("\n  {key}: ")), "{key}: {screen}");
    }
}

#[test]
fn version_2() {
    let (config, screen) = taken(VERSION_2);
    assert_eq!(
        (config.port, config.user.as_ref().unwrap().as_str(), config.access.name()),
        (44497, "jdoe", "passthrough")
    );
    assert_eq!(config.argo_url.to_string(), "https://apps-dev.inside.anl.gov/argoapi/api/v1/resource/chat/");
    assert!(config.argo_base_url.is_none());
    every_key_is_accounted_for(VERSION_2, &config, &screen);
    assert!(screen.contains("  resolve_overrides: set `connect_to: 127.0.0.1:443`"), "{screen}");
}

#[test]
fn version_3() {
    let (config, screen) = taken(VERSION_3);
    assert_eq!((config.port, config.host.as_str(), config.access.name()), (44497, "127.0.0.1", "own"));
    let base = config.argo_base_url.as_ref().unwrap().to_string();
    assert_eq!(base, "https://apps-dev.inside.anl.gov/argoapi");
    // The others lie below it.
    assert!(config.argo_embedding_url.to_string().starts_with(&base));
    every_key_is_accounted_for(VERSION_3, &config, &screen);
    assert!(screen.contains("  host: 127.0.0.1 in place of \"0.0.0.0\""), "{screen}");
}

#[test]
fn a_person_is_asked_for_what_is_missing() {
    let folder = Folder::new();
    let (old, new) = (folder.path("old.yaml"), folder.path("config.yaml"));
    fs::write(&old, "port: 7\n").unwrap();
    let options = SetupOptions { from: Some(old), ..options(&new) };
    let (outcome, screen) = dialogue(&options, "y\njdoe\n\n");
    outcome.unwrap();
    let config = load(&new);
    assert_eq!((config.port, config.user.unwrap().as_str()), (7, "jdoe"));
    assert!(screen.contains("old.yaml?"), "{screen}");
    let (outcome, _) = converse(&SetupOptions { yes: true, force: true, ..options }, "", false, &reachable);
    assert!(matches!(outcome, Err(SetupError::NeedsUser)));
}

#[test]
fn what_cannot_be_taken_over_changes_nothing() {
    let folder = Folder::new();
    let (old, new) = (folder.path("old.yaml"), folder.path("config.yaml"));
    let fails = |from: &Path, force| {
        let options = SetupOptions { yes: true, force, from: Some(from.to_owned()), ..options(&new) };
        converse(&options, "", false, &reachable).0.unwrap_err().to_string()
    };
    assert!(fails(&old, false).contains("cannot be taken over: "), "{}", fails(&old, false));
    fs::write(&old, "- a\n").unwrap();
    assert!(fails(&old, false).contains("it has no settings"));
    fs::write(&old, "user: jdoe\nport: much\n").unwrap();
    assert!(fails(&old, false).contains("port"));
    assert_eq!(folder.names(), ["old.yaml"]);
    fs::write(&new, "user: jdoe\n").unwrap();
    assert!(fails(&new, true).contains("it is the file to write"));
    assert_eq!(fs::read_to_string(&new).unwrap(), "user: jdoe\n");
}

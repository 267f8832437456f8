//! Tests of the setup's dialogue, with strings as input and output.

mod questions;
mod taking_over;

use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A folder for one test. It is removed after the test.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("argo-setup-{}-{:016x}", std::process::id(), fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn options(config: &Path) -> SetupOptions {
    SetupOptions { config: config.to_owned(), yes: false, user: None, port: None, force: false, from: None }
}

fn reachable(urls: &[HttpUrl], _: Duration) -> Vec<Reachability> {
    vec![Reachability::Answers(405); urls.len()]
}

/// Runs a setup with `input` typed. Returns the outcome and the text on the screen.
fn dialogue(options: &SetupOptions, input: &str) -> (Result<(), SetupError>, String) {
    converse(options, input, true, &reachable)
}

fn converse(
    options: &SetupOptions,
    input: impl AsRef<[u8]>,
    interactive: bool,
    probe: Probe<'_>,
) -> (Result<(), SetupError>, String) {
    let mut output = Vec::new();
    let outcome = run(options, &mut Terminal { input: &mut input.as_ref(), output: &mut output, interactive }, probe);
    (outcome, String::from_utf8(output).unwrap())
}

fn load(path: &Path) -> Config {
    let (config, warnings) = Config::load(path, &Overrides::default(), &|_| None).unwrap();
    assert_eq!(warnings, []);
    config
}

#[test]
fn the_session_of_the_specification() {
    let folder = Folder::new();
    let path = folder.path("config.yaml");
    let (outcome, screen) = dialogue(&options(&path), "y\njdoe\n\n\n");
    outcome.unwrap();
    let config = load(&path);
    let (port, shown) = (config.port, path.display());
    assert!(port > 0 && config.verbose && !config.log_bodies);
    assert_eq!(config.user.unwrap().as_str(), "jdoe");
    let expected = format!(
        "{shown} file not found.\n\
         Would you like to create it from config.sample.yaml? [y/N] \
         Enter your username: \
         Enable verbose mode? [Y/n] \
         Using port {port}, which is free (--port, or `port:` in the file, changes it).\n\
         Checking the connection to ARGO ...\n"
    );
    assert!(screen.starts_with(&expected), "{screen}");
    let expected = format!(
        "Created {shown} with your settings:\n\
         --------------------------------------\n\
         port: {port}\n\
         argo_url: \"https://apps-dev.inside.anl.gov/argoapi/api/v1/resource/chat/\"\n\
         argo_stream_url: \"https://apps-dev.inside.anl.gov/argoapi/api/v1/resource/streamchat/\"\n\
         argo_embedding_url: \"https://apps.inside.anl.gov/argoapi/api/v1/resource/embed/\"\n\
         user: \"jdoe\"\n\
         verbose: true\n\
         num_workers: 5\n\
         timeout: 600\n\
         # All other keys have their defaults. To see them: argo-openai-proxy check --print\n"
    );
    assert!(screen.contains(&expected), "{screen}");
    assert!(
        screen.ends_with("--------------------------------------\nReview the config above. Press enter to continue or Ctrl+C to abort. "),
        "{screen}"
    );
}

#[test]
fn native_endpoints_that_answer_are_preferred() {
    let native = |answer: u16| {
        move |urls: &[HttpUrl], _: Duration| {
            let one = |url: &HttpUrl| if url.path().ends_with("/argoapi/v1/models") { answer } else { 405 };
            urls.iter().map(|url| Reachability::Answers(one(url))).collect::<Vec<_>>()
        }
    };
    for (answer, base) in [
        (200, Some("https://apps-dev.inside.anl.gov/argoapi")),
        (401, Some("https://apps-dev.inside.anl.gov/argoapi")),
        (404, None),
        (500, None),
    ] {
        let folder = Folder::new();
        let path = folder.path("config.yaml");
        let probe = native(answer);
        let (outcome, screen) = converse(&options(&path), "y\njdoe\n\n\n", true, &probe);
        outcome.unwrap();
        assert_eq!(load(&path).argo_base_url.as_ref().map(HttpUrl::as_str), base, "{answer}");
        assert_eq!(screen.contains("native endpoints answer there"), base.is_some(), "{answer}: {screen}");
        assert_eq!(screen.contains("argo_base_url: \"https"), base.is_some(), "{answer}: {screen}");
    }
}

#[test]
fn comments_survive_and_the_file_is_private() {
    let folder = Folder::new();
    let path = folder.path("my config.yaml");
    let mut with_port = options(&path);
    with_port.port = Some(0);
    dialogue(&with_port, "yes\nnull\nn\n\n").0.unwrap();
    let expected = SAMPLE.replace("\"your_username\"", "\"null\"").replace("verbose: true", "verbose: false");
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(load(&path).user.unwrap().as_str(), "null");
    assert_eq!(folder.names(), ["my config.yaml"]);
}

#[test]
fn an_existing_file_is_replaced_only_when_allowed() {
    let folder = Folder::new();
    let path = folder.path("c.yaml");
    fs::write(&path, "port: 1\n").unwrap();
    let (outcome, screen) = dialogue(&options(&path), "n\n");
    assert!(matches!(outcome, Err(SetupError::Declined(_))));
    assert!(screen.contains("already exists"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "port: 1\n");

    let mut unattended = options(&path);
    unattended.yes = true;
    unattended.user = Some("jdoe".to_owned());
    let (outcome, _) = converse(&unattended, "", false, &reachable);
    let error = outcome.unwrap_err();
    assert!(matches!(error, SetupError::Exists(_)) && error.to_string().contains("--force"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "port: 1\n");

    unattended.force = true;
    converse(&unattended, "", false, &reachable).0.unwrap();
    assert_eq!(load(&path).user.unwrap().as_str(), "jdoe");

    dialogue(&options(&path), "y\nother\n\n\n").0.unwrap();
    assert_eq!(load(&path).user.unwrap().as_str(), "other");
}

#[test]
fn unattended_needs_no_terminal() {
    let folder = Folder::new();
    let path = folder.path("c.yaml");
    let mut unattended = options(&path);
    unattended.yes = true;
    let error = converse(&unattended, "", false, &reachable).0.unwrap_err();
    assert!(matches!(error, SetupError::NeedsUser) && error.exit_code() == 2);

    unattended.user = Some("jane doe".to_owned());
    let error = converse(&unattended, "", false, &reachable).0.unwrap_err();
    assert!(matches!(error, SetupError::BadUser(_)) && error.exit_code() == 2);
    assert!(folder.names().is_empty());

    unattended.user = Some("jdoe".to_owned());
    unattended.port = Some(44497);
    let (outcome, screen) = converse(&unattended, "", false, &reachable);
    outcome.unwrap();
    assert!(!screen.contains('?') && !screen.contains("Press enter"), "{screen}");
    let config = load(&path);
    assert_eq!((config.port, config.verbose), (44497, true));
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let folder = Folder::new();
    let path = folder.path("it's here.yaml");
    let (outcome, screen) = converse(&options(&path), "y\njdoe\ny\n\n", false, &reachable);
    let error = outcome.unwrap_err();
    assert_eq!((error.exit_code(), screen.as_str()), (2, ""));
    let text = error.to_string();
    assert!(text.contains("file not found") && text.contains("serve --demo"), "{text}");
    assert!(text.contains("init --yes --user") && text.contains(r"it'\''s here.yaml'"), "{text}");
    assert!(folder.names().is_empty());
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = Folder::new();
    let (outcome, _) = dialogue(&options(&folder.path("no/c.yaml")), "y\njdoe\n\n\n");
    let error = outcome.unwrap_err();
    assert!(matches!(error, SetupError::Write { .. }));
    assert!(error.to_string().contains("no/c.yaml cannot be written"), "{error}");
}

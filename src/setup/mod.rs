//! The first-time setup: makes `config.yaml` from the sample, with or without a person at a terminal.

mod dialogue;
mod edit;
mod error;
mod import;
mod native;
mod probe;
mod reachability;
#[cfg(test)]
mod tests;
pub(crate) mod why;
mod write;

use std::io::{self, IsTerminal};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use dialogue::Terminal;
pub use error::SetupError;
pub use probe::{probe, probe_all};
pub use reachability::Reachability;
pub use write::{replace, write_private};

use crate::config::{Config, Overrides, SAMPLE, SAMPLE_FILE, check_username};
use crate::diagnostics::file_access;
use crate::wire::HttpUrl;
use crate::yaml::quote;

/// The setup's options from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupOptions {
    /// The file to write.
    pub config: PathBuf,
    /// True to ask nothing.
    pub yes: bool,
    pub user: Option<String>,
    /// `None`: a random free port, chosen once. 0: another free port at each start.
    pub port: Option<u16>,
    /// True to replace an existing file without asking.
    pub force: bool,
    /// A configuration of argo-proxy to take over.
    pub from: Option<PathBuf>,
}

/// Tests several URLs at once: [`probe_all`], or a stand-in for it.
pub type Probe<'p> = &'p dyn Fn(&[HttpUrl], Duration) -> Vec<Reachability>;

const RULE: &str = "--------------------------------------";

/// The keys that the review displays: those of the specification, and where native endpoints are. They include all keys that the
/// questions set.
const REVIEWED: &[&str] = &[
    "port",
    "argo_base_url",
    "argo_url",
    "argo_stream_url",
    "argo_embedding_url",
    "user",
    "verbose",
    "num_workers",
    "timeout",
];

/// The last line of the review. It is a comment, so that the review stays valid YAML.
const ALL_KEYS: &str = "# All other keys have their defaults. To see them: argo-openai-proxy check --print";

/// Runs the setup on this process's terminal and network.
///
/// # Errors
/// See [`SetupError`].
pub fn run_on_terminal(options: &SetupOptions) -> Result<(), SetupError> {
    let mut terminal =
        Terminal { input: &mut io::stdin().lock(), output: &mut io::stdout(), interactive: io::stdin().is_terminal() };
    run(options, &mut terminal, &probe_all)
}

/// Asks the open questions, checks the connection, writes the file and displays it.
///
/// Unreachable URLs are reported but do not fail the setup: people often run it off-site.
///
/// # Errors
/// See [`SetupError`]. After an error nothing has been written, except after one at the review.
pub fn run(options: &SetupOptions, terminal: &mut Terminal<'_>, probe: Probe<'_>) -> Result<(), SetupError> {
    let overwrite = may_write(options, terminal)?;
    if let Some(from) = &options.from {
        return take_over(options, from, overwrite, terminal, probe);
    }
    let answers = answers(options, terminal)?;
    let mut text = render(&answers);
    let config = checked(options, &text)?;
    // Where that host does not answer, it would not answer another question either.
    let answers = check_connection(&config, terminal, probe)?;
    if let Some(base) = ask_native(&config, answers, terminal, probe)? {
        text = edit::set_value(
            &text.replace("# argo_base_url:", "argo_base_url:"),
            "argo_base_url",
            &quote(base.as_str()),
        );
        checked(options, &text)?;
    }
    write(options, &text, overwrite)?;
    review(options, &text, terminal)
}

/// Makes the file from one of argo-proxy, and says what became of each key that is not in it.
fn take_over(
    options: &SetupOptions,
    from: &Path,
    overwrite: bool,
    terminal: &mut Terminal<'_>,
    probe: Probe<'_>,
) -> Result<(), SetupError> {
    let unusable = |why: String| SetupError::NotTakenOver(from.to_owned(), why);
    if overwrite && from.canonicalize().ok() == options.config.canonicalize().ok() {
        return Err(unusable("it is the file to write; name another one with --config".to_owned()));
    }
    let bytes = file_access::read(from).map_err(|e| unusable(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unusable("it is not UTF-8 text".to_owned()))?;
    let mut imported = import::import(&text).map_err(unusable)?;
    let has_user = imported.value("user").is_some();
    match &options.user {
        Some(user) => imported.set("user", quote(user)),
        None if has_user => {}
        None if options.yes => return Err(SetupError::NeedsUser),
        None => imported.set("user", quote(&terminal.username()?)),
    }
    if let Some(port) = options.port {
        imported.set("port", port.to_string());
    }
    let text = imported.text(&from.display().to_string());
    let config = checked(options, &text)?;
    check_connection(&config, terminal, probe)?;
    write(options, &text, overwrite)?;
    if !imported.notes.is_empty() {
        terminal.say(&format!("What became of the other keys of {}:", from.display()))?;
    }
    for note in &imported.notes {
        terminal.say(&format!("  {note}"))?;
    }
    review(options, &text, terminal)
}

fn write(options: &SetupOptions, text: &str, overwrite: bool) -> Result<(), SetupError> {
    write::write_private(&options.config, text, overwrite).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => SetupError::Exists(options.config.clone()),
        _ => SetupError::Write { config: options.config.clone(), error },
    })
}

/// Returns true if the new file may replace an existing one. An error means that no file may be written.
fn may_write(options: &SetupOptions, terminal: &mut Terminal<'_>) -> Result<bool, SetupError> {
    let config = &options.config;
    let exists = config.symlink_metadata().is_ok();
    if let Some(user) = &options.user {
        check_username(user).map_err(SetupError::BadUser)?;
    }
    if options.yes {
        return match (exists, options.force, &options.user) {
            (_, _, None) if options.from.is_none() => Err(SetupError::NeedsUser),
            (true, false, _) => Err(SetupError::Exists(config.clone())),
            (exists, _, _) => Ok(exists),
        };
    }
    if !terminal.interactive {
        return Err(SetupError::NeedsTerminal { config: config.clone(), exists });
    }
    let source = options.from.as_ref().map_or(SAMPLE_FILE.to_owned(), |from| from.display().to_string());
    let question = match (exists, options.force) {
        (true, true) => return Ok(true),
        (true, false) => {
            terminal.say(&format!("{} already exists.", config.display()))?;
            format!("Would you like to replace it by a new one from {source}?")
        }
        (false, _) => {
            terminal.say(&format!("{} file not found.", config.display()))?;
            format!("Would you like to create it from {source}?")
        }
    };
    if terminal.yes_or_no(&question, false)? { Ok(exists) } else { Err(SetupError::Declined(config.clone())) }
}

/// The settings that differ from person to person.
struct Answers {
    port: u16,
    user: String,
    /// `None`: as in the sample.
    verbose: Option<bool>,
}

fn answers(options: &SetupOptions, terminal: &mut Terminal<'_>) -> Result<Answers, SetupError> {
    let user = match &options.user {
        Some(user) => user.clone(),
        None => terminal.username()?,
    };
    let verbose = if options.yes { None } else { Some(terminal.yes_or_no("Enable verbose mode?", true)?) };
    let port = match options.port {
        Some(port) => {
            if TcpListener::bind(("127.0.0.1", port)).is_err() {
                terminal.say(&format!("Note: port {port} is in use at the moment."))?;
            }
            port
        }
        None => {
            let port = free_port().map_err(SetupError::NoPort)?;
            terminal.say(&format!("Using port {port}, which is free (--port, or `port:` in the file, changes it)."))?;
            port
        }
    };
    Ok(Answers { port, user, verbose })
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn render(answers: &Answers) -> String {
    let text = edit::set_value(SAMPLE, "port", &answers.port.to_string());
    let text = edit::set_value(&text, "user", &quote(&answers.user));
    match answers.verbose {
        Some(verbose) => edit::set_value(&text, "verbose", &verbose.to_string()),
        None => text,
    }
}

/// Reads the new text as the server does, but without this shell's environment.
fn checked(options: &SetupOptions, text: &str) -> Result<Config, SetupError> {
    let file = options.config.display().to_string();
    Config::from_text(&file, text, &Overrides::default(), &|_| None)
        .map(|(config, _)| config)
        .map_err(SetupError::Invalid)
}

/// Asks ARGO's URLs, and tells what they answer. Returns true if the first one answers.
fn check_connection(config: &Config, terminal: &mut Terminal<'_>, probe: Probe<'_>) -> Result<bool, SetupError> {
    let urls = [
        ("argo_url", &config.argo_url),
        ("argo_stream_url", &config.argo_stream_url),
        ("argo_embedding_url", &config.argo_embedding_url),
    ];
    terminal.say("Checking the connection to ARGO ...")?;
    let found = probe(&urls.map(|(_, url)| url.clone()), config.connect_timeout);
    let mut hints: Vec<&str> = Vec::new();
    for ((key, url), found) in urls.iter().zip(&found) {
        terminal.say(&format!("  {key}: {found}\n    {url}"))?;
        hints.extend(found.hint(url.host()).filter(|hint| !hints.contains(hint)));
    }
    for hint in hints {
        terminal.say(&format!("  {hint}"))?;
    }
    if !found.iter().all(Reachability::works) {
        terminal.say("  The configuration can be used as soon as they can be reached.")?;
    }
    Ok(found.first().is_some_and(Reachability::works))
}

/// Asks for ARGO's native endpoints. Returns where they begin, if they answer.
fn ask_native(
    config: &Config,
    answers: bool,
    terminal: &mut Terminal<'_>,
    probe: Probe<'_>,
) -> Result<Option<HttpUrl>, SetupError> {
    let Some((base, list)) = native::beside(config).filter(|_| answers) else { return Ok(None) };
    let found = probe(std::slice::from_ref(&list), config.connect_timeout);
    // A list that wants to know who asks is there, too.
    let is_there = matches!(found.first(), Some(Reachability::Answers(200..=299 | 401)));
    if is_there {
        terminal.say(&format!(
            "  ARGO's native endpoints answer there, too, and are preferred: argo_base_url is set\n    {base}"
        ))?;
    }
    Ok(is_there.then_some(base))
}

fn review(options: &SetupOptions, text: &str, terminal: &mut Terminal<'_>) -> Result<(), SetupError> {
    let config = options.config.display();
    terminal.say(&format!("Created {config} with your settings:\n{RULE}"))?;
    terminal.say(&format!("{}{ALL_KEYS}\n{RULE}", edit::only_keys(text, REVIEWED)))?;
    if options.yes {
        return Ok(());
    }
    terminal.ask("Review the config above. Press enter to continue or Ctrl+C to abort. ").map(drop).map_err(|error| {
        match error {
            SetupError::InputEnded => SetupError::NotConfirmed(options.config.clone()),
            other => other,
        }
    })
}

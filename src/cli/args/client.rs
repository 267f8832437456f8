//! What `client` and `run` take.

use super::files::FileArgs;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

pub(super) const CLIENT_EXAMPLES: &str = "\
Examples:
  argo-openai-proxy client                      the programs that there are settings for
  argo-openai-proxy client codex                settings for Codex
  argo-openai-proxy client zed --write          the same, put into Zed's own file
  argo-openai-proxy client continue --model MODEL --model OTHER
  argo-openai-proxy client aider --url https://proxy.example.org --key @my.key";

pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  argo-openai-proxy run codex
  argo-openai-proxy run claude --model MODEL -- --resume
  argo-openai-proxy run codex -- exec 'what does this folder hold?'
  argo-openai-proxy run python -- analysis.py
  argo-openai-proxy run --demo opencode         with a stand-in for ARGO: no configuration, no network

Words after -- are the program's own. It ends as if you had started it yourself, with its exit code.";

/// Whose settings, and what to do with them.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct ClientArgs {
    /// The program [default: list all]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// Use this model; repeat it to have several to choose from [default: all that are listed, and one that fits]
    #[arg(long, value_name = "MODEL", requires = "name")]
    pub model: Vec<String>,

    #[command(flatten)]
    pub key: KeyArg,

    /// The proxy is here, as the program reaches it [default: where it runs, else what the configuration says]
    #[arg(long, value_name = "URL", requires = "name")]
    pub url: Option<String>,

    /// Put them into the program's own file: shows what changes, asks, and keeps a copy of the file
    #[arg(long, requires = "name")]
    pub write: bool,

    /// Ask nothing before writing
    #[arg(short, long, requires = "write")]
    pub yes: bool,

    /// Print JSON
    #[arg(long, conflicts_with = "write")]
    pub json: bool,

    #[command(flatten)]
    pub files: ProxyFiles,
}

/// Which program to run, and how.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct RunArgs {
    /// The program
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Begin with this model [default: one that fits]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,

    #[command(flatten)]
    pub key: KeyArg,

    /// Over a proxy with a built-in stand-in (a fake ARGO on this machine)
    #[arg(long, conflicts_with = "config")]
    pub demo: bool,

    #[command(flatten)]
    pub files: ProxyFiles,

    /// The program's own arguments
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<OsString>,
}

/// The key that the program sends.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub struct KeyArg {
    /// The key that the proxy asks for; @FILE: the first line of a file, which other users cannot see
    #[arg(long = "key", value_name = "KEY")]
    value: Option<String>,
}

impl KeyArg {
    /// Returns the key, if one was given.
    ///
    /// # Errors
    /// The file cannot be read, or has no key.
    pub fn read(&self) -> Result<Option<String>, String> {
        let Some(given) = &self.value else { return Ok(None) };
        let Some(file) = given.strip_prefix('@') else { return Ok(Some(given.clone())) };
        let text = std::fs::read_to_string(file).map_err(|e| format!("--key: {file} cannot be read: {e}"))?;
        let key = text.lines().next().map(str::trim).filter(|key| !key.is_empty());
        key.map(|key| Some(key.to_owned())).ok_or_else(|| format!("--key: {file} has no key on its first line"))
    }
}

/// The files of the proxy, where a word without a flag means something else.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub struct ProxyFiles {
    /// The configuration [default: $CONFIG_PATH, else config.yaml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The route table [default: routes.yaml beside the configuration, else here, else the built-in one]
    #[arg(long, value_name = "FILE")]
    pub routes: Option<PathBuf>,
}

impl ProxyFiles {
    /// Returns the same for commands that take a path, too.
    pub fn all(&self) -> FileArgs {
        FileArgs { config_path: None, config: self.config.clone(), routes: self.routes.clone() }
    }
}

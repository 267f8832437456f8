//! What the command line may say. `serve` is also what happens when no command is named.

mod check;
mod client;
mod explain;
mod files;
mod health;
mod key;
mod shell;
#[cfg(test)]
mod tests;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::access::Mode;
use crate::config::Overrides;
use crate::setup;
use check::{CHECK_EXAMPLES, SCHEMA_EXAMPLES};
pub use check::{CheckArgs, Described, ReportFormat, SchemaArgs};
pub use client::{ClientArgs, KeyArg, RunArgs};
pub use explain::ExplainArgs;
use files::config_from;
pub use files::{DEFAULT_CONFIG, FileArgs};
pub use health::HealthArgs;
pub use key::{KeyArgs, KeyCommand, KeyFiles, KeyPermissions};
use shell::{COMPLETIONS_EXAMPLES, MAN_EXAMPLES};
pub use shell::{CompletionsArgs, ManArgs, completions, man_page, write_man_pages};
pub use values::{HeaderArg, header};
use values::{duration, positive, share};

const EXAMPLES: &str = "\
Examples:
  argo-openai-proxy serve --demo            try it: no configuration, no network
  argo-openai-proxy init                    make config.yaml, once
  argo-openai-proxy                         serve what config.yaml and routes.yaml say
  argo-openai-proxy my.yaml --port 8080     the same with another file and port
  argo-openai-proxy check                   look for mistakes in all files
  argo-openai-proxy check --print           the whole configuration, and where each value was set
  argo-openai-proxy models --json           what can be asked for
  argo-openai-proxy client codex            settings for a program
  argo-openai-proxy run codex               the program itself, with the proxy in its environment
  argo-openai-proxy explain GET /health     what would become of a request, and why

Flags override environment variables (CONFIG_PATH, PORT, ARGO_PROXY_HOST, VERBOSE). Both override the file.
Exit codes: 0 all right, 1 a problem, 2 wrong usage.";

/// Use ARGO, Argonne's language-model gateway, from any OpenAI client.
#[derive(Debug, Parser)]
#[command(name = "argo-openai-proxy", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    serve: ServeArgs,
}

/// What this process was called to do. Prints help, version and mistakes itself and exits then: 0, or 2 for a mistake.
pub fn command() -> Command {
    command_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
}

/// The command in `words`, of which the first is the program's name; without a name it is `serve`.
///
/// # Errors
/// A mistake, or a wish for help or version: [`clap::Error::exit_code`] tells which.
pub fn command_from<W: Into<OsString> + Clone>(words: impl IntoIterator<Item = W>) -> Result<Command, clap::Error> {
    match Cli::try_parse_from(words)? {
        Cli { command: None, serve } => Ok(Command::Serve(serve)),
        Cli { command: Some(command), serve } if serve == ServeArgs::default() => Ok(command),
        // clap's own check takes the command in `-v routes` for a path.
        _ => Err(Cli::command().error(
            ErrorKind::ArgumentConflict,
            "flags and paths come after the command, as in: argo-openai-proxy serve -v",
        )),
    }
}

/// What the command line may say, as clap describes it.
pub fn description() -> clap::Command {
    Cli::command()
}

/// The names of all commands.
pub fn command_names() -> Vec<String> {
    description().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// One run of the program does one of these.
#[derive(Clone, Debug, PartialEq, Subcommand)]
pub enum Command {
    /// Run the proxy (also when no command is given)
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Run only the stand-in for ARGO, for tests and load tests
    #[command(name = "stand-in", after_help = STAND_IN_EXAMPLES)]
    StandIn(StandInArgs),
    /// Make config.yaml: the first-time setup
    #[command(after_help = INIT_EXAMPLES)]
    Init(InitArgs),
    /// Look for mistakes in config.yaml, routes.yaml and callers.yaml without starting
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Show what would become of a request and why, without a network
    #[command(after_help = explain::EXAMPLES)]
    Explain(ExplainArgs),
    /// Ask the proxy that runs with this configuration whether it is ready; exit code 0 when it is
    #[command(after_help = health::EXAMPLES)]
    Health(HealthArgs),
    /// Make, renew, remove and list the keys of callers
    #[command(after_help = key::EXAMPLES)]
    Key(KeyArgs),
    /// Print what is served: method, path, upstream URL, transformer
    Routes(ListArgs),
    /// Print the models: name and ARGO id
    Models(ListArgs),
    /// Print settings for a program, such as an editor or a coding agent, or put them into its own file
    #[command(after_help = client::CLIENT_EXAMPLES)]
    Client(ClientArgs),
    /// Start a program, such as a coding agent, with the proxy in its environment
    #[command(after_help = client::RUN_EXAMPLES)]
    Run(RunArgs),
    /// Print the JSON Schema of a file, for editors
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(SchemaArgs),
    /// Print a shell completion script
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command
    #[command(after_help = MAN_EXAMPLES)]
    Man(ManArgs),
}

const SERVE_EXAMPLES: &str = "\
Examples:
  argo-openai-proxy serve
  argo-openai-proxy serve /etc/argo/config.yaml --routes my-routes.yaml
  argo-openai-proxy serve --upgrade             takes over from the one that runs
  argo-openai-proxy serve --demo --port 8080";

/// How to run the proxy.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub struct ServeArgs {
    #[command(flatten)]
    pub files: FileArgs,

    /// Listen here [default: `host` of the configuration]
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<String>,

    /// Listen on this port; 0: any free one [default: `port` of the configuration]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,

    /// Log each request, even with `verbose: false` in the configuration
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,

    /// Log problems only
    #[arg(short, long)]
    pub quiet: bool,

    /// Log the bodies of requests and replies, too: cut and without keys
    #[arg(long, conflicts_with = "quiet")]
    pub log_bodies: bool,

    /// Take over from the running instance of this configuration, without a refused connection
    #[arg(long, conflicts_with = "demo")]
    pub upgrade: bool,

    /// Talk to a built-in stand-in (a fake ARGO on this machine); reads no configuration, but reads routes.yaml if it is here
    #[arg(long, conflicts_with_all = ["config_path", "config"])]
    pub demo: bool,

    /// Serve one program, and end with the process that has this id: for `run`
    #[arg(long, value_name = "PROCESS", hide = true, conflicts_with = "upgrade")]
    pub for_client: Option<i32>,
}

impl ServeArgs {
    /// What beats environment and file.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            port: self.port,
            host: self.host.clone(),
            verbose: match (self.verbose, self.quiet) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
            log_bodies: self.log_bodies.then_some(true),
            // The user who runs it is the only one who uses it.
            access: self.for_client.map(|_| Mode::Own),
        }
    }
}

const STAND_IN_EXAMPLES: &str = "\
Examples:
  argo-openai-proxy stand-in --port 9000
  argo-openai-proxy stand-in --port 9000 --latency 300ms --piece-delay 20ms
  argo-openai-proxy stand-in --failure-rate 0.1";

/// How the stand-in behaves.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct StandInArgs {
    /// Listen here
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: String,

    /// Listen on this port; 0: any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,

    /// Wait before each answer, e.g. 250ms or 1.5s
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = duration)]
    pub latency: Duration,

    /// Bytes of a streamed piece
    #[arg(long, value_name = "BYTES", default_value = "16", value_parser = positive)]
    pub piece_size: usize,

    /// Wait between streamed pieces, e.g. 20ms
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = duration)]
    pub piece_delay: Duration,

    /// Share of the requests that fail, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    pub failure_rate: f64,

    /// Threads
    #[arg(long, value_name = "N", default_value = "1", value_parser = positive)]
    pub workers: usize,
}

const INIT_EXAMPLES: &str = "\
Examples:
  argo-openai-proxy init                      asks, on a terminal
  argo-openai-proxy init --yes --user jdoe    asks nothing
  argo-openai-proxy init --yes --user jdoe --port 44497 --config my.yaml
  argo-openai-proxy init --from ~/.config/argoproxy/config.yaml    takes over a configuration of argo-proxy";

/// What the setup does not need to ask.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct InitArgs {
    /// The file to write [default: $CONFIG_PATH, else config.yaml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Ask nothing, take the defaults
    #[arg(short, long)]
    pub yes: bool,

    /// Your Argonne username
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,

    /// The proxy's port; 0: another one at each start [default: a random free one]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,

    /// Replace an existing file without asking
    #[arg(long)]
    pub force: bool,

    /// Take over a configuration of argo-proxy 2 or 3, which stays as it is
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

impl InitArgs {
    /// The same for [`setup::run`].
    pub fn options(&self, env: &dyn Fn(&str) -> Option<String>) -> setup::SetupOptions {
        setup::SetupOptions {
            config: self.config.clone().unwrap_or_else(|| config_from(env)),
            yes: self.yes,
            user: self.user.clone(),
            port: self.port,
            force: self.force,
            from: self.from.clone(),
        }
    }
}

/// What to print, and how.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct ListArgs {
    #[command(flatten)]
    pub files: FileArgs,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

//! What `check` and `schema` take.

use super::files::FileArgs;
use crate::config::Overrides;
use clap::{Args, ValueEnum};

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  argo-openai-proxy check
  argo-openai-proxy check my.yaml --routes my-routes.yaml --deny-warnings
  argo-openai-proxy check --online
  argo-openai-proxy check --print               the whole configuration, and where each value was set
  argo-openai-proxy check --format json";

/// What to look at.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct CheckArgs {
    #[command(flatten)]
    pub files: FileArgs,

    /// Also ask each upstream URL once, without spending tokens, and compare the models
    #[arg(long)]
    pub online: bool,

    /// Exit with 1 when there are warnings, too
    #[arg(long)]
    pub deny_warnings: bool,

    /// Print the whole configuration as YAML: every key, its value, and where the value was set
    #[arg(long, conflicts_with_all = ["online", "format"])]
    pub print: bool,

    /// Check as if `serve` had this flag
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,

    /// Check as if `serve` had this flag
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// Check as if `serve` had this flag
    #[arg(short, long)]
    verbose: bool,

    /// Check as if `serve` had this flag
    #[arg(long)]
    log_bodies: bool,

    /// How to report what was found: for people, or as one JSON array
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
}

impl CheckArgs {
    /// What beats environment and file, as for `serve`.
    pub fn overrides(&self) -> Overrides {
        let (verbose, log_bodies) = (self.verbose.then_some(true), self.log_bodies.then_some(true));
        Overrides { port: self.port, host: self.host.clone(), verbose, log_bodies, ..Overrides::default() }
    }
}

/// How problems are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// With their source, on stderr
    #[default]
    Text,
    /// As one array, on stdout
    Json,
}

pub(super) const SCHEMA_EXAMPLES: &str = "\
Examples:
  argo-openai-proxy schema routes > routes.schema.json
  argo-openai-proxy schema config > config.schema.json

Then, as the file's first line, for editors with a YAML language server:
  # yaml-language-server: $schema=routes.schema.json";

/// Whose schema to print.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct SchemaArgs {
    /// The file that is described
    #[arg(value_enum, value_name = "FILE")]
    pub file: Described,
}

/// The files that people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Described {
    /// routes.yaml
    Routes,
    /// A file that routes.yaml includes
    Included,
    /// config.yaml
    Config,
    /// callers.yaml
    Callers,
}

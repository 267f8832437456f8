//! What `key` takes.

use super::files::config_from;
use clap::{Args, Subcommand};
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  argo-openai-proxy key new ann                    print a key for ann, and let her call
  argo-openai-proxy key new bob --user bsmith      ARGO is called as bsmith for bob
  argo-openai-proxy key new ci | gh secret set OPENAI_API_KEY
  argo-openai-proxy key list

A key is printed once and not stored: the file of callers has its SHA-256. To take a key back, remove its row.";

/// What to do with keys.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct KeyArgs {
    #[command(subcommand)]
    pub command: KeyCommand,
}

/// One of these.
#[derive(Clone, Debug, PartialEq, Subcommand)]
pub enum KeyCommand {
    /// Make a key, print it, and add its caller to the file
    New {
        /// Who calls with it: letters, digits and . _ - @
        #[arg(value_name = "NAME")]
        name: String,

        /// The username that ARGO is called as [default: `user` of the configuration]
        #[arg(long, value_name = "USER")]
        user: Option<String>,

        #[command(flatten)]
        files: KeyFiles,
    },
    /// Print the callers: names and what they may use, no keys
    List {
        #[command(flatten)]
        files: KeyFiles,
    },
}

/// Where callers are listed.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub struct KeyFiles {
    /// The file of callers [default: `callers` of the configuration, else callers.yaml beside it]
    #[arg(long, value_name = "FILE")]
    pub callers: Option<PathBuf>,

    /// The configuration [default: $CONFIG_PATH, else config.yaml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl KeyFiles {
    /// The configuration.
    pub fn config(&self, env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
        self.config.clone().unwrap_or_else(|| config_from(env))
    }
}

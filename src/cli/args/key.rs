//! What `key` takes.

use super::files::config_from;
use crate::access::{Limits, Quota};
use clap::{Args, Subcommand};
use std::num::NonZeroU32;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  argo-openai-proxy key new ann                    print a key for ann, and let her call
  argo-openai-proxy key new bob --user bsmith      ARGO is called as bsmith for bob
  argo-openai-proxy key new eve --models 'argo:gpt*' --requests-per-minute 60
  argo-openai-proxy key new ci | gh secret set OPENAI_API_KEY
  argo-openai-proxy key rotate ann                 a new key for ann; the old one counts no more
  argo-openai-proxy key remove ann                 take ann's key back
  argo-openai-proxy key list

A key is printed once and not stored: the file of callers has its SHA-256. A running proxy takes each change within a second.";

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
        permissions: KeyPermissions,

        #[command(flatten)]
        files: KeyFiles,
    },
    /// Make another key for a caller and print it; the old one counts no more
    Rotate {
        /// Whose key
        #[arg(value_name = "NAME")]
        name: String,

        #[command(flatten)]
        files: KeyFiles,
    },
    /// Take a caller out of the file: the key counts no more
    Remove {
        /// Whose key
        #[arg(value_name = "NAME")]
        name: String,

        #[command(flatten)]
        files: KeyFiles,
    },
    /// Print the callers: names and what they may use, no keys
    List {
        #[command(flatten)]
        files: KeyFiles,
    },
}

/// What a caller may use.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub struct KeyPermissions {
    /// The paths that the caller may use, as the table has them; * stands for any text [default: all]
    #[arg(long, value_name = "PATHS", value_delimiter = ',')]
    pub routes: Vec<String>,

    /// The models that the caller may use, by names or ids; * stands for any text [default: all]
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    pub models: Vec<String>,

    /// On the page for people the caller sees everybody's requests and the table
    #[arg(long)]
    pub watch: bool,

    /// Requests begun in a minute
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<NonZeroU32>,

    /// Tokens of prompts and answers in a minute
    #[arg(long, value_name = "N")]
    tokens_per_minute: Option<NonZeroU32>,

    /// Requests at the same time
    #[arg(long, value_name = "N")]
    concurrent: Option<NonZeroU32>,
}

impl KeyPermissions {
    /// The limits.
    pub fn limits(&self) -> Limits {
        Limits {
            requests_per_minute: self.requests_per_minute.map(Quota::Most),
            tokens_per_minute: self.tokens_per_minute.map(Quota::Most),
            concurrent: self.concurrent.map(Quota::Most),
        }
    }
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

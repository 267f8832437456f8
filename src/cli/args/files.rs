//! The files that most commands take.

use crate::loading::{FilePaths, WorkingDirectory};
use clap::Args;
use std::path::PathBuf;

/// Where the configuration is looked for when nothing names it.
pub const DEFAULT_CONFIG: &str = "config.yaml";

/// The two files that say where and what is served.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub struct FileArgs {
    /// The configuration, the same as --config
    #[arg(value_name = "CONFIG", conflicts_with = "config")]
    pub(super) config_path: Option<PathBuf>,

    /// The configuration [default: $CONFIG_PATH, else config.yaml]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// The route table [default: routes.yaml beside the configuration, else here, else the built-in one]
    #[arg(long, value_name = "FILE")]
    pub routes: Option<PathBuf>,
}

impl FileArgs {
    /// The configuration: the flag or the positional path, else `CONFIG_PATH`, else [`DEFAULT_CONFIG`].
    pub fn config(&self, env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
        let flag = self.config.as_ref().or(self.config_path.as_ref());
        flag.cloned().unwrap_or_else(|| config_from(env))
    }

    /// Both files.
    pub fn paths(&self, env: &dyn Fn(&str) -> Option<String>) -> FilePaths {
        let (config, routes) = (self.config(env), self.routes.clone());
        FilePaths { config, routes, here: WorkingDirectory::COUNTS, with_local: true }
    }
}

pub(super) fn config_from(env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    env("CONFIG_PATH").filter(|path| !path.is_empty()).unwrap_or_else(|| DEFAULT_CONFIG.to_owned()).into()
}

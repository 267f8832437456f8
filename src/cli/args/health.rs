//! The flags of `health`.

use super::files::FileArgs;
use crate::config::Overrides;
use clap::Args;

pub const EXAMPLES: &str = "\
Examples:
  argo-openai-proxy health
  argo-openai-proxy health /etc/argo/config.yaml --port 8080";

/// Which proxy to ask: the one that `serve` with the same flags is.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct HealthArgs {
    #[command(flatten)]
    pub files: FileArgs,

    /// Ask here [default: where the running process says that it listens, else `host` of the configuration]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,

    /// Ask on this port [default: as for --host]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

impl HealthArgs {
    /// Returns true if a flag says where to ask.
    pub fn names_address(&self) -> bool {
        self.host.is_some() || self.port.is_some()
    }

    /// What beats environment and file.
    pub fn overrides(&self) -> Overrides {
        Overrides { port: self.port, host: self.host.clone(), ..Overrides::default() }
    }
}

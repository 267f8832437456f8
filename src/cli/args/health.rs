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

    /// Ask here [default: `host` of the configuration]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,

    /// Ask on this port [default: `port` of the configuration]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

impl HealthArgs {
    /// What beats environment and file.
    pub fn overrides(&self) -> Overrides {
        Overrides { port: self.port, host: self.host.clone(), ..Overrides::default() }
    }
}

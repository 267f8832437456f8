//! What `explain` takes: a request, and how to show what becomes of it.

use super::files::FileArgs;
use super::values::{HeaderArg, header_or_file, method, positive};
use clap::Args;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  argo-openai-proxy explain POST $OPENAI_BASE_URL/chat/completions --body request.json
  argo-openai-proxy explain POST $OPENAI_BASE_URL/chat/completions --body - --header 'x-stainless-timeout: 30' --json < request.json
  argo-openai-proxy explain POST $OPENAI_BASE_URL/chat/completions --body request.json --answer answer.txt --pieces 1

An answer's first line may be its status and content type, such as: 200 application/json";

/// A request to explain, and how to tell.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct ExplainArgs {
    /// The request's method
    #[arg(value_name = "METHOD", value_parser = method)]
    pub method: http::Method,

    /// Its path, or its whole URL
    #[arg(value_name = "PATH")]
    pub path: http::Uri,

    /// Its body; -: standard input [default: none]
    #[arg(long, value_name = "FILE")]
    pub body: Option<PathBuf>,

    /// A header, or @FILE with a header on each line, for keys; @-: standard input; can be repeated
    #[arg(long, value_name = "NAME: VALUE", value_parser = header_or_file)]
    pub header: Vec<HeaderArg>,

    /// The caller who sends it, by name [default: the caller whose key a header has, else one who may use everything]
    #[arg(long, value_name = "NAME")]
    pub caller: Option<String>,

    /// What ARGO would answer: also show what the client would get; repeat it for a request of several calls
    #[arg(long, value_name = "FILE")]
    pub answer: Vec<PathBuf>,

    /// Let the answer arrive in pieces of this many bytes [default: in one]
    #[arg(long, value_name = "BYTES", value_parser = positive, requires = "answer")]
    pub pieces: Option<usize>,

    /// Print JSON, with every body exactly as it is
    #[arg(long)]
    pub json: bool,

    /// The configuration [default: $CONFIG_PATH, else config.yaml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The route table [default: routes.yaml beside the configuration, else here, else the built-in one]
    #[arg(long, value_name = "FILE")]
    routes: Option<PathBuf>,
}

impl ExplainArgs {
    /// The two files.
    pub fn files(&self) -> FileArgs {
        FileArgs { config_path: None, config: self.config.clone(), routes: self.routes.clone() }
    }
}

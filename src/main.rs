//! The program; see the library for what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    argo_openai_proxy::cli::run()
}

//! The command line: what was asked for, done, and turned into an exit code (0 all right, 1 a problem, 2 wrong usage).

pub mod args;
mod callers_file;
mod check;
mod client;
mod client_file;
mod client_offer;
mod client_proxy;
mod explain;
mod health;
mod introduction;
mod key;
mod list;
mod listen;
mod output;
mod own_key;
mod preview;
mod run;
pub mod schema;
mod serve;
mod stand_in;
mod takeover;

use crate::loading::environment;
use crate::setup;
use crate::telemetry::process_log;
use args::{Command, ManArgs};
use output::{CommandEnd, print, say, tell};
use std::process::ExitCode;

/// Does what the command line says.
pub fn run() -> ExitCode {
    let done = match args::command() {
        Command::Serve(args) => serve::run(&args),
        Command::StandIn(args) => stand_in::run(&args),
        Command::Init(args) => setup::run_on_terminal(&args.options(&environment)).map_err(CommandEnd::from),
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Health(args) => health::run(&args),
        Command::Key(args) => key::run(&args),
        Command::Routes(args) => list::routes(&args),
        Command::Models(args) => list::models(&args),
        Command::Schema(args) => print(&schema::text(args.file)),
        Command::Client(args) => client::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Completions(args) => print(&String::from_utf8_lossy(&args::completions(&args, args::description()))),
        Command::Man(args) => manual(&args),
    };
    let code = match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(CommandEnd::Problems(problems)) => {
            tell(&problems);
            ExitCode::FAILURE
        }
        Err(CommandEnd::Told) => ExitCode::FAILURE,
        Err(CommandEnd::Because(why)) => {
            say(&format!("error: {why}"));
            ExitCode::FAILURE
        }
        Err(CommandEnd::Setup(error)) => {
            say(&error.to_string());
            ExitCode::from(error.exit_code())
        }
    };
    process_log::flush();
    code
}

/// Prints the manual page, or writes all of them.
fn manual(args: &ManArgs) -> Result<(), CommandEnd> {
    match &args.dir {
        None => print(&String::from_utf8_lossy(&args::man_page(args::description()))),
        Some(dir) => args::write_man_pages(args::description(), dir)
            .map_err(|error| CommandEnd::Because(format!("cannot write manual pages into {}: {error}", dir.display()))),
    }
}

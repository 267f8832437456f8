//! The command line: what was asked for, done, and turned into an exit code (0 all right, 1 a problem, 2 wrong usage).

pub mod args;
mod callers;
mod certificate;
mod check;
mod disk;
mod explain;
mod files;
mod health;
mod introduction;
mod key;
mod list;
mod listen;
pub mod load;
pub mod schema;
mod serve;
mod stand_in;

use crate::diagnostics::Problem;
use crate::diagnostics::report;
use crate::setup;
use args::Command;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Why a command did not do what it was asked to.
enum Ended {
    /// Problems, each of which says what to do.
    Problems(Vec<Problem>),
    /// The reason has been reported already.
    Told,
    /// One sentence.
    Because(String),
    /// The setup's own reason.
    Setup(setup::SetupError),
}

impl From<Vec<Problem>> for Ended {
    fn from(problems: Vec<Problem>) -> Self {
        Ended::Problems(problems)
    }
}

impl From<String> for Ended {
    fn from(why: String) -> Self {
        Ended::Because(why)
    }
}

impl From<setup::SetupError> for Ended {
    fn from(error: setup::SetupError) -> Self {
        Ended::Setup(error)
    }
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let done = match args::command() {
        Command::Serve(args) => serve::run(&args),
        Command::StandIn(args) => stand_in::run(&args),
        Command::Init(args) => setup::run_on_terminal(&args.options(&environment)).map_err(Ended::from),
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Health(args) => health::run(&args),
        Command::Key(args) => key::run(&args),
        Command::Routes(args) => list::routes(&args),
        Command::Models(args) => list::models(&args),
        Command::Schema(args) => print(&schema::text(args.file)),
        Command::Completions(args) => print(&String::from_utf8_lossy(&args::completions(&args))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Ended::Problems(problems)) => {
            tell(&problems);
            ExitCode::FAILURE
        }
        Err(Ended::Told) => ExitCode::FAILURE,
        Err(Ended::Because(why)) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
        Err(Ended::Setup(error)) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Shows problems on stderr.
fn tell(problems: &[Problem]) {
    let colours = report::colours(std::io::stderr().is_terminal(), &environment);
    eprint!("{}", report::text(problems, colours));
}

/// Prints a result. A reader that stops reading (`| head`) is no problem.
fn print(text: &str) -> Result<(), Ended> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Ended::Because(format!("cannot print: {e}"))),
        _ => Ok(()),
    }
}

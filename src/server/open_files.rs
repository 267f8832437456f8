//! The number of files that the process may have open. Each request takes three: a connection to the client, and one to the upstream,
//! which has two handles.
//! The system's first limit is meant for programs that open few files.

use log::debug;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit to the most that the system allows. Returns the limit that holds then; `None`: any number.
pub fn allow_most() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => {
            debug!("open files: {} instead of {} may be open", shown(maximum), shown(current));
            maximum
        }
        Err(e) => {
            debug!("open files: it stays at {}, since {} was refused: {e}", shown(current), shown(maximum));
            current
        }
    }
}

fn shown(limit: Option<u64>) -> String {
    limit.map_or("any number".to_owned(), |limit| limit.to_string())
}

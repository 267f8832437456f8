//! `explain`: what would become of a request and why, for people and as JSON. No network.

use super::args::{ExplainArgs, HeaderArg, header};
use super::output::{CommandEnd, print, say, tell};
use super::preview::load_or_defaults;
use crate::access::admit::has_key;
use crate::access::{Access, Mode};
use crate::config::{Overrides, PLACEHOLDER};
use crate::diagnostics::file_access;
use crate::explain::{Question, Scripted, Verdict, explain};
use crate::loading::{self, Loaded};
use crate::wire::Query;
use bytes::Bytes;
use http::HeaderMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Prints the explanation of a request.
pub fn run(args: &ExplainArgs) -> Result<(), CommandEnd> {
    let loaded = load_or_defaults(&args.files(), &Overrides::default())?;
    tell(&loaded.warnings);
    let user = match &loaded.config.user {
        Some(user) => user.as_str().to_owned(),
        None => {
            say(&format!("user is not set: '{PLACEHOLDER}' is used instead"));
            PLACEHOLDER.to_owned()
        }
    };
    let headers = headers(args)?;
    let access = access(args, &loaded, &user, &headers)?;
    let body = args.body.as_deref().map_or(Ok(Bytes::new()), read)?;
    let answers = args.answer.iter().map(|path| read(path).map(|file| Scripted::parse(&file, args.pieces)));
    let answers = answers.collect::<Result<_, _>>()?;
    let (path, query) = (args.path.path().to_owned(), args.path.query().map(str::to_owned));
    let question = Question { method: args.method.clone(), path, query, headers, body, caller: None, answers };
    let live = Arc::new(loading::live_as(access, loaded));
    let told = explain(&live, &question).map_err(|e| CommandEnd::Because(e.to_string()))?;
    if !args.answer.is_empty() && told.verdict != Verdict::Called {
        say("no call goes upstream, so --answer has no effect");
    }
    print(&if args.json {
        serde_json::to_string_pretty(&told).map_err(|e| CommandEnd::Because(e.to_string()))? + "\n"
    } else {
        told.to_string()
    })
}

/// Returns the headers of the command line, and those of the files that it names. A key belongs into such a file: the words of a
/// command are for every user of the machine to see.
fn headers(args: &ExplainArgs) -> Result<HeaderMap, CommandEnd> {
    let mut headers = HeaderMap::new();
    let uses_input = |file: &Path| file.as_os_str() == "-";
    let is_body = args.body.as_deref().is_some_and(uses_input);
    for argument in &args.header {
        match argument {
            HeaderArg::Header(name, value) => {
                headers.append(name, value.clone());
            }
            HeaderArg::File(file) if uses_input(file) && is_body => {
                let why = "--body - and --header @- cannot both be standard input";
                return Err(CommandEnd::Because(why.to_owned()));
            }
            HeaderArg::File(file) => add(&read(file)?, file, &mut headers)?,
        }
    }
    Ok(headers)
}

/// Adds the headers of a file. Empty lines count for nothing.
fn add(text: &[u8], file: &Path, headers: &mut HeaderMap) -> Result<(), CommandEnd> {
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let line = String::from_utf8_lossy(line);
        if line.trim().is_empty() {
            continue;
        }
        let (name, value) = header(line.trim())
            .map_err(|why| CommandEnd::Because(format!("{}, line {number}: {why}", file.display())))?;
        headers.append(name, value);
    }
    Ok(())
}

/// Returns who sends the request: the caller that is named, or whose key it has, else one who may use everything.
fn access(args: &ExplainArgs, loaded: &Loaded, user: &str, headers: &HeaderMap) -> Result<Access, CommandEnd> {
    let access = loading::access(loaded, user);
    match &args.caller {
        Some(name) => match (access.named(name), loaded.config.access) {
            (Some(caller), _) => Ok(Access::Open(caller)),
            (None, mode @ (Mode::Own | Mode::Open)) => {
                Err(CommandEnd::Because(format!("access is {}: callers have no names", mode.name())))
            }
            (None, Mode::Keys) => Err(CommandEnd::Because(format!("no caller with a key is named '{name}'"))),
            (None, Mode::Passthrough) => Err(CommandEnd::Because(format!("'{name}' is no username"))),
        },
        None if matches!(access, Access::Own(_) | Access::Open(_)) || has_key(headers, Query(args.path.query())) => {
            Ok(access)
        }
        None => {
            say(&format!(
                "no key is given: explained for a caller who may use everything, as '{user}'; --caller NAME names one"
            ));
            Ok(Access::anybody(user))
        }
    }
}

/// A file, or standard input for `-`.
fn read(path: &Path) -> Result<Bytes, CommandEnd> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes).map(|_| ())
    } else {
        file_access::read(path).map(|read| bytes = read)
    };
    read.map_err(|e| CommandEnd::Because(format!("{} cannot be read: {e}", path.display())))?;
    Ok(Bytes::from(bytes))
}

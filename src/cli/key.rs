//! `key`: makes the keys of callers, and lists who has one.

use super::args::{KeyArgs, KeyCommand, KeyFiles};
use super::output::{CommandEnd, print, say, tell};
use crate::access::{Key, Limits, Mode, Username};
use crate::callers::{CallerRow, Callers, add};
use crate::config::{Config, Overrides};
use crate::diagnostics::file_access::{is_there, unreadable};
use crate::diagnostics::{Place, Problem};
use crate::loading::{callers_path, environment};
use crate::setup::write_private;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Makes a key, or lists the callers.
pub fn run(args: &KeyArgs) -> Result<(), CommandEnd> {
    match &args.command {
        KeyCommand::New { name, user, files } => new(name, user.as_deref(), files),
        KeyCommand::List { files } => list(files),
    }
}

/// Prints the key only when its row is on the disk; nothing else goes to stdout, so that it can be piped.
fn new(name: &str, user: Option<&str>, files: &KeyFiles) -> Result<(), CommandEnd> {
    let user = user.map(Username::new).transpose()?;
    let (path, mode) = find(files)?;
    let there = read(&path)?;
    let owner = std::fs::metadata(&path).ok();
    let key = Key::make()?;
    let text = add(there.as_deref(), name, &key.hash(), user.as_ref()).map_err(|why| because(&path, &why))?;
    write_private(&path, &text, there.is_some()).map_err(|e| because(&path, &format!("it cannot be written: {e}")))?;
    if let Some(owner) = owner {
        // Only root may, and only root's file would be out of the service's reach.
        let _ = std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid()));
    }
    print(&format!("{}\n", key.reveal()))?;
    let did = if there.is_some() { "added to" } else { "the first caller of the new file" };
    say(&format!("{name} is {did} {}. The key is not stored anywhere: pass it on now.", path.display()));
    match mode {
        Some(Mode::Keys) => say("A running proxy accepts it within a second."),
        _ => say("The proxy asks for keys when config.yaml has: access: keys"),
    }
    Ok(())
}

fn list(files: &KeyFiles) -> Result<(), CommandEnd> {
    let (path, _) = find(files)?;
    let text = read(&path)?
        .ok_or_else(|| because(&path, "there is no such file yet; make a key: argo-openai-proxy key new NAME"))?;
    let (callers, warnings) = Callers::read(&path.display().to_string(), &text)?;
    tell(&warnings);
    print(&callers.rows.iter().map(line).collect::<String>())
}

fn line(row: &CallerRow) -> String {
    let mut line = row.name.clone();
    let list = |list: &[(String, Place)]| list.iter().map(|(glob, _)| glob.as_str()).collect::<Vec<_>>().join(", ");
    line.extend(row.user.as_ref().map(|user| format!("  user: {user}")));
    line.extend(row.routes.as_ref().map(|routes| format!("  routes: {}", list(routes))));
    line.extend(row.models.as_ref().map(|models| format!("  models: {}", list(models))));
    let Limits { requests_per_minute, tokens_per_minute, concurrent } = row.limits;
    for (name, limit) in [
        ("requests_per_minute", requests_per_minute),
        ("tokens_per_minute", tokens_per_minute),
        ("concurrent", concurrent),
    ] {
        line.extend(limit.map(|limit| format!("  {name}: {limit}")));
    }
    line.push_str(if row.enabled { "\n" } else { "  (not enabled)\n" });
    line
}

/// The file of callers, and the configuration's `access`, if there is a configuration.
fn find(files: &KeyFiles) -> Result<(PathBuf, Option<Mode>), Vec<Problem>> {
    let config = files.config(&environment);
    if !is_there(&config).map_err(|problem| vec![problem])? {
        let path = files.callers.clone().unwrap_or_else(|| config.with_file_name("callers.yaml"));
        return Ok((path, None));
    }
    // Who makes a first key may have said nothing of access yet, and that is no reason to refuse it.
    let named = Config::load(&config, &Overrides::default(), &environment).ok();
    let known = named.as_ref().map(|(config, _)| config.access);
    let loaded = match (named, &files.callers) {
        (Some((config, _)), _) => config,
        (None, Some(path)) => return Ok((path.clone(), None)),
        (None, None) => {
            let overrides = Overrides { access: Some(Mode::Keys), ..Overrides::default() };
            Config::load(&config, &overrides, &environment)?.0
        }
    };
    let path = files.callers.clone().unwrap_or_else(|| callers_path(&loaded, config.parent()));
    Ok((path, known))
}

fn read(path: &Path) -> Result<Option<String>, CommandEnd> {
    match std::fs::read_to_string(path).map_err(|e| unreadable(path, e)) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(because(path, &format!("it cannot be read: {e}"))),
    }
}

fn because(path: &Path, why: &str) -> CommandEnd {
    CommandEnd::Because(format!("{}: {why}", path.display()))
}

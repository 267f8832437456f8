//! `key`: makes, renews and removes the keys of callers, and lists who has one.

use super::args::{KeyArgs, KeyCommand, KeyFiles, KeyPermissions};
use super::callers_file::edit;
use super::output::{CommandEnd, print, say, tell};
use crate::access::{Key, Mode, Username};
use crate::callers::{CallerRow, Callers, NewCaller, add, remove, rotate};
use crate::config::{Config, Overrides};
use crate::diagnostics::file_access::{is_there, unreadable};
use crate::diagnostics::{Place, Problem};
use crate::loading::{callers_path, environment};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Makes, renews or removes a key, or lists the callers.
pub fn run(args: &KeyArgs) -> Result<(), CommandEnd> {
    match &args.command {
        KeyCommand::New { name, user, permissions, files } => new(name, user.as_deref(), permissions, files),
        KeyCommand::Rotate { name, files } => renew(name, files),
        KeyCommand::Remove { name, files } => take_back(name, files),
        KeyCommand::List { files } => list(files),
    }
}

/// Prints the key only when its row is on the disk; nothing else goes to stdout, so that it can be piped.
fn new(name: &str, user: Option<&str>, permissions: &KeyPermissions, files: &KeyFiles) -> Result<(), CommandEnd> {
    let user = user.map(Username::new).transpose()?;
    let (path, mode) = find(files)?;
    let key = Key::make()?;
    let KeyPermissions { routes, models, .. } = permissions;
    let (hash, limits) = (key.hash(), permissions.limits());
    let watch = permissions.watch;
    let caller = NewCaller { name, hash: &hash, user: user.as_ref(), routes, models, limits, watch };
    let there = edit(&path, |text| add(text, &caller)).map_err(|why| because(&path, &why))?;
    print(&format!("{}\n", key.reveal()))?;
    let did = if there { "added to" } else { "the first caller of the new file" };
    say(&format!("{name} is {did} {}. The key is not stored anywhere: pass it on now.", path.display()));
    say(match mode {
        Some(Mode::Keys) => "A running proxy accepts it within a second.",
        _ => "The proxy asks for keys when config.yaml has: access: keys",
    });
    Ok(())
}

/// Prints the new key, as [`new`] does.
fn renew(name: &str, files: &KeyFiles) -> Result<(), CommandEnd> {
    let (path, _) = find(files)?;
    let key = Key::make()?;
    change(&path, |text| rotate(text, name, &key.hash()))?;
    print(&format!("{}\n", key.reveal()))?;
    say(&format!(
        "{name} has this key in {}. It is not stored anywhere: pass it on now. A running proxy accepts it within a second, and \
         refuses the old one from then on.",
        path.display()
    ));
    Ok(())
}

fn take_back(name: &str, files: &KeyFiles) -> Result<(), CommandEnd> {
    let (path, _) = find(files)?;
    change(&path, |text| remove(text, name))?;
    say(&format!(
        "{name} is removed from {}. A running proxy refuses the key within a second; a reply that has begun goes on.",
        path.display()
    ));
    Ok(())
}

/// Changes a file that has to be there.
fn change(path: &Path, change: impl Fn(&str) -> Result<String, String>) -> Result<(), CommandEnd> {
    let there = |text: Option<&str>| change(text.ok_or_else(|| NO_FILE.to_owned())?);
    edit(path, there).map(drop).map_err(|why| because(path, &why))
}

const NO_FILE: &str = "there is no such file yet; make a key: argo-openai-proxy key new NAME";

fn list(files: &KeyFiles) -> Result<(), CommandEnd> {
    let (path, _) = find(files)?;
    let text = read(&path)?.ok_or_else(|| because(&path, NO_FILE))?;
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
    for (name, limit) in row.limits.named() {
        line.extend(limit.map(|limit| format!("  {name}: {limit}")));
    }
    line.push_str(if row.watch { "  watch: true" } else { "" });
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

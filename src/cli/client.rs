//! `client`: settings for a program, printed or put into the program's own file.

use super::args::ClientArgs;
use super::client_file::ClientFile;
use super::client_offer::{self, NeededKey};
use super::client_proxy;
use super::list;
use super::output::{CommandEnd, print, say};
use crate::client_settings::{ClientOffer, ClientProgram, PROGRAMS, SettingsPart, find};
use crate::config::Overrides;
use crate::diagnostics::file_access::is_there;
use crate::loading::{self, Loaded, environment};
use serde_json::json;

/// Prints or writes the settings of a program, or lists the programs.
pub fn run(args: &ClientArgs) -> Result<(), CommandEnd> {
    let Some(name) = &args.name else { return all(args.json) };
    let program = named(name)?;
    let (offer, placeholder) = offer(args, program)?;
    warn_of_proxy(&offer);
    if args.write {
        if let Some(source) = placeholder {
            return Err(CommandEnd::Because(format!("{source}; give it with: --key @FILE")));
        }
        return write(args, program, &offer);
    }
    if args.json {
        let file = |part: &SettingsPart| {
            part.file.as_ref().map(|file| ClientFile::path_of(file, &environment).display().to_string())
        };
        let parts = program.parts.iter().map(|part| {
            json!({"about": part.about, "language": part.language.name(), "file": file(part), "text": part.text(&offer)})
        });
        return print(&format!("{:#}\n", serde_json::Value::Array(parts.collect())));
    }
    print(&text(program, &offer))?;
    if let Some(source) = placeholder {
        say(&format!("note: {source}: put it in place of {}", offer.key.as_deref().unwrap_or_default()));
    }
    Ok(())
}

/// Returns the row of a program.
///
/// # Errors
/// There is none, with the names that there are.
pub fn named(name: &str) -> Result<&'static ClientProgram, CommandEnd> {
    find(name).ok_or_else(|| {
        let names: Vec<&str> = PROGRAMS.iter().map(|row| row.name).collect();
        let near = names.iter().find(|known| strsim::jaro_winkler(known, name) > 0.8);
        let hint = near.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default();
        CommandEnd::Because(format!(
            "there are no settings for '{name}'{hint} (there are some for: {})",
            names.join(", ")
        ))
    })
}

/// Returns what to tell the program, and where its key comes from if only the user has it.
fn offer(args: &ClientArgs, program: &ClientProgram) -> Result<(ClientOffer, Option<&'static str>), CommandEnd> {
    let files = args.files.all();
    let paths = files.paths(&environment);
    let is_configured = is_there(&paths.config).map_err(|problem| vec![problem])?;
    let loaded: Loaded = loading::load_or_defaults(&paths, &Overrides::default())?;
    let running = client_offer::running(&paths.config, Some(&loaded)).filter(|_| is_configured);
    let address = match (&args.url, running) {
        (Some(url), _) => client_offer::given(url)?,
        (None, Some(addresses)) => client_offer::address_of(&addresses)?,
        (None, None) => client_offer::configured(&loaded.config)?,
    };
    let (key, placeholder) = match NeededKey::of(args.key.read()?, &loaded.config) {
        NeededKey::Known(key) => (key, None),
        NeededKey::Unknown(word, source) => (Some(word.to_owned()), Some(source)),
    };
    Ok((loaded.table.offer(program, &address, key, &args.model, &|_| true)?, placeholder))
}

/// Tells of a proxy in the environment that would get the program's calls.
fn warn_of_proxy(offer: &ClientOffer) {
    let (scheme, place) = offer.root.split_once("://").unwrap_or_default();
    let address = place.split('/').next().and_then(|place| place.parse::<std::net::SocketAddr>().ok());
    let warning = address.and_then(|address| client_proxy::warning(scheme, address.ip(), &environment));
    if let Some(warning) = warning {
        say(&format!("note: {warning}"));
    }
}

/// Returns the settings for people.
fn text(program: &ClientProgram, offer: &ClientOffer) -> String {
    let mut text = format!("{}: {}\n", program.title, program.about);
    for part in program.parts {
        let place = part.file.as_ref().map(|file| ClientFile::shown(&ClientFile::path_of(file, &environment)));
        text.push_str(&format!("\n{}{}:\n\n", part.about, place.map(|place| format!(" {place}")).unwrap_or_default()));
        text.push_str(&part.text(offer));
    }
    text
}

fn all(json: bool) -> Result<(), CommandEnd> {
    let rows = PROGRAMS.iter().map(|row| {
        let runs = row.launch.as_ref().map(|launch| format!("run {}", launch.program));
        let file = row.parts.iter().find_map(|part| part.file.as_ref());
        let file = file.map(|file| ClientFile::shown(&ClientFile::path_of(file, &environment)));
        json!({"name": row.name, "title": row.title, "about": row.about, "file": file, "runs": runs})
    });
    list::show(json, rows.collect(), &["name", "title", "file", "runs", "about"])
}

/// Puts the settings into the program's files, and prints those that no file has.
fn write(args: &ClientArgs, program: &ClientProgram, offer: &ClientOffer) -> Result<(), CommandEnd> {
    let parts = || program.parts.iter().filter_map(|part| Some((part, part.file.as_ref()?)));
    if parts().next().is_none() {
        return Err(CommandEnd::Because(format!(
            "{} has no file of settings; copy what this prints: argo-openai-proxy client {}",
            program.title, program.name
        )));
    }
    for (part, file) in parts() {
        let settings = part.text(offer);
        ClientFile::read(file, &environment)?.set(part.language, &settings, file.keeps, args.yes)?;
    }
    for part in program.parts.iter().filter(|part| part.file.is_none()) {
        print(&format!("\n{}:\n\n{}", part.about, part.text(offer)))?;
    }
    Ok(())
}

//! `clients.json`: settings for programs, of the same registry as the command `client`.

use super::view::View;
use crate::client_settings::{ClientProgram, PROGRAMS, SettingsFile, SettingsPart};
use serde::Serialize;

/// What stands for the caller's key.
const KEY: &str = "YOUR_KEY";

/// All programs.
#[derive(Serialize)]
pub struct Programs {
    programs: Vec<Program>,
}

#[derive(Serialize)]
struct Program {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    /// The command that starts it with its settings.
    run: Option<String>,
    parts: Vec<ProgramPart>,
}

#[derive(Serialize)]
struct ProgramPart {
    about: &'static str,
    /// The program's own file, if the text belongs into one.
    #[serde(rename = "where")]
    place: Option<String>,
    language: &'static str,
    text: String,
}

/// Returns the settings of every program that the table serves, for the model that the query names.
pub fn programs(view: &View<'_>) -> Programs {
    let model: Vec<String> = view.request.call.query.get("model").map(|model| model.into_owned()).into_iter().collect();
    Programs { programs: PROGRAMS.iter().filter_map(|program| Program::new(program, view, &model)).collect() }
}

impl Program {
    /// Returns the settings of a program; `None` where the table serves nothing for it, or not this model.
    fn new(program: &ClientProgram, view: &View<'_>, model: &[String]) -> Option<Self> {
        let key = view.needs_key().then(|| KEY.to_owned());
        let may_use = |model: &_| view.may_use(model);
        let offer = view.live().table.offer(program, &view.request.address, key, model, &may_use).ok()?;
        let part = |part: &SettingsPart| ProgramPart {
            about: part.about,
            place: part.file.as_ref().and_then(shown),
            language: part.language.name(),
            text: part.text(&offer),
        };
        Some(Program {
            name: program.name,
            title: program.title,
            about: program.about,
            run: program.launch.as_ref().map(|_| format!("{} run {}", env!("CARGO_PKG_NAME"), program.name)),
            parts: program.parts.iter().map(part).collect(),
        })
    }
}

/// Returns where a program's file usually is.
fn shown(file: &SettingsFile) -> Option<String> {
    let (variable, path) = file.places.last()?;
    Some(if *variable == "HOME" { format!("~/{path}") } else { format!("${variable}/{path}") })
}

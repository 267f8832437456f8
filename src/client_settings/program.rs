//! A row of the registry: a program, what it speaks, its settings, and how to start it.

use super::{ClientOffer, Language, template};
use crate::models::Family;

/// A program that people use models with.
pub struct ClientProgram {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// What it speaks: the route that the table must have for it.
    pub speaks: SpokenApi,
    /// The vendor whose models it is made for. `None`: the group's default model is a good start.
    pub prefers: Option<Family>,
    /// Its settings, in the order in which people follow them.
    pub parts: &'static [SettingsPart],
    /// How to start it without touching its files; `None` where that is not possible.
    pub launch: Option<Launch>,
}

/// What OpenAI's base URLs end with: the version of the API.
pub const VERSION: &str = "/v1";

/// What a program speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpokenApi {
    /// OpenAI's chat completions, below a base URL.
    Chat,
    /// OpenAI's Responses, below a base URL.
    Responses,
    /// Anthropic's messages, below the root.
    Messages,
    /// Google's `generateContent`, below the root.
    Gemini,
}

impl SpokenApi {
    /// Returns how the transformers that serve it are called in a table: the beginning of their names.
    pub fn transformer(self) -> &'static str {
        match self {
            SpokenApi::Chat => "openai_chat_completions",
            SpokenApi::Responses => "openai_responses",
            SpokenApi::Messages => "anthropic_messages",
            SpokenApi::Gemini => "gemini_generate",
        }
    }

    /// Returns what a program appends to its base URL. A route whose path lacks it is no route for the program.
    pub fn suffix(self) -> &'static [&'static str] {
        match self {
            SpokenApi::Chat => &["/chat/completions"],
            SpokenApi::Responses => &["/responses"],
            SpokenApi::Messages => &["/messages", VERSION],
            SpokenApi::Gemini => &[],
        }
    }
}

/// A text of a program's settings.
pub struct SettingsPart {
    /// What to do with it, in one line.
    pub about: &'static str,
    /// What it is written in.
    pub language: Language,
    /// The text, with places for values, which `template.rs` lists.
    pub template: &'static str,
    /// The program's own file that it belongs into.
    pub file: Option<SettingsFile>,
}

impl SettingsPart {
    /// Returns the text for an instance.
    pub fn text(&self, offer: &ClientOffer) -> String {
        template::fill(self.template, self.language, offer)
    }
}

/// A file that a program reads its settings from.
pub struct SettingsFile {
    /// Where it is: a variable of the environment that names a folder, and the path from there. The first one that is set counts.
    pub places: &'static [(&'static str, &'static str)],
    /// Keys that are left as they are where the file has them.
    pub keeps: &'static [&'static str],
}

/// A folder that a program takes for its own, with a file of settings.
pub struct LaunchFolder {
    /// The variable that names the folder.
    pub variable: &'static str,
    /// The file's path from there.
    pub file: &'static str,
    /// The file's text, in JSON.
    pub template: &'static str,
}

/// How a program is started with settings of its environment alone.
pub struct Launch {
    /// The executable, as people call it.
    pub program: &'static str,
    /// How to install it.
    pub install: &'static str,
    /// What it gets before the user's arguments.
    pub args: &'static [(Language, &'static str)],
    /// Its variables.
    pub env: &'static [(&'static str, Language, &'static str)],
    /// Variables of the user's that would lead it elsewhere.
    pub unset: &'static [&'static str],
    /// A folder in place of the user's, where a variable of the environment is not enough.
    pub folder: Option<LaunchFolder>,
}

impl Launch {
    /// Returns what it gets before the user's arguments, for an instance.
    pub fn args(&self, offer: &ClientOffer) -> Vec<String> {
        let filled = |(language, text): &(Language, &str)| template::fill(text, *language, offer);
        // A line of a template may be left out.
        self.args.iter().map(filled).filter(|text| !text.is_empty()).collect()
    }

    /// Returns its variables for an instance.
    pub fn variables(&self, offer: &ClientOffer) -> Vec<(&'static str, String)> {
        self.env.iter().map(|(name, language, text)| (*name, template::fill(text, *language, offer))).collect()
    }
}

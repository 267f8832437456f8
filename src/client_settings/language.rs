//! The formats that settings are written in.

/// What a text is written in: how values are quoted in it, and how it is merged with what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Python,
    JavaScript,
    Shell,
    Lisp,
    Json,
    Yaml,
    Toml,
    /// `NAME=value`, a line each.
    Env,
    /// Words for people.
    Text,
}

impl Language {
    /// Returns its name after the fence of a Markdown block.
    pub fn name(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::JavaScript => "js",
            Language::Shell => "bash",
            Language::Lisp => "elisp",
            Language::Json => "json",
            Language::Yaml => "yaml",
            Language::Toml => "toml",
            Language::Env => "env",
            Language::Text => "text",
        }
    }
}

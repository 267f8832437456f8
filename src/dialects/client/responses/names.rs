//! The names of tools: as the client knows them, in namespaces and of several kinds, and as the model is told them.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The longest name that every vendor takes.
const LONGEST: usize = 64;
/// How many characters of a name stay where it is too long; the rest is a hash.
const KEPT: usize = LONGEST - 17;
/// The namespace whose tools have names of their own.
const PLAIN: &str = "functions";

/// What kind of item a call of a tool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolKind {
    /// `function_call`, whose arguments are JSON.
    Function,
    /// `custom_tool_call`, whose input is a text.
    Custom,
    /// `tool_search_call`.
    Search,
}

/// A tool by its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTool {
    /// The name that the model is told.
    pub flat: String,
    /// What a call of it is.
    pub kind: ToolKind,
    /// The client's namespace.
    pub namespace: Option<String>,
    /// The client's name.
    pub name: String,
}

/// The tools of one request by their names.
#[derive(Debug, Default)]
pub struct ToolNames(Vec<NamedTool>);

impl ToolNames {
    /// Adds a tool. Returns the name that the model is told; `None` if the tool is there already.
    pub fn add(&mut self, namespace: Option<&str>, name: &str, kind: ToolKind) -> Option<String> {
        if self.0.iter().any(|tool| tool.is(namespace, name)) {
            return None;
        }
        let mut flat = flat(namespace, name);
        if self.find(&flat).is_some() {
            flat = Cow::Owned(hashed(&flat, namespace, name));
        }
        let flat = flat.into_owned();
        let namespace = namespace.map(str::to_owned);
        self.0.push(NamedTool { flat: flat.clone(), kind, namespace, name: name.to_owned() });
        Some(flat)
    }

    /// Returns the tool that the model calls by this name.
    pub fn find(&self, flat: &str) -> Option<&NamedTool> {
        self.0.iter().find(|tool| tool.flat == flat)
    }

    /// Returns the name that the model is told for a tool that the client calls so, offered or not.
    pub fn told<'a>(&self, namespace: Option<&str>, name: &'a str) -> Cow<'a, str> {
        let known = self.0.iter().find(|tool| tool.is(namespace, name));
        known.map_or_else(|| flat(namespace, name), |tool| Cow::Owned(tool.flat.clone()))
    }
}

impl NamedTool {
    fn is(&self, namespace: Option<&str>, name: &str) -> bool {
        self.name == name && self.namespace.as_deref() == namespace
    }
}

/// Returns the name that the model is told: one of letters, digits, `_` and `-` that is short enough, the same for the same tool in every turn.
pub fn flat<'a>(namespace: Option<&str>, name: &'a str) -> Cow<'a, str> {
    let full = match namespace.filter(|namespace| !matches!(*namespace, "" | PLAIN)) {
        Some(namespace) => Cow::Owned(format!("{namespace}__{name}")),
        None => Cow::Borrowed(name),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if full.len() <= LONGEST && full.chars().all(fits) {
        return full;
    }
    Cow::Owned(hashed(&full, namespace, name))
}

/// Returns the beginning of a name with a hash of the whole.
fn hashed(full: &str, namespace: Option<&str>, name: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (namespace, name).hash(&mut hasher);
    let fit = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let beginning: String = full.chars().map(fit).take(KEPT).collect();
    format!("{beginning}_{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_keeps_its_name_and_a_namespace_goes_before_it() {
        let mut names = ToolNames::default();
        let mut add = |namespace, name| names.add(namespace, name, ToolKind::Function);
        assert_eq!(add(None, "get_weather").as_deref(), Some("get_weather"));
        assert_eq!(add(Some("functions"), "exec").as_deref(), Some("exec"));
        assert_eq!(add(Some("mcp__files"), "read").as_deref(), Some("mcp__files__read"));
        assert_eq!(add(Some("mcp__files"), "read"), None);
        let found = names.find("mcp__files__read").unwrap();
        assert_eq!((found.namespace.as_deref(), found.name.as_str()), (Some("mcp__files"), "read"));
        assert_eq!(names.find("read"), None);
        assert_eq!(names.told(Some("mcp__files"), "read"), "mcp__files__read");
        assert_eq!(names.told(Some("gone"), "read"), "gone__read");
    }

    #[test]
    fn names_that_vendors_refuse_are_made_to_fit_and_stay_apart() {
        let mut names = ToolNames::default();
        let long = "n".repeat(70);
        for (namespace, name) in
            [(None, long.as_str()), (Some("a"), &long), (None, "a.b"), (None, "a:b"), (None, "a__b"), (Some("a"), "b")]
        {
            let flat = names.add(namespace, name, ToolKind::Function).unwrap();
            assert!(
                flat.len() <= LONGEST && flat.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)),
                "{flat}"
            );
            assert_eq!(names.told(namespace, name), flat);
            let found = names.find(&flat).unwrap();
            assert_eq!((found.namespace.as_deref(), found.name.as_str()), (namespace, name));
        }
    }
}

//! Takes over a configuration of argo-proxy: the keys that have the same meaning here, what replaces others, and a note on each that
//! is left out.

use crate::config::{Host, KEYS, SAMPLE, foreign};
use crate::yaml::node::parse;
use crate::yaml::{Node, quote};

/// What a configuration of argo-proxy is here.
pub struct Imported {
    /// The settings: key and value as YAML, in the order of the file.
    pub settings: Vec<(String, String)>,
    /// What became of the other keys, a line for each.
    pub notes: Vec<String>,
}

/// Returns what a configuration of argo-proxy is here.
///
/// # Errors
/// It is not YAML, or no settings.
pub fn import(text: &str) -> Result<Imported, String> {
    let root = parse(text).map_err(|fault| fault.message)?;
    let Node::Map(entries) = &root else { return Err("it has no settings, one `key: value` per line".to_owned()) };
    let mut imported = Imported { settings: Vec::new(), notes: Vec::new() };
    for (key, value) in entries {
        if let Node::Text(name) = key {
            imported.take(name, value);
        }
    }
    imported.open_to_others();
    imported.native(entries);
    Ok(imported)
}

impl Imported {
    /// Returns the text of the new file.
    pub fn text(&self, from: &str) -> String {
        let schema = SAMPLE.lines().next().unwrap_or_default();
        let mut text = format!(
            "{schema}\n# Taken over from {from}. A key that is not here has its default: argo-openai-proxy check --print shows all.\n\n"
        );
        self.settings.iter().for_each(|(key, value)| text.push_str(&format!("{key}: {value}\n")));
        text
    }

    /// Sets a key, or puts another value in its place.
    pub fn set(&mut self, key: &str, value: String) {
        match self.settings.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => self.settings.push((key.to_owned(), value)),
        }
    }

    /// Returns the value of a key, as YAML.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.settings.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    fn take(&mut self, name: &str, value: &Node) {
        let scalar = match value {
            Node::Text(text) | Node::Substituted(text) => Some(quote(text)),
            Node::Int(number) => Some(number.to_string()),
            Node::Float(number) => Some(number.to_string()),
            Node::Bool(is) => Some(is.to_string()),
            Node::Null | Node::List(_) | Node::Map(_) => None,
        };
        let is_ours = KEYS.iter().any(|key| key.name == name);
        match (is_ours, scalar) {
            (true, Some(scalar)) => self.set(name, scalar),
            (true, None) => self.notes.push(format!("{name}: left out, because its value is no single one")),
            (false, _) if name == "username_passthrough" && *value == Node::Bool(true) => {
                self.set("access", "passthrough".to_owned());
                self.notes.push(format!("{name}: access: passthrough"));
            }
            (false, _) => self.notes.push(match foreign(name, value) {
                Some(known) => format!("{name}: {}", known.help),
                None => format!("{name}: left out, because nothing here has this name"),
            }),
        }
    }

    /// Keeps the proxy on this machine, unless the file says who may use it: there, everybody who reaches it uses ARGO in the user's name.
    fn open_to_others(&mut self) {
        let is_open = |host: &str| Host::parse(host.trim_matches('"')).is_ok_and(|host| !host.is_loopback());
        if self.value("access").is_none() && self.value("host").is_some_and(is_open) {
            let host = self.value("host").unwrap_or_default().to_owned();
            self.set("host", "127.0.0.1".to_owned());
            self.notes.push(format!(
                "host: 127.0.0.1 in place of {host}, which lets everybody who reaches it use ARGO in your name; choose `access` \
                 (docs/access.md), then set it back"
            ));
        }
    }

    /// Calls native endpoints where argo-proxy 2 was told to.
    fn native(&mut self, entries: &[(Node, Node)]) {
        let value =
            |key: &str| entries.iter().find(|(name, _)| *name == Node::Text(key.to_owned())).map(|(_, value)| value);
        let is_on = |key| value(key) == Some(&Node::Bool(true));
        let text = |key| if let Some(Node::Text(text)) = value(key) { Some(text.trim_end_matches('/')) } else { None };
        let base = text("native_anthropic_base_url")
            .or(text("native_openai_base_url").and_then(|url| url.strip_suffix("/v1")));
        if let (true, Some(base)) = (is_on("use_native_openai") || is_on("use_native_anthropic"), base) {
            self.set("argo_base_url", quote(base));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(imported: &Imported) -> Vec<String> {
        imported.settings.iter().map(|(key, value)| format!("{key}: {value}")).collect()
    }

    #[test]
    fn what_decides_is_taken_over_and_the_rest_is_told() {
        let found = import(
            "user: a\nusername_passthrough: true\nhost: 0.0.0.0\nresolve_overrides: {\"h:443\": \"::1\"}\nzz: 1\n",
        );
        let found = found.unwrap();
        assert_eq!(lines(&found), ["user: \"a\"", "access: passthrough", "host: \"0.0.0.0\""]);
        assert_eq!(
            found.notes,
            [
                "username_passthrough: access: passthrough",
                "resolve_overrides: set `connect_to: [::1]:443` at the upstreams of routes.yaml (docs/routes.md#upstreams)",
                "zz: left out, because nothing here has this name",
            ]
        );
    }

    #[test]
    fn nobody_else_gets_in_by_the_way() {
        let found = import("host: 0.0.0.0\n").unwrap();
        assert_eq!(lines(&found), ["host: 127.0.0.1"]);
        assert!(found.notes[0].contains("choose `access`"), "{:?}", found.notes);
        assert_eq!(lines(&import("host: localhost\n").unwrap()), ["host: \"localhost\""]);
    }

    #[test]
    fn native_endpoints_stay_on_where_they_were() {
        let base = "native_openai_base_url: https://h/argoapi/v1/\n";
        assert!(import(&format!("{base}use_native_openai: false\n")).unwrap().settings.is_empty());
        let on = import(&format!("{base}use_native_openai: true\n")).unwrap();
        assert_eq!(lines(&on), ["argo_base_url: \"https://h/argoapi\""]);
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        assert!(import("- a\n").is_err() && import("a: [\n").is_err() && import("").is_err());
    }
}

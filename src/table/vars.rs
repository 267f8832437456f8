//! `${key}` in a table: a key of `config.yaml`, or a variable of the environment.

/// Where values come from.
pub struct Variables<'a> {
    /// The keys of `config.yaml`; they go before the environment.
    pub config: &'a dyn Fn(&str) -> Option<String>,
    /// The environment.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

/// A text with its variables put in.
#[derive(Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The text.
    pub text: String,
    /// The first variable in it: the setting that a message about the text should name.
    pub from: Option<String>,
}

impl Variables<'_> {
    /// Puts in every `${name}` and `${name:-default}`; `$${` stands for a literal `${`.
    ///
    /// # Errors
    /// The name of a variable that has no value, or what is wrong with the text.
    pub fn expand(&self, text: &str) -> Result<Expanded, String> {
        let mut out = String::with_capacity(text.len());
        let mut from = None;
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, opened) = rest.split_at(at);
            let inside = opened.get(2..).unwrap_or_default();
            if let Some(literal) = before.strip_suffix('$') {
                out.push_str(literal);
                out.push_str("${");
                rest = inside;
                continue;
            }
            out.push_str(before);
            let (name, after) =
                inside.split_once('}').ok_or_else(|| format!("'{text}' opens a ${{ that it does not close"))?;
            let (name, default) = match name.split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (name, None),
            };
            let value = (self.config)(name).or_else(|| (self.environment)(name)).or(default.map(str::to_owned));
            let value = value
                .ok_or_else(|| format!("${{{name}}} is neither a key of config.yaml nor set in the environment"))?;
            out.push_str(&value);
            from.get_or_insert_with(|| name.to_owned());
            rest = after;
        }
        out.push_str(rest);
        Ok(Expanded { text: out, from })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Result<Expanded, String> {
        let variables = Variables {
            config: &|name| (name == "url").then(|| "http://a/".to_owned()),
            environment: &|name| (name == "HOME").then(|| "/home/x".to_owned()),
        };
        variables.expand(text)
    }

    #[test]
    fn values_come_from_the_config_then_the_environment_then_the_default() {
        for (text, value, from) in [
            ("${url}", "http://a/", Some("url")),
            ("a${HOME}b${url}", "a/home/xbhttp://a/", Some("HOME")),
            ("${NONE:-x}y", "xy", Some("NONE")),
            ("$${url}", "${url}", None),
            ("plain $ {}", "plain $ {}", None),
        ] {
            assert_eq!(expand(text), Ok(Expanded { text: value.into(), from: from.map(Into::into) }), "{text}");
        }
        assert!(expand("${NONE}").unwrap_err().contains("${NONE}"));
        assert!(expand("${url").unwrap_err().contains("does not close"));
    }
}

//! Which usernames ARGO accepts. The name is the credential, so a wrong one is refused before it is sent.

use std::fmt;

/// The placeholder for a username in `config.sample.yaml`.
pub const PLACEHOLDER: &str = "your_username";

/// A username that [`check_username`] accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// # Errors
    /// What is wrong with the name, for the person who typed it.
    pub fn new(name: impl Into<String>) -> Result<Self, String> {
        let name = name.into();
        check_username(&name)?;
        Ok(Username(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses what ARGO refuses. ARGO accepts a bare domain or collaborator username (`jdoe`, `ac.jdoe`) or a service
/// account. It refuses e-mail addresses, quotes, special characters, and the account `cels`, the default of early
/// proxies.
///
/// # Errors
/// What is wrong with the name, for the person who typed it.
pub fn check_username(name: &str) -> Result<(), String> {
    const BARE: &str = "use your bare Argonne username, such as jdoe or ac.jdoe";
    if name.trim().is_empty() {
        return Err(format!("the username is empty: {BARE}"));
    }
    if name == PLACEHOLDER {
        return Err(format!("{PLACEHOLDER} is the placeholder of the sample: {BARE}"));
    }
    if name.contains('@') {
        return Err(format!("{name:?} looks like an e-mail address: {BARE}"));
    }
    if name.contains(char::is_whitespace) {
        return Err(format!("{name:?} contains a space: {BARE}"));
    }
    if name.contains(['"', '\'', '`', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}']) {
        return Err(format!("{name} contains quotes: leave them out"));
    }
    if let Some(c) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_')) {
        return Err(format!("{name:?} contains {c:?}: {BARE}"));
    }
    if name.eq_ignore_ascii_case("cels") {
        return Err(format!("ARGO no longer takes the shared account {name}: {BARE}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_names_pass() {
        for name in ["jdoe", "ac.jdoe", "svc-argo_1", "JDoe", "null", "1234", "celso"] {
            assert_eq!(check_username(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_argo_refuses_is_refused_with_the_reason() {
        for (name, reason) in [
            ("", "empty"),
            ("  ", "empty"),
            ("your_username", "placeholder"),
            ("jdoe@anl.gov", "e-mail"),
            ("jane doe", "space"),
            ("jdoe ", "space"),
            ("\"jdoe\"", "quotes"),
            ("o'neil", "quotes"),
            ("anl\\jdoe", "contains '\\\\'"),
            ("jdoe\u{0}", "contains"),
            ("jdöe", "contains 'ö'"),
            ("cels", "shared account"),
            ("CELS", "shared account"),
        ] {
            let message = check_username(name).unwrap_err();
            assert!(message.contains(reason), "{name}: {message}");
            assert!(Username::new(name).is_err());
        }
    }
}

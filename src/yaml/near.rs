//! "Did you mean": finds the known name that is nearest to an unknown one.

/// The minimum similarity of a suggestion (Jaro–Winkler, 0–1).
const NEAR: f64 = 0.8;
/// The maximum of known names to list when none is near.
const LISTED: usize = 24;

/// Returns the known name that was probably meant. Another spelling (`argo-url`, `argoUrl`) counts as near.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |key: &str| key.to_lowercase().replace(['_', '-', ' ', '.'], "");
    let name = plain(name);
    let mut best: Option<(f64, &str)> = None;
    for key in known {
        let likeness = strsim::jaro_winkler(&name, &plain(key));
        if likeness > NEAR && best.is_none_or(|(other, _)| likeness > other) {
            best = Some((likeness, key));
        }
    }
    best.map(|(_, key)| key)
}

/// Returns the remedy for an unknown name. `what` is the plural noun for the known names.
pub fn did_you_mean<'k>(name: &str, what: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return format!("did you mean '{near}'?");
    }
    let shown: Vec<&str> = known.clone().take(LISTED).collect();
    let more = known.count().saturating_sub(LISTED);
    match (shown.is_empty(), more) {
        (true, _) => format!("there are no {what} yet"),
        (false, 0) => format!("known {what}: {}", shown.join(", ")),
        (false, more) => format!("known {what}: {} and {more} more", shown.join(", ")),
    }
}

/// Returns the value of `name` among `known`.
///
/// # Errors
/// The remedy, as [`did_you_mean`] gives it.
pub fn lookup<'a, T>(name: &str, what: &str, known: impl Iterator<Item = (&'a str, T)> + Clone) -> Result<T, String> {
    match known.clone().find(|(candidate, _)| *candidate == name) {
        Some((_, value)) => Ok(value),
        None => Err(did_you_mean(name, what, known.map(|(candidate, _)| candidate))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_near_and_other_words_are_not() {
        let known = ["argo_url", "port"];
        for (name, near) in [("argo-url", Some("argo_url")), ("prot", Some("port")), ("colour", None), ("", None)] {
            assert_eq!(nearest(name, known), near, "{name}");
        }
    }

    #[test]
    fn without_a_near_name_all_are_listed() {
        let known = ["a", "b"];
        assert_eq!(did_you_mean("zzz", "things", known.into_iter()), "known things: a, b");
        assert_eq!(did_you_mean("zzz", "things", std::iter::empty()), "there are no things yet");
        let many: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        assert!(did_you_mean("zzz", "things", many.iter().map(String::as_str)).ends_with("23 and 6 more"));
    }
}

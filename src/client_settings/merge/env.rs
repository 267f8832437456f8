//! `NAME=value`, a line each.

/// Returns the text with the variables set. A variable that is there keeps its line's place.
pub fn merged(old: &str, settings: &str) -> String {
    let mut lines: Vec<String> = old.lines().map(str::to_owned).collect();
    for line in settings.lines() {
        let Some((name, _)) = line.split_once('=') else { continue };
        let sets = |old: &String| {
            let old = old.trim_start();
            let old = old.strip_prefix("export ").unwrap_or(old);
            old.split_once('=').is_some_and(|(known, _)| known.trim() == name)
        };
        match lines.iter_mut().rfind(|old| sets(old)) {
            Some(old) => line.clone_into(old),
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

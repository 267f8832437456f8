//! Words that belong elsewhere: models are known to `routes.yaml` alone, ARGO to its own dialect, and macros that print to nobody.

use crate::Found;
use crate::house::House;
use crate::tokens::{Kind, Token};
use serde_yaml::Value;
use std::collections::BTreeSet;

/// Whose texts speak of upstreams in general.
const NEUTRAL: [&str; 10] =
    ["json", "wire", "chat", "tokens", "plan", "dialects", "transform", "exchange", "table", "proxy"];
const ARGOS_OWN: &str = "src/dialects/upstream/argo/";

/// The word ARGO in a string of a neutral floor.
pub fn argo(house: &House) -> Vec<Found> {
    let neutral = house.files.iter().filter(|file| {
        let floor = file.module.first().map_or("", String::as_str);
        NEUTRAL.contains(&floor) && !file.path.starts_with(ARGOS_OWN)
    });
    let texts = neutral.flat_map(|file| file.tokens.iter().map(move |token| (file, token)));
    let found = texts.filter(|(_, token)| token.kind == Kind::Text && words(&token.text).any(|word| word == "ARGO"));
    found.map(|(file, token)| Found::at(file, token.line, format!("{:?} names ARGO", token.text))).collect()
}

/// A name or an id of the table's models, in code, comments or documentation outside tests.
pub fn models(house: &House) -> Vec<Found> {
    let models = names(&house.routes);
    let mut found = Vec::new();
    for file in house.files.iter().filter(|file| !file.is_test) {
        // Tests stand at a file's end.
        let code = file.text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
        for (index, line) in code {
            if let Some(model) = words(line).find(|word| models.contains(*word)) {
                found.push(Found::at(file, index + 1, format!("names the model '{model}'")));
            }
        }
    }
    found
}

/// A macro that panics when its text cannot be written: a full disk or a closed terminal would end the process.
pub fn prints(house: &House) -> Vec<Found> {
    let mut found = Vec::new();
    for file in &house.files {
        found.extend(macros_that_print(&file.tokens).into_iter().map(|(line, what)| Found::at(file, line, what)));
    }
    found
}

/// Where these macros are, and which.
pub fn macros_that_print(tokens: &[Token]) -> Vec<(usize, String)> {
    const MACROS: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
    let calls = tokens.windows(2).filter(|two| two[1].is_mark("!"));
    let calls = calls.filter(|two| MACROS.iter().any(|name| two[0].is_word(name)));
    calls.map(|two| (two[0].line, format!("`{}!`", two[0].text))).collect()
}

/// What stands between characters that no name of a model has.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_'));
    parts.map(|word| word.trim_end_matches('.'))
}

/// All names, without their prefix, and all ids.
fn names(routes: &str) -> BTreeSet<String> {
    let routes: Value = serde_yaml::from_str(routes).unwrap();
    let groups = routes.get("models").and_then(Value::as_mapping).into_iter().flatten();
    let names = groups.filter_map(|(_, group)| group.get("names")?.as_mapping());
    let pairs = names.flatten().flat_map(|(name, id)| [name.as_str(), id.as_str()]);
    pairs.flatten().map(|name| name.rsplit(':').next().unwrap_or(name).to_owned()).collect()
}

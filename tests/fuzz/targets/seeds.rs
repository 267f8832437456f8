//! Seeds: what the golden cases and the other tests have, read where it lies.

use super::pipeline;
use std::fs;
use std::path::{Path, PathBuf};

/// Words that JSON bodies are made of.
pub const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "null",
    "true",
    "false",
    "{}",
    "[]",
    "\"\"",
    "\\",
    "\\\"",
    "\\\\",
    "\\u0061",
    "\\ud83d",
    "\\ude00",
    "\\ud83d\\ude00",
    "\\n",
    "\u{feff}",
    "é",
    "😀",
    "\u{2028}",
    "1e999",
    "-0.0",
    "1e-7",
    "0.1",
    "9007199254740993",
    "18446744073709551616",
    "\"a\":1,\"a\":2",
    "\"model\":",
    "\"messages\":",
    "\"role\":\"user\"",
    "\"content\":",
    "\"stream\":true",
    "\"user\":\"eve\"",
    "\"tools\":",
    "\"tool_calls\":",
    "\"n\":2",
    "\"prompt\":",
    "\"input\":",
    "\"timeout\":1.5",
    "\"argo:four\"",
    "\"argo:old\"",
    "\"argo:rules\"",
    "\"argo:opus\"",
    "\"system\"",
    "\"developer\"",
    "\"tool_call_id\":",
    "\"response_format\":",
    "\"max_tokens\":",
    "\"x\":{\"a\":[1,2.50,{}]},",
];

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// The files below a folder of `tests/` whose path fits, in order.
pub fn read(folder: &str, fits: impl Fn(&Path) -> bool) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    files(&pipeline::folder().parent().unwrap().join(folder), &mut paths);
    paths.sort();
    paths.iter().filter(|path| fits(path)).map(|path| fs::read(path).unwrap()).collect()
}

/// A file of the project.
pub fn file(name: &str) -> Vec<u8> {
    fs::read(pipeline::folder().ancestors().nth(2).unwrap().join(name)).unwrap()
}

/// The requests of a transformer's golden cases, or of all.
pub fn requests(transformer: &str) -> Vec<Vec<u8>> {
    read(&format!("golden/{transformer}"), |path| path.ends_with("request.json"))
}

/// The bodies of all upstream answers of a transformer's golden cases whose head fits.
pub fn answers(transformer: &str, fits: impl Fn(&str) -> bool) -> Vec<Vec<u8>> {
    let named = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("answer"));
    let answers = read(&format!("golden/{transformer}"), named);
    let parts = answers.iter().filter_map(|answer| {
        let end = answer.iter().position(|byte| *byte == b'\n')?;
        fits(std::str::from_utf8(&answer[..end]).ok()?).then(|| answer[end + 1..].to_vec())
    });
    parts.collect()
}

/// Each seed behind one of these knobs, in turn.
pub fn behind(knobs: impl IntoIterator<Item = u8, IntoIter: Clone>, seeds: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let knobs = knobs.into_iter().cycle();
    seeds.into_iter().zip(knobs).map(|(seed, knob)| [vec![knob], seed].concat()).collect()
}

/// Texts as seeds.
pub fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

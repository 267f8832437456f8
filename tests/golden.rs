//! Golden cases: for each transformer a folder, for each case a folder in it with
//!
//! - `request.json`: the client's body (`path` in its place: what follows the transformer's path),
//! - `upstream.json`: the body that goes upstream; `stream` in its name where it goes to the streaming endpoint,
//! - `answer`: a line with the upstream's status and content type, then its body; `answer.1` is for the second call,
//! - `reply`: a line with the client's status and content type, then its body.
//!
//! `GOLDEN=write cargo test --test golden` writes `upstream…` and `reply` anew; read the difference before you keep it.
//! With `GOLDEN_OF=argo_passthrough` only the cases of this transformer run.
//! Streamed answers are also cut at every byte, and into pieces of every size.

#[path = "support/pipeline.rs"]
mod pipeline;

use argo_openai_proxy::table::Table;
use argo_openai_proxy::transform::{REPLIES, TRANSFORMERS};
use bytes::Bytes;
use pipeline::{Run, folder, joined, run, table, whole};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Sealed texts differ each time. Only that they are there is compared.
fn without_secrets(made: &[u8]) -> Vec<u8> {
    const MARK: &str = "sealed.1.";
    let Ok(text) = std::str::from_utf8(made) else { return made.to_vec() };
    let mut parts = text.split(MARK);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_sealed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        out.push_str(MARK);
        out.push_str(part.trim_start_matches(is_sealed));
    }
    out.into_bytes()
}

fn writes() -> bool {
    std::env::var("GOLDEN").is_ok_and(|mode| mode == "write")
}

fn compare(path: &Path, made: &[u8]) {
    let made = without_secrets(made);
    if writes() {
        fs::write(path, made).unwrap();
        return;
    }
    let kept = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}; GOLDEN=write makes it", path.display()));
    assert_eq!(String::from_utf8_lossy(&kept), String::from_utf8_lossy(&made), "{}", path.display());
}

fn check(table: &Table, name: &str, case: &Path) {
    let request = fs::read(case.join("request.json")).map(Bytes::from).unwrap_or_default();
    let tail = fs::read_to_string(case.join("path")).unwrap_or_default();
    let path = format!("/{name}{}", tail.trim());
    let first = fs::read(case.join("answer")).unwrap_or_else(|_| b"500 none\n".to_vec());
    let further = (1..).map_while(|index| fs::read(case.join(format!("answer.{index}"))).ok());
    let answers: Vec<Vec<u8>> = std::iter::once(first).chain(further).collect();
    let one = run(table, &path, &request, &answers, whole);
    for (index, (stream, body)) in one.upstream.iter().enumerate() {
        let number = if index == 0 { String::new() } else { format!(".{index}") };
        let stream = if *stream { ".stream" } else { "" };
        compare(&case.join(format!("upstream{number}{stream}.json")), &[body.as_ref(), b"\n"].concat());
    }
    let mut reply = format!("{} {}\n", one.status.as_u16(), one.content_type).into_bytes();
    reply.extend_from_slice(&one.body);
    compare(&case.join("reply"), &reply);

    if writes() {
        return;
    }
    let answer = &answers[0];
    let body_at = answer.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let same = |other: Run, how: String| {
        assert_eq!((other.status, &other.content_type), (one.status, &one.content_type), "{}: {how}", case.display());
        if one.content_type.starts_with("text/event-stream") || one.body.starts_with(b"[") {
            let joined = |run: &Run| joined(&without_secrets(&run.body));
            assert_eq!(joined(&other), joined(&one), "{}: {how}", case.display());
        } else {
            assert_eq!(without_secrets(&other.body), without_secrets(&one.body), "{}: {how}", case.display());
        }
    };
    for at in 0..answer.len() - body_at {
        let cut = |body: &[u8]| {
            // Further answers may be shorter.
            let (before, after) = body.split_at(at.min(body.len()));
            vec![Bytes::copy_from_slice(before), Bytes::copy_from_slice(after)]
        };
        same(run(table, &path, &request, &answers, cut), format!("cut at {at}"));
    }
    for size in 1..=(answer.len() - body_at).min(40) {
        let cut = |body: &[u8]| body.chunks(size).map(Bytes::copy_from_slice).collect();
        same(run(table, &path, &request, &answers, cut), format!("pieces of {size}"));
    }
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> =
        fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).filter(|p| p.is_dir()).collect();
    list.sort();
    list
}

#[test]
fn every_transformer_has_cases_and_they_hold() {
    let table = table();
    let names: BTreeSet<&str> =
        TRANSFORMERS.iter().map(|entry| entry.name).chain(REPLIES.iter().map(|entry| entry.name)).collect();
    let mut seen = BTreeSet::new();
    for transformer in folders(&folder()) {
        let name = transformer.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(names.contains(name.as_str()), "{name} is no transformer");
        seen.insert(name.clone());
        if std::env::var("GOLDEN_OF").is_ok_and(|only| only != name) {
            continue;
        }
        let cases = folders(&transformer);
        assert!(!cases.is_empty(), "{name} has no case");
        for case in cases {
            check(&table, &name, &case);
        }
    }
    assert!(
        names.iter().all(|name| seen.contains(*name)),
        "{:?} have no cases",
        names.iter().filter(|n| !seen.contains(**n)).collect::<Vec<_>>()
    );
}

#[test]
fn every_transformer_has_a_heading_in_the_documentation() {
    let text = include_str!("../docs/transformers.md");
    let headings: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let names: BTreeSet<&str> =
        TRANSFORMERS.iter().map(|entry| entry.name).chain(REPLIES.iter().map(|entry| entry.name)).collect();
    assert_eq!(headings, names);
}

#[test]
fn settings_are_documented_in_the_words_that_check_them() {
    let text = include_str!("../docs/transformers.md");
    for entry in TRANSFORMERS {
        let section = text.split("\n## ").find(|section| section.lines().next() == Some(entry.name)).unwrap();
        for key in entry.keys {
            assert!(section.contains(&format!("- `{}`: {}", key.name, key.about)), "{}.{}", entry.name, key.name);
        }
    }
    let has_settings = TRANSFORMERS.iter().any(|entry| !entry.keys.is_empty());
    assert_ne!(has_settings, text.contains("None of the transformers below has settings."));
}

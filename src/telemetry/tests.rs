//! A record with every field set, for the tests of log lines and metrics.

use super::meters::{Meters, ModelLabel};
use super::now::{BreakerNow, Now};
use super::record::{Record, cut};
use super::stopwatch::{Spent, Stopwatch};
use super::{AccessLog, By, CalledUpstream, Ended, Metrics};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Returns a record with every field set. Some values would break a line if they were not escaped.
pub fn full() -> Record<'static> {
    Record {
        id: "req_1",
        caller: Some("bob\nINFO forged"),
        is_listed: true,
        method: "POST",
        path: "/v1/\u{2028}\u{85}x",
        route: Some("/v1/{x}"),
        asked: Some("evil\" model\n"),
        model: Some("argo:gpt-4o"),
        model_id: Some("gpt4o"),
        status: Some(504),
        upstream: Some(CalledUpstream {
            name: "argo_chat",
            host: "argo.test",
            port: 443,
            address: Some(([127, 0, 0, 1], 8080).into()),
            status: Some(200),
        }),
        stream: true,
        calls: 2,
        retries: 1,
        bytes_in: 10,
        bytes_out: 20,
        input_tokens: Some(3),
        output_tokens: Some(4),
        first_byte: Some(Duration::from_millis(5)),
        first_text: Some(Duration::from_micros(6500)),
        own: Duration::from_micros(250),
        total: Duration::from_millis(7),
        ended: Some(Ended {
            by: By::Upstream,
            kind: "timeout".into(),
            why: Some("it said\n\"no\"".to_owned()),
            failed: true,
        }),
        limit: Some("tokens"),
    }
}

#[test]
fn names_and_cuts() {
    assert_eq!(AccessLog::default().name(), "text");
    assert_eq!((cut("äöü", 2), cut("äö", 2), cut("", 2)), ("äö", "äö", ""));
    assert!(full().failed());
}

/// All metrics, each with its labels, as `/metrics` prints them once all of them have been counted.
fn printed() -> BTreeMap<String, Vec<String>> {
    let metrics = Arc::new(Metrics::new(true).unwrap());
    let mut watch = Stopwatch::start(Instant::now(), true);
    for _ in 0..2 {
        watch.lap(Spent::Own);
        watch.said();
    }
    let meters = Meters::new(metrics.clone(), [("/a", ["m"].into_iter())].into_iter());
    meters.count(Some(0), ModelLabel::Listed(0), &full(), &watch);
    let ended = full().ended.map(|ended| Ended { by: By::Us, ..ended });
    meters.count(Some(0), ModelLabel::None, &Record { calls: 0, ended, ..full() }, &watch);
    metrics.unconnected("x");
    metrics.retried("x");
    metrics.went_on("x");
    let breaker = BreakerNow { upstream: "x".to_owned(), url: "u".to_owned(), state: 0, opened: 0 };
    let text = metrics.text(&Now { breakers: vec![breaker], ..Now::default() }).unwrap();
    let text = String::from_utf8(text).unwrap();
    let mut all = BTreeMap::new();
    for (name, labels) in text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let sample = line.rsplit_once(' ').unwrap().0;
        sample.split_once('{').unwrap_or((sample, "}"))
    }) {
        let name = ["_bucket", "_sum", "_count"].into_iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let labels = labels.split("\"").step_by(2).filter_map(|part| part.trim_start_matches(',').strip_suffix('='));
        let mut labels: Vec<String> = labels.filter(|label| *label != "le").map(str::to_owned).collect();
        labels.sort();
        all.insert(name.to_owned(), labels);
    }
    all
}

#[test]
fn the_page_lists_each_metric_with_its_labels() {
    let page = include_str!("../../docs/observability.md");
    let rows =
        page.split("\n| Name | Labels | |\n").nth(1).unwrap().lines().skip(1).take_while(|line| line.starts_with('|'));
    let mut listed = BTreeMap::new();
    let mut by_caller = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let mut labels: Vec<String> =
            cells[2].split(", ").filter(|label| !label.is_empty()).map(str::to_owned).collect();
        labels.sort();
        for name in cells[1].split('`').skip(1).step_by(2) {
            listed.insert(name.to_owned(), labels.clone());
        }
        by_caller.extend(cells[1].contains("_caller_").then(|| cells[1].to_owned()));
    }
    assert_eq!(listed, printed());
    assert_eq!(by_caller.len(), 2);
}

/// The page is compared with what is counted above, so that all that is registered has to be counted there.
#[test]
fn no_metric_is_missing_above() {
    let sources = [include_str!("metrics.rs"), include_str!("now.rs")];
    let made = |source: &str| {
        ["counter(", "gauge(", "histogram("]
            .map(|call| source.matches(&format!("{call}\"")).count())
            .iter()
            .sum::<usize>()
            + source.matches("histogram(TIME_").count()
    };
    assert_eq!(printed().len(), sources.map(made).iter().sum::<usize>());
}

#[test]
fn the_page_explains_each_key_of_a_line() {
    let page = include_str!("../../docs/observability.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
    let has = |name: &str| rows.iter().any(|row| row.contains(&format!("`{name}`")));
    let line = super::json_line::line(&full(), jiff::Timestamp::UNIX_EPOCH);
    let object: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&line).unwrap();
    for key in object.keys() {
        assert!(has(key), "{key}");
    }
    let text = super::text_line::line(&full());
    let names: Vec<&str> = text.split(' ').filter_map(|word| Some(word.split_once('=')?.0)).collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        assert!(has(&format!("{name}=")), "{name}");
    }
}

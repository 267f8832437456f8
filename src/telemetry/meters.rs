//! The meters of one loaded table: handles for each row and each model on it, so that counting a request looks up no label.
//!
//! Handles are made at the first request, so that a scrape shows only what is used. The metrics behind them belong to the
//! process: the next table with the same names continues their counts.

use super::handles::{CallHandles, ModelHandles, RouteHandles};
use super::metrics::Metrics;
use super::record::Record;
use super::stopwatch::Stopwatch;
use http::StatusCode;
use std::sync::{Arc, OnceLock};

/// The label of rows and models that the table does not name.
const OTHER: &str = "other";

/// The model that a request is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelLabel {
    /// The request chose no model.
    None,
    /// A model that no list names.
    Other,
    /// A model of the list, by its number.
    Listed(usize),
}

/// The meters of one table.
pub struct Meters {
    metrics: Arc<Metrics>,
    rows: Box<[RowMeters]>,
    /// Requests that no row serves.
    nowhere: RowMeters,
}

struct RowMeters {
    path: String,
    own: OnceLock<RouteHandles>,
    none: MeterSlot,
    other: MeterSlot,
    listed: Box<[MeterSlot]>,
}

struct MeterSlot {
    model: String,
    requests: OnceLock<ModelHandles>,
    calls: OnceLock<CallHandles>,
}

impl MeterSlot {
    fn new(model: &str) -> Self {
        MeterSlot { model: model.to_owned(), requests: OnceLock::new(), calls: OnceLock::new() }
    }
}

impl RowMeters {
    fn new<'a>(path: &str, models: impl Iterator<Item = &'a str>) -> Self {
        let listed = models.map(MeterSlot::new).collect();
        RowMeters {
            path: path.to_owned(),
            own: OnceLock::new(),
            none: MeterSlot::new(""),
            other: MeterSlot::new(OTHER),
            listed,
        }
    }

    fn place(&self, model: ModelLabel) -> &MeterSlot {
        match model {
            ModelLabel::None => &self.none,
            ModelLabel::Other => &self.other,
            ModelLabel::Listed(number) => self.listed.get(number).unwrap_or(&self.other),
        }
    }
}

impl Meters {
    /// Makes the meters of these rows, each with its path and the names of its models in the order of their numbers.
    pub fn new<'a, M: Iterator<Item = &'a str>>(
        metrics: Arc<Metrics>,
        rows: impl Iterator<Item = (&'a str, M)>,
    ) -> Self {
        let rows = rows.map(|(path, models)| RowMeters::new(path, models)).collect();
        Meters { metrics, rows, nowhere: RowMeters::new(OTHER, std::iter::empty()) }
    }

    /// Returns the metrics of the process.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Counts a finished request, on the row with this number.
    pub fn count(&self, row: Option<usize>, model: ModelLabel, record: &Record<'_>, watch: &Stopwatch) {
        let metrics = &*self.metrics;
        let row = row.and_then(|row| self.rows.get(row)).unwrap_or(&self.nowhere);
        let place = row.place(model);
        row.own.get_or_init(|| RouteHandles::new(metrics, &row.path)).count(record);
        let requests = place.requests.get_or_init(|| ModelHandles::new(metrics, &row.path, &place.model));
        // Handles of every status would be many and mostly unused: any status but 200 is looked up by its labels.
        if !requests.count(record) {
            let (class, code) = labels(record.status);
            metrics.requests.with_label_values(&[&row.path, &place.model, class, &code]).inc();
        }
        if record.calls > 0 {
            place.calls.get_or_init(|| CallHandles::new(metrics, &row.path, &place.model)).count(record, watch);
        }
        if let Some(ended) = &record.ended {
            metrics.ended.with_label_values(&[row.path.as_str(), ended.by.name()]).inc();
            if record.calls == 0 && ended.by == super::By::Us {
                let labels = [row.path.as_str(), &ended.kind, record.limit.unwrap_or_default()];
                metrics.refusals.with_label_values(&labels).inc();
            }
        }
        let caller = record.caller.filter(|_| record.is_listed);
        if let (Some(by_caller), Some(caller)) = (&metrics.by_caller, caller) {
            by_caller.requests.with_label_values(&[caller, labels(record.status).0]).inc();
            for (kind, tokens) in [("input", record.input_tokens), ("output", record.output_tokens)] {
                tokens.into_iter().for_each(|n| by_caller.tokens.with_label_values(&[caller, kind]).inc_by(n));
            }
        }
    }
}

/// Returns the class and the code of a status. A code that no standard knows counts as its class, which bounds the labels.
fn labels(status: Option<u16>) -> (&'static str, String) {
    let Some(status) = status else { return ("none", "none".to_owned()) };
    let class = match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => OTHER,
    };
    let known = StatusCode::from_u16(status).is_ok_and(|status| status.canonical_reason().is_some());
    (class, if known { status.to_string() } else { class.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::super::now::Now;
    use super::super::tests::full;
    use super::*;
    use std::time::Instant;

    fn meters(metrics: &Arc<Metrics>, models: &[&'static str]) -> Meters {
        Meters::new(metrics.clone(), [("/a", models.iter().copied())].into_iter())
    }

    #[test]
    fn counts_go_on_in_the_next_table_and_labels_are_bounded() {
        let metrics = Arc::new(Metrics::new(true).unwrap());
        let watch = Stopwatch::start(Instant::now(), true);
        let ok = Record { status: Some(200), ended: None, caller: Some("bob"), ..full() };
        meters(&metrics, &["m", "n"]).count(Some(0), ModelLabel::Listed(1), &ok, &watch);
        let next = meters(&metrics, &["n"]);
        next.count(Some(0), ModelLabel::Listed(0), &ok, &watch);
        next.count(Some(0), ModelLabel::Listed(9), &Record { status: Some(599), ..full() }, &watch);
        next.count(None, ModelLabel::None, &Record { status: None, calls: 0, ..full() }, &watch);
        let text = String::from_utf8(metrics.text(&Now::default()).unwrap()).unwrap();
        for line in [
            "argo_proxy_requests_total{class=\"2xx\",code=\"200\",model=\"n\",route=\"/a\"} 2",
            "argo_proxy_requests_total{class=\"5xx\",code=\"5xx\",model=\"other\",route=\"/a\"} 1",
            "argo_proxy_requests_total{class=\"none\",code=\"none\",model=\"\",route=\"other\"} 1",
            "argo_proxy_tokens_total{model=\"n\",route=\"/a\",type=\"input\"} 6",
            "argo_proxy_caller_requests_total{caller=\"bob\",class=\"2xx\"} 2",
            "argo_proxy_overhead_seconds_count{route=\"/a\"} 3",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}: {text}");
        }
        assert!(!text.contains("model=\"m\""), "{text}");
    }
}

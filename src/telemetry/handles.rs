//! Handles of the metrics of one row of the table, and of one model on it. Their labels are looked up once.

use super::metrics::Metrics;
use super::record::Record;
use super::stopwatch::Stopwatch;
use prometheus::{Histogram, IntCounter};

/// The metrics of one row.
pub struct RouteHandles {
    own: Histogram,
    bytes_in: IntCounter,
    bytes_out: IntCounter,
}

impl RouteHandles {
    pub fn new(metrics: &Metrics, route: &str) -> Self {
        RouteHandles {
            own: metrics.own.with_label_values(&[route]),
            bytes_in: metrics.bytes.with_label_values(&[route, "in"]),
            bytes_out: metrics.bytes.with_label_values(&[route, "out"]),
        }
    }

    pub fn count(&self, record: &Record<'_>) {
        self.own.observe(record.own.as_secs_f64());
        self.bytes_in.inc_by(record.bytes_in as u64);
        self.bytes_out.inc_by(record.bytes_out as u64);
    }
}

/// The metrics of requests for one model on one row.
pub struct ModelHandles {
    ok: IntCounter,
    duration: Histogram,
}

impl ModelHandles {
    pub fn new(metrics: &Metrics, route: &str, model: &str) -> Self {
        ModelHandles {
            ok: metrics.requests.with_label_values(&[route, model, "2xx", "200"]),
            duration: metrics.duration.with_label_values(&[route, model]),
        }
    }

    /// Counts a request. Returns false if the caller has to count the status itself: only 200 has a handle.
    pub fn count(&self, record: &Record<'_>) -> bool {
        self.duration.observe(record.total.as_secs_f64());
        let is_ok = record.status == Some(200);
        if is_ok {
            self.ok.inc();
        }
        is_ok
    }
}

/// The metrics of calls to the upstream for one model on one row.
pub struct CallHandles {
    upstream: Histogram,
    first_text: Histogram,
    per_text: Histogram,
    input: IntCounter,
    output: IntCounter,
}

impl CallHandles {
    pub fn new(metrics: &Metrics, route: &str, model: &str) -> Self {
        let labels = &[route, model];
        CallHandles {
            upstream: metrics.upstream.with_label_values(labels),
            first_text: metrics.first_text.with_label_values(labels),
            per_text: metrics.per_text.with_label_values(labels),
            input: metrics.tokens.with_label_values(&[route, model, "input"]),
            output: metrics.tokens.with_label_values(&[route, model, "output"]),
        }
    }

    pub fn count(&self, record: &Record<'_>, watch: &Stopwatch) {
        self.upstream.observe(watch.upstream().as_secs_f64());
        if record.stream {
            record.first_text.into_iter().for_each(|time| self.first_text.observe(time.as_secs_f64()));
            watch.per_text().into_iter().for_each(|time| self.per_text.observe(time.as_secs_f64()));
        }
        record.input_tokens.into_iter().for_each(|tokens| self.input.inc_by(tokens));
        record.output_tokens.into_iter().for_each(|tokens| self.output.inc_by(tokens));
    }
}

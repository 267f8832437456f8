//! The metrics of a process: their names, labels and buckets. They outlive every table.

use super::now::Now;
use super::registrar::Registrar;
use prometheus::{Encoder, HistogramVec, IntCounterVec, Registry, Result, TextEncoder};

/// Buckets in seconds for whole requests and calls: OpenTelemetry's, and on to the limits that are usual here.
const DURATIONS: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 300.0, 600.0];
/// OpenTelemetry's buckets for `gen_ai.server.time_to_first_token`, and longer times.
const FIRST: &[f64] = &[0.005, 0.01, 0.02, 0.04, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0];
/// OpenTelemetry's buckets for `gen_ai.server.time_per_output_token`, and shorter times.
const EACH: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];
/// Buckets for the proxy's own work, which takes microseconds.
const OWN: &[f64] = &[0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1, 0.5];

/// The names that OpenTelemetry gives to the times of a stream.
const TIME_TO_FIRST_TOKEN: &str = "gen_ai_server_time_to_first_token_seconds";
const TIME_PER_OUTPUT_TOKEN: &str = "gen_ai_server_time_per_output_token_seconds";

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics that are counted while requests are served.
pub struct Metrics {
    registry: Registry,
    pub(super) requests: IntCounterVec,
    pub(super) duration: HistogramVec,
    pub(super) upstream: HistogramVec,
    pub(super) first_text: HistogramVec,
    pub(super) per_text: HistogramVec,
    pub(super) tokens: IntCounterVec,
    pub(super) own: HistogramVec,
    pub(super) bytes: IntCounterVec,
    pub(super) refusals: IntCounterVec,
    pub(super) ended: IntCounterVec,
    pub(super) by_caller: Option<ByCaller>,
    unconnected: IntCounterVec,
    retries: IntCounterVec,
    further: IntCounterVec,
}

/// Metrics by caller. Their labels are bounded: all callers stand in a file.
pub(super) struct ByCaller {
    pub requests: IntCounterVec,
    pub tokens: IntCounterVec,
}

impl ByCaller {
    fn new(registrar: &Registrar) -> Result<Self> {
        let (requests, tokens) = ("Requests by caller and class of status.", "Tokens that were counted, by caller.");
        Ok(ByCaller {
            requests: registrar.counter("caller_requests_total", requests, &["caller", "class"])?,
            tokens: registrar.counter("caller_tokens_total", tokens, &["caller", "type"])?,
        })
    }
}

impl Metrics {
    /// Metrics that are all zero. They tell callers apart if `by_caller` is true.
    ///
    /// # Errors
    /// When two metrics have one name, which is a mistake in this file.
    pub fn new(by_caller: bool) -> Result<Self> {
        let registrar = Registrar::new();
        let by_caller = by_caller.then(|| ByCaller::new(&registrar)).transpose()?;
        let (model, row, upstream) = (&["route", "model"], "route", &["upstream"]);
        let requests = "Requests that are over.";
        let duration = "From a request's head to its last byte.";
        let waiting = "Of that, waiting for the upstream.";
        let first_text = "From a request's head to the first text of a stream.";
        let per_text = "Mean time between two pieces of a stream's text.";
        let own = "A request's time without waiting for upstream and client.";
        let refusals = "Requests that the proxy itself refused, limits among them.";
        let ended = "Requests that did not end well, by who ended them.";
        let unconnected = "Addresses that could not be connected to.";
        let retries = "Calls that were sent again, since a kept connection was dead.";
        let further = "Calls that went on to the next URL.";
        Ok(Metrics {
            requests: registrar.counter("requests_total", requests, &[row, "model", "class", "code"])?,
            duration: registrar.histogram("request_duration_seconds", duration, model, DURATIONS)?,
            upstream: registrar.histogram("upstream_duration_seconds", waiting, model, DURATIONS)?,
            first_text: registrar.unprefixed_histogram(TIME_TO_FIRST_TOKEN, first_text, model, FIRST)?,
            per_text: registrar.unprefixed_histogram(TIME_PER_OUTPUT_TOKEN, per_text, model, EACH)?,
            tokens: registrar.counter("tokens_total", "Tokens that were counted.", &[row, "model", "type"])?,
            own: registrar.histogram("overhead_seconds", own, &[row], OWN)?,
            bytes: registrar.counter("body_bytes_total", "Bytes of bodies.", &[row, "direction"])?,
            refusals: registrar.counter("refusals_total", refusals, &[row, "type", "limit"])?,
            ended: registrar.counter("ended_early_total", ended, &[row, "by"])?,
            unconnected: registrar.counter("upstream_connect_failures_total", unconnected, upstream)?,
            retries: registrar.counter("upstream_retries_total", retries, upstream)?,
            further: registrar.counter("upstream_next_url_total", further, upstream)?,
            by_caller,
            registry: registrar.registry,
        })
    }

    /// Counts an address of the upstream that could not be connected to.
    pub fn unconnected(&self, upstream: &str) {
        self.unconnected.with_label_values(&[upstream]).inc();
    }

    /// Counts a call to the upstream that is sent again.
    pub fn retried(&self, upstream: &str) {
        self.retries.with_label_values(&[upstream]).inc();
    }

    /// Counts a call that goes on to the upstream's next URL.
    pub fn went_on(&self, upstream: &str) {
        self.further.with_label_values(&[upstream]).inc();
    }

    /// Returns all metrics in Prometheus' text format.
    ///
    /// # Errors
    /// When two metrics have one name, which is a mistake in this file.
    pub fn text(&self, now: &Now) -> Result<Vec<u8>> {
        let mut families = self.registry.gather();
        families.extend(now.registry()?.gather());
        let mut out = Vec::new();
        TextEncoder::new().encode(&families, &mut out)?;
        Ok(out)
    }
}

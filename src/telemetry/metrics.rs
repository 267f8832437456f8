//! The metrics of a process: their names, labels and buckets. They live as long as it does, whatever tables come and go.

use super::now::Now;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, Result, TextEncoder,
};

/// In seconds; for whole requests and calls. OpenTelemetry's, and on to the limits that are usual here.
const DURATIONS: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 300.0, 600.0];
/// OpenTelemetry's for `gen_ai.server.time_to_first_token`, and on.
const FIRST: &[f64] = &[0.005, 0.01, 0.02, 0.04, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0];
/// OpenTelemetry's for `gen_ai.server.time_per_output_token`, and below.
const EACH: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];
/// The proxy's own work is a matter of microseconds.
const OWN: &[f64] = &[0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1, 0.5];

/// The content type of what [`Metrics::text`] gives.
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

/// Metrics of callers, whose names a file bounds.
pub(super) struct ByCaller {
    pub requests: IntCounterVec,
    pub tokens: IntCounterVec,
}

impl Metrics {
    /// Metrics that are all zero. Callers are told apart when `by_caller` says so.
    ///
    /// # Errors
    /// When two have one name, which is a mistake in this file.
    pub fn new(by_caller: bool) -> Result<Self> {
        let make = Make(Registry::new());
        let model = &["route", "model"];
        let by_caller = match by_caller {
            false => None,
            true => Some(ByCaller {
                requests: make.counter(
                    "caller_requests_total",
                    "Requests by caller and class of status.",
                    &["caller", "class"],
                )?,
                tokens: make.counter(
                    "caller_tokens_total",
                    "Tokens that were counted, by caller.",
                    &["caller", "type"],
                )?,
            }),
        };
        Ok(Metrics {
            requests: make.counter(
                "requests_total",
                "Requests that are over.",
                &["route", "model", "class", "code"],
            )?,
            duration: make.histogram(
                "request_duration_seconds",
                "From a request's head to its last byte.",
                model,
                DURATIONS,
            )?,
            upstream: make.histogram(
                "upstream_duration_seconds",
                "Of that, waiting for the upstream.",
                model,
                DURATIONS,
            )?,
            first_text: make.named(
                "gen_ai_server_time_to_first_token_seconds",
                "From a request's head to the first text of a stream.",
                model,
                FIRST,
            )?,
            per_text: make.named(
                "gen_ai_server_time_per_output_token_seconds",
                "Mean time between two pieces of a stream's text.",
                model,
                EACH,
            )?,
            tokens: make.counter("tokens_total", "Tokens that were counted.", &["route", "model", "type"])?,
            own: make.histogram(
                "overhead_seconds",
                "A request's time without waiting for upstream and client.",
                &["route"],
                OWN,
            )?,
            bytes: make.counter("body_bytes_total", "Bytes of bodies.", &["route", "direction"])?,
            refusals: make.counter(
                "refusals_total",
                "Requests that the proxy itself refused, limits among them.",
                &["route", "type"],
            )?,
            ended: make.counter(
                "ended_early_total",
                "Requests that did not end well, by who ended them.",
                &["route", "by"],
            )?,
            unconnected: make.counter(
                "upstream_connect_failures_total",
                "Addresses that could not be connected to.",
                &["upstream"],
            )?,
            retries: make.counter(
                "upstream_retries_total",
                "Calls that were sent again, since a kept connection was dead.",
                &["upstream"],
            )?,
            further: make.counter("upstream_next_url_total", "Calls that went on to the next URL.", &["upstream"])?,
            by_caller,
            registry: make.0,
        })
    }

    /// An address of the upstream could not be connected to.
    pub fn unconnected(&self, upstream: &str) {
        self.unconnected.with_label_values(&[upstream]).inc();
    }

    /// A call to the upstream is sent again.
    pub fn retried(&self, upstream: &str) {
        self.retries.with_label_values(&[upstream]).inc();
    }

    /// A call goes on to the upstream's next URL.
    pub fn went_on(&self, upstream: &str) {
        self.further.with_label_values(&[upstream]).inc();
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// When two have one name, which is a mistake in this file.
    pub fn text(&self, now: &Now) -> Result<Vec<u8>> {
        let mut families = self.registry.gather();
        families.extend(now.registry()?.gather());
        let mut out = Vec::new();
        TextEncoder::new().encode(&families, &mut out)?;
        Ok(out)
    }
}

/// Makes metrics and registers them.
pub(super) struct Make(pub Registry);

impl Make {
    pub fn counter(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec> {
        let made = IntCounterVec::new(Opts::new(ours(name), help), labels)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    pub fn gauge(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec> {
        let made = IntGaugeVec::new(Opts::new(ours(name), help), labels)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn histogram(&self, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> Result<HistogramVec> {
        self.named(&ours(name), help, labels, buckets)
    }

    fn named(&self, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> Result<HistogramVec> {
        let made = HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }
}

fn ours(name: &str) -> String {
    format!("argo_proxy_{name}")
}

//! Makes metrics and registers them, under the prefix that all of ours have.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, Result};

/// A registry that is being filled.
pub(super) struct Registrar {
    pub registry: Registry,
}

impl Registrar {
    /// A registrar with an empty registry.
    pub fn new() -> Self {
        Registrar { registry: Registry::new() }
    }

    pub fn counter(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec> {
        let counter = IntCounterVec::new(Opts::new(prefixed(name), help), labels)?;
        self.registry.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    pub fn gauge(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec> {
        let gauge = IntGaugeVec::new(Opts::new(prefixed(name), help), labels)?;
        self.registry.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    pub fn histogram(&self, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> Result<HistogramVec> {
        self.unprefixed_histogram(&prefixed(name), help, labels, buckets)
    }

    /// A histogram under a name that others defined.
    pub fn unprefixed_histogram(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> Result<HistogramVec> {
        let histogram = HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)?;
        self.registry.register(Box::new(histogram.clone()))?;
        Ok(histogram)
    }
}

fn prefixed(name: &str) -> String {
    format!("argo_proxy_{name}")
}

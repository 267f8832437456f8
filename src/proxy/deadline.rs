//! How long a call may take: the limit of the configuration, the client's own, and the request's `timeout`.

use http::HeaderMap;
use std::time::{Duration, Instant};

/// Where OpenAI's clients say how long they will wait: Python's first, then Node's; both in seconds.
const CLIENT_LIMITS: [&str; 2] = ["x-stainless-read-timeout", "x-stainless-timeout"];

/// A time limit that runs.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    begun: Instant,
    /// The whole call.
    pub limit: Duration,
    /// The longest silence, for a stream whose client said how long it waits for the next bytes.
    silence: Option<Duration>,
}

impl Deadline {
    /// The deadline of a call that began at `begun`.
    ///
    /// `timeout` of the body goes before everything. Otherwise `configured` limits the call; a client's own limit, if it is
    /// smaller, limits a whole call as well, and on a stream the silence between pieces, which is what it means there.
    pub fn new(
        begun: Instant,
        configured: Duration,
        body: Option<Duration>,
        headers: &HeaderMap,
        stream: bool,
    ) -> Self {
        let client = client_limit(headers);
        match (body, client) {
            (Some(limit), _) => Deadline { begun, limit, silence: None },
            (None, Some(client)) if stream => Deadline { begun, limit: configured, silence: Some(client) },
            (None, client) => {
                Deadline { begun, limit: client.map_or(configured, |c| c.min(configured)), silence: None }
            }
        }
    }

    /// The time left; `None` when it is up.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        self.limit.checked_sub(now.saturating_duration_since(self.begun)).filter(|left| !left.is_zero())
    }

    /// How long the next bytes may take.
    pub fn patience(&self, now: Instant) -> Duration {
        let left = self.left(now).unwrap_or(Duration::from_millis(1));
        self.silence.map_or(left, |silence| silence.min(left))
    }

    /// What the client is told when time is up.
    pub fn message(&self, host: &str) -> String {
        let limit = self.silence.map_or(self.limit, |silence| silence.min(self.limit));
        format!(
            "ARGO ({host}) did not answer within {} s. Ask for less, or allow more with 'timeout' (seconds) in the request or in config.yaml.",
            limit.as_secs_f64()
        )
    }
}

fn client_limit(headers: &HeaderMap) -> Option<Duration> {
    let seconds = |name: &&'static str| headers.get(*name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = CLIENT_LIMITS.iter().find_map(seconds)?;
    Duration::try_from_secs_f64(seconds).ok().filter(|limit| !limit.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(body: Option<u64>, header: Option<&'static str>, stream: bool) -> (u64, u64) {
        let headers =
            header.map(|value| HeaderMap::from_iter([(CLIENT_LIMITS[0].parse().unwrap(), value.parse().unwrap())]));
        let begun = Instant::now();
        let body = body.map(Duration::from_secs);
        let deadline = Deadline::new(begun, Duration::from_secs(600), body, &headers.unwrap_or_default(), stream);
        (deadline.limit.as_secs(), deadline.patience(begun).as_secs())
    }

    #[test]
    fn the_body_wins_then_the_smaller_of_the_rest() {
        assert_eq!(limit(None, None, false), (600, 600));
        assert_eq!(limit(None, Some("5"), false), (5, 5));
        assert_eq!(limit(None, Some("6000"), false), (600, 600));
        assert_eq!(limit(Some(900), Some("5"), false), (900, 900));
        assert_eq!(limit(Some(2), None, true), (2, 2));
        assert_eq!(limit(None, Some("5"), true), (600, 5));
        for nonsense in ["0", "-1", "soon", "NaN", "inf", ""] {
            assert_eq!(limit(None, Some(nonsense), false), (600, 600), "{nonsense}");
        }
    }
}

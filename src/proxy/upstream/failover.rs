//! Which URL of an upstream is tried next: in their order, those that do not answer last.

use super::breaker::{Breaker, Breakers, Permit};
use crate::table::{Endpoint, Endpoints};
use std::sync::Arc;
use std::time::Instant;

/// The URLs of one call that are left, and the breaker of the one that the call goes to.
#[derive(Debug)]
pub struct Failover {
    endpoints: Endpoints,
    /// `None` where there is no alternative.
    breakers: Option<Arc<Breakers>>,
    /// A bit for each URL that was tried; a table has at most [`crate::table::MOST_URLS`].
    tried: u64,
    /// The breaker that waits for the verdict of this call, with the number of the probe.
    probing: Option<(Breaker, u64)>,
}

impl Failover {
    /// The failover of a call that has not been made yet, with the URL to begin with.
    pub fn new(endpoints: Endpoints, breakers: &Arc<Breakers>, now: Instant) -> (Self, Arc<Endpoint>) {
        let first = endpoints.first().clone();
        let breakers = breakers.of(&first).map(|_| breakers.clone());
        let mut failover = Failover { endpoints, breakers, tried: 0, probing: None };
        let begin = failover.next(now).unwrap_or(first);
        (failover, begin)
    }

    /// Returns the next URL; `None` when all were tried.
    pub fn next(&mut self, now: Instant) -> Option<Arc<Endpoint>> {
        self.give_probe_back();
        let Failover { endpoints, breakers, tried, probing } = self;
        let untried = || endpoints.iter().enumerate().filter(|(index, _)| *tried & (1 << index) == 0);
        let sound = untried().find(|(_, endpoint)| {
            let Some(breaker) = breakers.as_ref().and_then(|breakers| breakers.of(endpoint)) else { return true };
            match breaker.ask(now) {
                Permit::Yes => true,
                Permit::Last => false,
                Permit::Probe(number) => {
                    *probing = Some((breaker.clone(), number));
                    true
                }
            }
        });
        let (index, endpoint) = sound.or_else(|| untried().next())?;
        let endpoint = endpoint.clone();
        *tried |= 1 << index;
        Some(endpoint)
    }

    /// Returns how many URLs were tried.
    pub fn tried(&self) -> u32 {
        self.tried.count_ones()
    }

    /// Records that the call failed at this URL, by the URL's fault.
    pub fn record_failure(&mut self, endpoint: &Endpoint, now: Instant) {
        let Some(breaker) = self.breakers.as_ref().and_then(|breakers| breakers.of(endpoint)) else { return };
        breaker.failed(now, self.probing.take().map(|(_, number)| number));
    }

    /// Records that the URL has no such endpoint.
    pub fn record_missing(&mut self, endpoint: &Endpoint, now: Instant) {
        let Some(breaker) = self.breakers.as_ref().and_then(|breakers| breakers.of(endpoint)) else { return };
        breaker.is_missing(now, self.probing.take().map(|(_, number)| number));
    }

    /// Records that the URL answered.
    pub fn record_success(&mut self, endpoint: &Endpoint) {
        let Some(breaker) = self.breakers.as_ref().and_then(|breakers| breakers.of(endpoint)) else { return };
        self.probing = None;
        breaker.succeeded();
    }

    fn give_probe_back(&mut self) {
        if let Some((breaker, number)) = self.probing.take() {
            breaker.abandoned(number);
        }
    }
}

impl Drop for Failover {
    fn drop(&mut self) {
        self.give_probe_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Table, Variables};
    use std::time::Duration;

    fn table(urls: &str) -> Table {
        let text = format!(
            "
version: 1
upstreams:
  a: {{ url: [{urls}], dialect: argo, breaker: {{ failures: 2, open_for: 10 }} }}
models:
  m: {{ default: x, show: {{ owned_by: x, created: 1 }}, names: {{ x: y }} }}
routes:
  - {{ path: /a, upstream: a, models: m, transformer: openai_chat_completions }}
"
        );
        let files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let variables = Variables { config: &|_| None, environment: &|_| None, files: &files };
        let (table, _) = Table::load("t.yaml", &text, &variables).unwrap_or_else(|problems| panic!("{problems:?}"));
        table
    }

    const ABC: &str = "\"http://a/\", \"http://b/\", \"http://c/\"";

    fn whole(table: &Table) -> Endpoints {
        table.upstreams().next().unwrap().whole.clone()
    }

    fn order(table: &Table, breakers: &Arc<Breakers>, now: Instant) -> String {
        let (mut failover, first) = Failover::new(whole(table), breakers, now);
        let rest = std::iter::from_fn(|| failover.next(now));
        std::iter::once(first).chain(rest).map(|endpoint| endpoint.host.clone()).collect()
    }

    fn fail(table: &Table, breakers: &Arc<Breakers>, host: &str, now: Instant) {
        let (mut failover, _) = Failover::new(whole(table), breakers, now);
        let endpoint = table.endpoints().find(|(_, endpoint)| endpoint.host == host).unwrap().1.clone();
        failover.record_failure(&endpoint, now);
    }

    #[test]
    fn those_that_do_not_answer_come_last() {
        let (table, now) = (table(ABC), Instant::now());
        let breakers = Arc::new(Breakers::new(&table, None));
        assert_eq!(order(&table, &breakers, now), "abc");
        fail(&table, &breakers, "a", now);
        assert_eq!(order(&table, &breakers, now), "abc");
        fail(&table, &breakers, "a", now);
        assert_eq!(order(&table, &breakers, now), "bca");
        for host in ["b", "b", "c", "c"] {
            fail(&table, &breakers, host, now);
        }
        assert_eq!(order(&table, &breakers, now), "abc", "none is refused where there is no other");
        let (mut failover, first) = Failover::new(whole(&table), &breakers, now);
        failover.record_success(&first);
        assert_eq!(order(&table, &breakers, now), "abc");
        assert_eq!(breakers.iter().map(Breaker::opened).sum::<u64>(), 3);
    }

    #[test]
    fn one_call_at_a_time_finds_out_and_one_that_leaves_makes_room() {
        let (table, now) = (table(ABC), Instant::now());
        let breakers = Arc::new(Breakers::new(&table, None));
        fail(&table, &breakers, "a", now);
        fail(&table, &breakers, "a", now);
        let later = now + Duration::from_secs(10);
        let (probing, first) = Failover::new(whole(&table), &breakers, later);
        assert_eq!(first.host, "a");
        assert_eq!(order(&table, &breakers, later), "bca");
        drop(probing);
        let (mut probing, first) = Failover::new(whole(&table), &breakers, Instant::now() + Duration::from_secs(60));
        assert_eq!(first.host, "a");
        probing.record_failure(&first, later);
        assert_eq!(probing.next(later).unwrap().host, "b");
        assert_eq!(order(&table, &breakers, later + Duration::from_secs(19)), "bca");
    }

    #[test]
    fn what_is_known_survives_a_reload_where_the_url_is_the_same() {
        let (first, now) = (table(ABC), Instant::now());
        let breakers = Arc::new(Breakers::new(&first, None));
        fail(&first, &breakers, "b", now);
        fail(&first, &breakers, "b", now);
        let second = table("\"http://b/\", \"http://d/\"");
        let again = Arc::new(Breakers::new(&second, Some(&breakers)));
        assert_eq!(order(&second, &again, now), "db");
        let alone = table("\"http://b/\"");
        assert_eq!(Breakers::new(&alone, Some(&breakers)).iter().count(), 0);
    }
}

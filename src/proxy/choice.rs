//! Which URL of an upstream is tried next: in their order, those that could not be connected to lately last.

use crate::table::{Endpoint, Endpoints};
use std::sync::Arc;
use std::time::Instant;

/// The URLs of one call that are left.
#[derive(Debug)]
pub struct Choice {
    endpoints: Endpoints,
    /// A bit for each URL that was tried; a table has at most [`crate::table::MOST_URLS`].
    tried: u64,
}

impl Choice {
    /// Of a call that has not been made yet, with the URL to begin with.
    pub fn new(endpoints: Endpoints, now: Instant) -> (Self, Arc<Endpoint>) {
        let first = endpoints.first().clone();
        let mut choice = Choice { endpoints, tried: 0 };
        let begin = choice.next(now).unwrap_or(first);
        (choice, begin)
    }

    /// The next URL; `None` when all were tried.
    pub fn next(&mut self, now: Instant) -> Option<Arc<Endpoint>> {
        let untried = || self.endpoints.iter().enumerate().filter(|(index, _)| self.tried & (1 << index) == 0);
        let sound = untried().find(|(_, endpoint)| !endpoint.trouble.lasts(now));
        let (index, endpoint) = sound.or_else(|| untried().next())?;
        let endpoint = endpoint.clone();
        self.tried |= 1 << index;
        Some(endpoint)
    }

    /// How many URLs were tried.
    pub fn tried(&self) -> u32 {
        self.tried.count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Table, Variables};

    fn endpoints() -> Endpoints {
        let text = "
version: 1
upstreams:
  a: { url: [\"http://a/\", \"http://b/\", \"http://c/\"], dialect: argo }
models:
  m: { default: x, show: { owned_by: x, created: 1 }, names: { x: y } }
routes:
  - { path: /a, upstream: a, models: m, transformer: openai_chat_completions }
";
        let files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let variables = Variables { config: &|_| None, environment: &|_| None, files: &files };
        let (table, _) = Table::load("t.yaml", text, &variables).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert!(table.endpoints().map(|(_, endpoint)| endpoint.number).eq(0..3));
        table.upstreams().next().unwrap().whole.clone()
    }

    fn order(endpoints: &Endpoints, now: Instant) -> String {
        let (mut choice, first) = Choice::new(endpoints.clone(), now);
        let rest = std::iter::from_fn(|| choice.next(now));
        std::iter::once(first).chain(rest).map(|endpoint| endpoint.host.clone()).collect()
    }

    #[test]
    fn those_in_trouble_come_last() {
        let (endpoints, now) = (endpoints(), Instant::now());
        assert_eq!(order(&endpoints, now), "abc");
        endpoints.first().trouble.note(now);
        assert_eq!(order(&endpoints, now), "bca");
        endpoints.iter().for_each(|endpoint| endpoint.trouble.note(now));
        assert_eq!(order(&endpoints, now), "abc");
        endpoints.iter().nth(1).unwrap().trouble.clear();
        assert_eq!(order(&endpoints, now), "bac");
    }
}

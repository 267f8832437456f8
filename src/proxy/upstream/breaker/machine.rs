//! The circuit breaker of one upstream URL: a state machine without a clock. The time is a parameter.

use crate::table::Tolerance;
use std::time::{Duration, Instant};

/// The longest time between two probes of a failing URL, unless the table sets a longer one.
pub const LONGEST: Duration = Duration::from_secs(120);

/// How long a URL is passed over that has no such endpoint. An endpoint appears by somebody's decision, not by itself.
pub const MISSING: Duration = Duration::from_secs(60);

/// The state of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// It is called in its turn. Holds the number of failures since its last answer.
    Sound(u32),
    /// It is tried last until this time. Holds the length of this period as well.
    Open(Instant, Duration),
    /// One call, the probe, tests it. All other calls try it last. Holds the length of the last period.
    Probing(Duration),
}

/// When a call may use a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// In its normal turn.
    Yes,
    /// In its turn, as the probe with this number.
    Probe(u64),
    /// Only after all other URLs.
    Last,
}

/// A change of state, to be logged once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The URL is tried last for this long.
    Opened(Duration),
    /// The URL answers again.
    Closed,
}

/// The state machine of one URL.
#[derive(Debug)]
pub struct Machine {
    state: BreakerState,
    /// The number of probes so far, which is also the number of the latest one.
    probes: u64,
    /// True while it is open because the URL has no such endpoint.
    is_missing: bool,
}

impl Default for Machine {
    fn default() -> Self {
        Machine { state: BreakerState::Sound(0), probes: 0, is_missing: false }
    }
}

impl Machine {
    /// Returns the state.
    pub fn state(&self) -> BreakerState {
        self.state
    }

    /// Asks when a call may use the URL. After the waiting period, the first call becomes the probe.
    pub fn ask(&mut self, now: Instant) -> Permit {
        match self.state {
            BreakerState::Sound(_) => Permit::Yes,
            BreakerState::Open(until, backoff) if now >= until => {
                self.state = BreakerState::Probing(backoff);
                self.probes += 1;
                Permit::Probe(self.probes)
            }
            BreakerState::Open(..) | BreakerState::Probing(_) => Permit::Last,
        }
    }

    /// Records a failed call. `probe` is its number if it was a probe. During a probe, failures of other calls are
    /// ignored.
    pub fn failed(&mut self, tolerance: Tolerance, now: Instant, probe: Option<u64>) -> Option<Change> {
        let backoff = match self.state {
            BreakerState::Sound(failures) if failures + 1 < tolerance.failures.get() => {
                self.state = BreakerState::Sound(failures + 1);
                return None;
            }
            BreakerState::Sound(_) => tolerance.open_for,
            BreakerState::Probing(backoff) if probe == Some(self.probes) => {
                backoff.saturating_mul(2).min(LONGEST.max(tolerance.open_for))
            }
            BreakerState::Probing(_) | BreakerState::Open(..) => return None,
        };
        self.state = BreakerState::Open(now + backoff, backoff);
        Some(Change::Opened(backoff))
    }

    /// Records that the URL has no such endpoint, which one answer shows. It is not tried again for at least [`MISSING`].
    pub fn missing(&mut self, tolerance: Tolerance, now: Instant, probe: Option<u64>) -> Option<Change> {
        let time = MISSING.max(tolerance.open_for);
        match self.state {
            BreakerState::Probing(_) if probe != Some(self.probes) => return None,
            BreakerState::Open(..) => return None,
            BreakerState::Sound(_) | BreakerState::Probing(_) => {}
        }
        self.state = BreakerState::Open(now + time, time);
        self.is_missing = true;
        Some(Change::Opened(time))
    }

    /// Records an answer to any call. An answer to a call that was under way does not show that an endpoint is there after all.
    pub fn succeeded(&mut self) -> Option<Change> {
        if self.is_missing && matches!(self.state, BreakerState::Open(..)) {
            return None;
        }
        self.is_missing = false;
        match std::mem::replace(&mut self.state, BreakerState::Sound(0)) {
            BreakerState::Sound(_) => None,
            BreakerState::Open(..) | BreakerState::Probing(_) => Some(Change::Closed),
        }
    }

    /// Records a probe that ended without a result. The next call becomes the probe.
    pub fn abandoned(&mut self, now: Instant, probe: u64) {
        if let (BreakerState::Probing(backoff), true) = (self.state, probe == self.probes) {
            self.state = BreakerState::Open(now, backoff);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    fn tolerance(failures: u32, seconds: u64) -> Tolerance {
        Tolerance { failures: NonZeroU32::new(failures).unwrap(), open_for: Duration::from_secs(seconds) }
    }

    #[test]
    fn it_opens_probes_doubles_and_closes() {
        let (mut machine, now, few) = (Machine::default(), Instant::now(), tolerance(2, 10));
        let at = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(machine.failed(few, now, None), None);
        assert_eq!(machine.succeeded(), None, "failures that follow each other count");
        assert_eq!(machine.failed(few, now, None), None);
        assert_eq!(machine.failed(few, now, None), Some(Change::Opened(Duration::from_secs(10))));
        assert_eq!(
            (machine.ask(at(9)), machine.ask(at(10)), machine.ask(at(10))),
            (Permit::Last, Permit::Probe(1), Permit::Last)
        );
        assert_eq!(machine.failed(few, at(11), None), None, "only the probe decides");
        assert_eq!(machine.failed(few, at(11), Some(1)), Some(Change::Opened(Duration::from_secs(20))));
        assert_eq!((machine.ask(at(30)), machine.ask(at(31))), (Permit::Last, Permit::Probe(2)));
        machine.abandoned(at(32), 1);
        assert_eq!(machine.ask(at(32)), Permit::Last, "that was another probe");
        machine.abandoned(at(32), 2);
        assert_eq!(machine.ask(at(32)), Permit::Probe(3));
        assert_eq!((machine.succeeded(), machine.ask(at(33))), (Some(Change::Closed), Permit::Yes));
    }

    #[test]
    fn a_missing_endpoint_is_tried_again_by_a_probe_alone() {
        let (mut machine, now, few) = (Machine::default(), Instant::now(), tolerance(3, 10));
        let at = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(machine.missing(few, now, None), Some(Change::Opened(MISSING)));
        assert_eq!((machine.missing(few, now, None), machine.succeeded()), (None, None), "these were under way");
        assert_eq!((machine.ask(at(59)), machine.ask(at(60))), (Permit::Last, Permit::Probe(1)));
        assert_eq!(machine.succeeded(), Some(Change::Closed));
        assert_eq!(machine.missing(few, at(60), None), Some(Change::Opened(MISSING)), "the answer was a 404 again");
        assert_eq!(machine.missing(tolerance(3, 90), at(60), None), None);
    }

    #[derive(Debug, Clone, Copy)]
    enum Event {
        Ask,
        Fail,
        Succeed,
        ProbeFails,
        ProbeLeaves,
    }

    proptest! {
        #[test]
        fn what_must_hold_whatever_happens(
            failures in 1u32..5,
            seconds in 1u64..300,
            events in prop::collection::vec((0u64..100, prop_oneof![
                Just(Event::Ask), Just(Event::Fail), Just(Event::Succeed), Just(Event::ProbeFails), Just(Event::ProbeLeaves)
            ]), 0..200),
        ) {
            let (mut machine, tolerance, mut now) = (Machine::default(), tolerance(failures, seconds), Instant::now());
            let (mut probe, mut in_a_row, mut last_backoff) = (None, 0, Duration::ZERO);
            for (step, event) in events {
                now += Duration::from_secs(step);
                let before = machine.state();
                match event {
                    Event::Ask => match machine.ask(now) {
                        Permit::Yes => prop_assert!(matches!(before, BreakerState::Sound(_))),
                        Permit::Probe(number) => {
                            prop_assert!(probe.is_none(), "two probes at the same time");
                            prop_assert!(matches!(before, BreakerState::Open(until, _) if until <= now));
                            probe = Some(number);
                        }
                        Permit::Last => prop_assert!(!matches!(before, BreakerState::Sound(_))),
                    },
                    Event::Fail => {
                        let change = machine.failed(tolerance, now, None);
                        in_a_row += 1;
                        match before {
                            BreakerState::Sound(_) => prop_assert_eq!(change.is_some(), in_a_row >= failures),
                            _ => prop_assert_eq!(machine.state(), before),
                        }
                        if let Some(Change::Opened(time)) = change {
                            prop_assert_eq!(time, tolerance.open_for);
                            last_backoff = time;
                        }
                    }
                    Event::Succeed => {
                        machine.succeeded();
                        (probe, in_a_row) = (None, 0);
                        prop_assert_eq!(machine.state(), BreakerState::Sound(0));
                    }
                    Event::ProbeFails => if let Some(number) = probe.take() {
                        let Some(Change::Opened(time)) = machine.failed(tolerance, now, Some(number)) else {
                            return Err(TestCaseError::fail("a probe that fails opens again"));
                        };
                        prop_assert!(time >= last_backoff && time <= (last_backoff * 2).min(LONGEST.max(tolerance.open_for)));
                        last_backoff = time;
                    },
                    Event::ProbeLeaves => if let Some(number) = probe.take() {
                        machine.abandoned(now, number);
                        prop_assert!(matches!(machine.state(), BreakerState::Open(until, _) if until == now));
                    },
                }
            }
        }
    }
}

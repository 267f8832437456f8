use super::*;
use crate::access::Quota;
use crate::limits::BoundSource;
use std::num::NonZeroU32;
use std::time::Duration;

fn caller(name: &str) -> Caller {
    Caller { name: Some(name.into()), ..Caller::nameless("u") }
}

fn limits(requests: u32, tokens: u32, concurrent: u32) -> Limits {
    Limits {
        requests_per_minute: NonZeroU32::new(requests).map(Quota::Most),
        tokens_per_minute: NonZeroU32::new(tokens).map(Quota::Most),
        concurrent: NonZeroU32::new(concurrent).map(Quota::Most),
    }
}

fn row<'a>(id: &'a str, limits: &'a Limits) -> Option<LimitedRow<'a>> {
    Some(LimitedRow { id, place: "routes[0]", limits })
}

#[test]
fn one_caller_at_its_limit_stops_no_other() {
    let (limiter, now, general) = (Limiter::default(), Instant::now(), limits(2, 0, 0));
    let ask = |name: &str, now| limiter.admit(&caller(name), &general, None, now);
    for left in [1, 0] {
        let rate_limit = ask("ann", now).unwrap().unwrap().rate_limit(now);
        assert_eq!(rate_limit.requests.unwrap().remaining, left);
    }
    let refusal = ask("ann", now).unwrap_err();
    assert_eq!(
        (refusal.kind, refusal.used, refusal.rate_limit.requests.unwrap().remaining),
        (LimitKind::Requests, 2, 0)
    );
    assert!(ask("bob", now).is_ok());
    assert!(ask("ann", now + refusal.again).is_ok());
    assert!(ask("ann", now + refusal.again).is_err());
}

#[test]
fn a_row_is_limited_for_each_caller_and_a_renamed_one_anew() {
    let (limiter, now) = (Limiter::default(), Instant::now());
    let (general, own) = (limits(3, 0, 0), limits(1, 0, 0));
    let ask = |name: &str, id: &str| limiter.admit(&caller(name), &general, row(id, &own), now).map(|_| ());
    assert_eq!(ask("ann", "POST /a"), Ok(()));
    let refusal = ask("ann", "POST /a").unwrap_err();
    assert!(refusal.to_failure().message.contains("limits.requests_per_minute of routes[0] in the table"));
    assert_eq!(ask("bob", "POST /a"), Ok(()));
    assert_eq!(ask("ann", "POST /b"), Ok(()));
    // A request that the row refused was not counted for the caller.
    assert_eq!(ask("ann", "POST /c"), Ok(()));
    let refusal = ask("ann", "POST /d").unwrap_err();
    assert!(refusal.to_failure().message.ends_with("limits.requests_per_minute of config.yaml."));
}

#[test]
fn tokens_are_charged_afterwards_and_may_overshoot_once() {
    let (limiter, now, general) = (Limiter::default(), Instant::now(), limits(0, 100, 0));
    let ask = |now| limiter.admit(&caller("ann"), &general, None, now);
    let first = ask(now).unwrap().unwrap();
    assert!(first.counts_tokens() && ask(now).is_ok());
    first.charge(130, now);
    assert_eq!(first.rate_limit(now).tokens.unwrap().remaining, 0);
    let refusal = ask(now).unwrap_err();
    assert_eq!((refusal.kind, refusal.used), (LimitKind::Tokens, 130));
    let failure = refusal.to_failure();
    let header = |name: &str| failure.headers.iter().find(|(known, _)| known == name).unwrap().1.to_str().unwrap();
    assert_eq!((header("retry-after"), header("retry-after-ms")), ("19", "18600"));
    assert_eq!((failure.kind, failure.code.as_deref()), (Some("tokens"), Some("rate_limit_exceeded")));
    assert!(ask(now + Duration::from_millis(18_600)).is_ok());
}

#[test]
fn who_waits_gets_in_by_order_and_who_leaves_makes_room() {
    let (limiter, now, general) = (Limiter::default(), Instant::now(), limits(0, 0, 1));
    let turn = || limiter.admit(&caller("ann"), &general, None, now).unwrap().unwrap().turn();
    let mut first = turn();
    assert_eq!(first.go_on(true), Ok(true));
    let mut waiting: Vec<_> = (0..4).map(|_| turn()).collect();
    assert!(waiting.iter_mut().all(|turn| turn.go_on(true) == Ok(false)));
    assert!(turn().go_on(true).is_err() && turn().go_on(false).is_err());
    let mut other = limiter.admit(&caller("bob"), &general, None, now).unwrap().unwrap().turn();
    assert_eq!(other.go_on(false), Ok(true));

    waiting.remove(1);
    let mut late = turn();
    assert_eq!(late.go_on(true), Ok(false));
    waiting.push(late);
    drop(first);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..4 {
        let mut next = waiting.remove(0);
        runtime.block_on(next.wait()).unwrap();
        assert!(waiting.iter_mut().all(|turn| turn.go_on(true) == Ok(false)), "one place");
    }
    assert_eq!(turn().go_on(false), Ok(true));
}

#[test]
fn who_was_granted_a_place_has_left_the_queue_before_it_runs() {
    let (limiter, now, general) = (Limiter::default(), Instant::now(), limits(0, 0, 1));
    let turn = || limiter.admit(&caller("ann"), &general, None, now).unwrap().unwrap().turn();
    let mut first = turn();
    assert_eq!(first.go_on(true), Ok(true));
    let mut waiting: Vec<_> = (0..4).map(|_| turn()).collect();
    assert!(waiting.iter_mut().all(|turn| turn.go_on(true) == Ok(false)));
    drop(first);
    let mut next = turn();
    assert_eq!(next.go_on(true), Ok(false), "one runs and three wait");
    assert!(turn().go_on(true).is_err(), "one runs and four wait");
    // The task left after its permit was granted but before it ran: the next task gets the permit.
    drop(waiting.remove(0));
    assert_eq!(turn().go_on(true), Ok(false));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    waiting.push(next);
    for mut turn in waiting {
        runtime.block_on(turn.wait()).unwrap();
    }
    assert_eq!(turn().go_on(false), Ok(true));
}

#[test]
fn a_place_that_was_given_to_somebody_who_left_is_given_on() {
    let (limiter, now, general) = (Limiter::default(), Instant::now(), limits(0, 0, 1));
    let turn = || limiter.admit(&caller("ann"), &general, None, now).unwrap().unwrap().turn();
    let (mut first, mut second, mut third) = (turn(), turn(), turn());
    assert_eq!((first.go_on(true), second.go_on(true), third.go_on(true)), (Ok(true), Ok(false), Ok(false)));
    drop(first);
    drop(second);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(third.wait()).unwrap();
}

#[test]
fn a_higher_limit_lets_those_in_who_wait() {
    let (limiter, now) = (Limiter::default(), Instant::now());
    let turn = |most| limiter.admit(&caller("ann"), &limits(0, 0, most), None, now).unwrap().unwrap().turn();
    let (mut first, mut second) = (turn(1), turn(1));
    assert_eq!((first.go_on(true), second.go_on(true)), (Ok(true), Ok(false)));
    let mut third = turn(3);
    assert_eq!(third.go_on(true), Ok(true));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(second.wait()).unwrap();
}

#[test]
fn a_lower_limit_takes_places_away_as_they_come_back() {
    let (limiter, now) = (Limiter::default(), Instant::now());
    let turn = |most| limiter.admit(&caller("ann"), &limits(0, 0, most), None, now).unwrap().unwrap().turn();
    let mut running: Vec<_> = (0..3).map(|_| turn(3)).collect();
    assert!(running.iter_mut().all(|turn| turn.go_on(false) == Ok(true)));
    let mut waiting = turn(2);
    assert_eq!(waiting.go_on(true), Ok(false));
    running.pop();
    assert!(turn(2).go_on(false).is_err(), "two still run");
    running.pop();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(waiting.wait()).unwrap();
    assert!(turn(2).go_on(false).is_err(), "two run again");
    running.pop();
    assert_eq!(turn(2).go_on(false), Ok(true));
    drop(waiting);
    let mut again: Vec<_> = (0..3).map(|_| turn(2)).collect();
    let entered = again.iter_mut().map(|turn| turn.go_on(false).is_ok()).collect::<Vec<_>>();
    assert_eq!(entered, [true, true, false]);
}

#[test]
fn who_waits_for_the_row_keeps_no_place_of_the_callers_from_anybody() {
    let (limiter, now, general) = (Limiter::default(), Instant::now(), limits(0, 0, 2));
    let of_row = limits(0, 0, 1);
    let row = LimitedRow { id: "POST /narrow", place: "routes[0]", limits: &of_row };
    let turn = |row| limiter.admit(&caller("ann"), &general, row, now).unwrap().unwrap().turn();
    let (mut first, mut second, mut elsewhere) = (turn(Some(row)), turn(Some(row)), turn(None));
    assert_eq!(first.go_on(true), Ok(true));
    assert_eq!(second.go_on(true), Ok(false));
    assert!(second.waits_for().is_some_and(|bound| bound.set_by == BoundSource::Row("routes[0]".into())));
    assert_eq!(elsewhere.go_on(false), Ok(true));
}

#[test]
fn a_refused_turn_is_not_counted_as_a_request() {
    let (limiter, now, general) = (Limiter::default(), Instant::now(), limits(1, 0, 1));
    let admitted = limiter.admit(&caller("ann"), &general, None, now).unwrap().unwrap();
    admitted.take_back();
    assert!(limiter.admit(&caller("ann"), &general, None, now).is_ok());
}

#[test]
fn strangers_without_number_are_held_in_bounded_memory() {
    let (limiter, now, general) = (Limiter::default(), Instant::now(), limits(2, 0, 0));
    let held = limiter.admit(&caller("held"), &general, None, now).unwrap();
    let busy = |_| limiter.admit(&caller("busy"), &general, None, now).is_ok();
    assert_eq!((0..3).map(busy).collect::<Vec<_>>(), [true, true, false]);
    for number in 0..SHARDS * MOST * 3 / 2 {
        assert!(limiter.admit(&caller(&number.to_string()), &general, None, now).is_ok());
    }
    let count = || limiter.shards.iter().map(|shard| shard.lock().unwrap().len()).sum::<usize>();
    assert!(count() <= SHARDS * MOST);
    // Accounts with the least usage are removed first. Accounts with a request under way stay.
    assert!(!busy(0));
    drop(held);
}

#[test]
fn nothing_limited_costs_no_account() {
    let limiter = Limiter::default();
    assert!(limiter.admit(&caller("ann"), &Limits::default(), None, Instant::now()).unwrap().is_none());
    assert!(limiter.shards.iter().all(|shard| shard.lock().unwrap().is_empty()));
}

#[test]
fn tokens_are_reserved_and_settled_so_that_many_at_once_do_not_pass_together() {
    let (limiter, now, general) = (Limiter::default(), Instant::now(), limits(0, 100, 0));
    let ask = || limiter.admit(&caller("ann"), &general, None, now).unwrap().unwrap();
    let all: Vec<_> = (0..100).map(|_| ask()).collect();
    let let_in: Vec<_> = all.iter().filter(|one| one.reserve(0, 30, now).is_ok()).collect();
    // The fourth may go beyond what is left.
    assert_eq!(let_in.len(), 4);
    let refusal = ask_refused(&limiter, &general, now);
    assert_eq!((refusal.kind, refusal.used), (LimitKind::Tokens, 120));
    let_in.iter().for_each(|one| {
        one.release(30);
        one.charge(10, now);
    });
    assert_eq!(ask().rate_limit(now).tokens.unwrap().remaining, 60);
    // No reservation is larger than the limit, however much was asked for.
    let greedy = ask();
    greedy.reserve(0, 1_000_000, now).unwrap();
    assert_eq!(ask_refused(&limiter, &general, now).used, 140);
    greedy.release(1_000_000);
    assert_eq!(ask().rate_limit(now).tokens.unwrap().remaining, 60);
}

fn ask_refused(limiter: &Limiter, general: &Limits, now: Instant) -> Box<Refusal> {
    limiter.admit(&caller("ann"), general, None, now).unwrap_err()
}

#[test]
fn each_call_of_a_request_counts_and_a_debt_is_kept() {
    let (limiter, now, general) = (Limiter::default(), Instant::now(), limits(10, 0, 0));
    let one = limiter.admit(&caller("ann"), &general, None, now).unwrap().unwrap();
    one.reserve(19, 0, now).unwrap();
    let refusal = ask_refused(&limiter, &general, now);
    assert_eq!((refusal.used, refusal.again.as_secs_f64().ceil()), (20, 66.0));
    assert!(limiter.admit(&caller("ann"), &general, None, now + Duration::from_secs(65)).is_err());
    assert!(limiter.admit(&caller("ann"), &general, None, now + Duration::from_secs(66)).is_ok());
}

#[test]
fn each_call_needs_a_place_in_every_account() {
    let (limiter, now, general, of_row) = (Limiter::default(), Instant::now(), limits(0, 0, 5), limits(0, 0, 3));
    let turn = |row| limiter.admit(&caller("ann"), &general, row, now).unwrap().unwrap().turn();
    let (mut first, mut second) = (turn(row("POST /narrow", &of_row)), turn(None));
    assert_eq!((first.go_on(false), second.go_on(false)), (Ok(true), Ok(true)));
    assert_eq!(first.widen(8), 3, "the row has three");
    assert_eq!(second.widen(8), 2);
    assert!(turn(None).go_on(false).is_err());
    drop(first);
    assert_eq!(turn(None).widen(1), 1);
    let mut free = limiter.admit(&caller("ann"), &limits(1, 0, 0), None, now).unwrap().unwrap().turn();
    assert_eq!((free.go_on(false), free.widen(8)), (Ok(true), 8));
}

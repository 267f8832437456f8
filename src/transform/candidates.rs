//! The upstreams that may take the calls of a route, and which of them takes one.

use super::{Unfit, WiredUpstream, Wiring};
use crate::dialects::upstream::Dialect;
use crate::models::{Chosen, Models, ServedModels};
use crate::plan::Context;
use crate::plan::trace::{TraceStep, UpstreamVerdict};
use crate::wire::Failure;
use http::StatusCode;
use std::sync::Arc;

/// The upstreams of a route, in the order in which they are preferred. There is at least one.
pub struct Candidates<D: ?Sized + 'static> {
    /// The models of the route, with the rules that hold everywhere.
    models: Arc<Models>,
    first: Candidate<D>,
    others: Vec<Candidate<D>>,
}

/// An upstream that may take a call.
pub struct Candidate<D: ?Sized + 'static> {
    /// Its number among the upstreams of the route.
    pub number: usize,
    /// Its name in the table.
    pub name: Arc<str>,
    /// Its dialect.
    pub dialect: &'static D,
    /// True if it has a URL for streamed calls.
    pub streams: bool,
    /// The models of the route, with the rules that hold at this upstream.
    models: Arc<Models>,
    serves: ServedModels,
}

impl<D: ?Sized + 'static> Candidates<D> {
    /// Returns the upstreams of a route, if `of` finds a fitting dialect in each. `needs` says what fits.
    ///
    /// # Errors
    /// When an upstream does not fit.
    pub fn new(wiring: &Wiring, needs: &str, of: impl Fn(Dialect) -> Option<&'static D>) -> Result<Self, Unfit> {
        let unfit = |name: &str| Unfit::new(&format!("upstream '{name}': it needs an upstream that {needs}"));
        let candidate = |(number, upstream): (usize, &WiredUpstream)| {
            let WiredUpstream { name, dialect, streams, serves, models } = upstream.clone();
            let dialect = of(dialect).ok_or_else(|| unfit(&name))?;
            Ok(Candidate { number, name, dialect, streams, models, serves })
        };
        let mut list = wiring.upstreams.iter().enumerate().map(candidate);
        let first = list.next().unwrap_or_else(|| Err(unfit("")))?;
        Ok(Candidates { models: wiring.models.clone(), first, others: list.collect::<Result<_, _>>()? })
    }

    /// Returns the upstream that is preferred.
    pub fn first(&self) -> &Candidate<D> {
        &self.first
    }

    /// Returns true if there is a choice.
    pub fn are_several(&self) -> bool {
        !self.others.is_empty()
    }

    /// Returns the model that a request asks for.
    ///
    /// # Errors
    /// 404 for an unknown model, 400 for none.
    pub fn choose<'a>(&'a self, asked: Option<&'a str>, cx: &Context<'_>) -> Result<Chosen<'a>, Failure> {
        cx.choose(&self.models, asked)
    }

    /// Returns the upstream that takes a request, and the model with the rules that hold there: the first one that serves the
    /// model, answers, and `can` carry the request.
    ///
    /// # Errors
    /// What keeps the request from the preferred upstream, where no other can carry it.
    pub fn take<'a>(
        &'a self,
        chosen: Chosen<'a>,
        cx: &Context<'_>,
        can: impl Fn(&Candidate<D>) -> Result<(), Failure>,
    ) -> Result<(&'a Candidate<D>, Chosen<'a>), Failure> {
        let mut refused = None;
        let mut fitting = Vec::new();
        for candidate in std::iter::once(&self.first).chain(&self.others) {
            let verdict = if cx.attempt.asked.has(candidate.number) {
                UpstreamVerdict::Asked
            } else if !candidate.serves.has(&chosen.model.id) {
                UpstreamVerdict::ServesNot
            } else if let Err(failure) = can(candidate) {
                let why = failure.message.clone();
                refused.get_or_insert(failure);
                UpstreamVerdict::CannotCarry(why)
            } else {
                fitting.push(candidate);
                continue;
            };
            self.note(candidate, verdict, None, cx);
        }
        let answers = |candidate: &&&Candidate<D>| !cx.attempt.failing.has(candidate.number);
        let Some(taken) = fitting.iter().find(answers).or(fitting.first()).copied() else {
            return Err(refused.unwrap_or_else(|| nobody(&chosen)));
        };
        let chosen = if Arc::ptr_eq(&self.models, &taken.models) {
            chosen
        } else {
            taken.models.again(&chosen).ok_or_else(|| nobody(&chosen))?
        };
        for candidate in fitting {
            match candidate.number {
                number if number == taken.number => self.note(candidate, UpstreamVerdict::Taken, Some(&chosen), cx),
                number if cx.attempt.failing.has(number) => self.note(candidate, UpstreamVerdict::Failing, None, cx),
                _ => self.note(candidate, UpstreamVerdict::Next, None, cx),
            }
        }
        Ok((taken, chosen))
    }

    /// Records what became of an upstream, where there are several.
    fn note(&self, candidate: &Candidate<D>, verdict: UpstreamVerdict, chosen: Option<&Chosen<'_>>, cx: &Context<'_>) {
        if !self.are_several() {
            return;
        }
        cx.note(|| {
            let rules = chosen.map(|chosen| chosen.model.rules.clone());
            TraceStep::Upstream { name: candidate.name.clone(), verdict, rules }
        });
    }
}

/// Returns the failure of a request whose model no upstream serves.
fn nobody(chosen: &Chosen<'_>) -> Failure {
    let message = format!("No upstream of this route serves the model '{}'.", chosen.asked);
    Failure::new(StatusCode::NOT_FOUND, message).with_param("model").with_code("model_not_found")
}

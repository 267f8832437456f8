//! A request that is kept, so that it can be planned anew for the next upstream of its row.

use super::routing::AdmittedRequest;
use crate::json::SlimBody;
use crate::plan::Attempt;

/// What is needed to plan a request anew.
pub struct KeptRequest {
    /// Its row, its parameters and its caller.
    pub admitted: AdmittedRequest,
    /// The body that the plan was made from.
    pub body: SlimBody,
    /// What the attempts so far have shown.
    pub attempt: Attempt,
}

impl KeptRequest {
    /// Keeps a request whose row has several upstreams, or one that may answer nothing to one way of thinking.
    pub fn keep(admitted: &AdmittedRequest, body: &SlimBody) -> Option<Box<Self>> {
        let upstreams = &admitted.route.upstreams;
        let may_matter = upstreams.len() > 1 || upstreams.iter().any(|upstream| upstream.facts().may_say_nothing());
        let kept = || KeptRequest { admitted: admitted.clone(), body: body.clone(), attempt: Attempt::default() };
        may_matter.then(|| Box::new(kept()))
    }
}

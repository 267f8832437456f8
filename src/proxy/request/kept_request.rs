//! A request that is kept, so that it can be planned anew for the next upstream of its row.

use super::routing::AdmittedRequest;
use crate::plan::UpstreamSet;
use bytes::Bytes;

/// What is needed to plan a request anew.
pub struct KeptRequest {
    /// Its row, its parameters and its caller.
    pub admitted: AdmittedRequest,
    /// The body that the plan was made from.
    pub body: Bytes,
    /// The upstreams that were asked.
    pub asked: UpstreamSet,
}

impl KeptRequest {
    /// Keeps a request whose row has several upstreams.
    pub fn keep(admitted: &AdmittedRequest, body: &Bytes) -> Option<Box<Self>> {
        let has_others = admitted.route.upstreams.len() > 1;
        let kept = || KeptRequest { admitted: admitted.clone(), body: body.clone(), asked: UpstreamSet::default() };
        has_others.then(|| Box::new(kept()))
    }
}

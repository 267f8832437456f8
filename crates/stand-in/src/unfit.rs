//! What is wrong with the tools or the choice of a call, before an endpoint gives the refusal its shape.

use std::borrow::Cow;

use crate::fault;
use crate::reply::Reply;

/// What a vendor finds wrong.
#[derive(Debug)]
pub(crate) struct Unfit {
    pub message: Cow<'static, str>,
    pub param: Option<String>,
    /// Whether ARGO's own code fails over it, before a vendor sees it.
    pub is_python: bool,
}

impl Unfit {
    pub(crate) fn new(message: impl Into<Cow<'static, str>>, param: Option<String>) -> Self {
        Self { message: message.into(), param, is_python: false }
    }

    /// Returns the refusal of a legacy chat.
    pub(crate) fn reply(&self) -> Reply {
        if self.is_python {
            return fault::error(500, &self.message, "KeyError", "internal_error");
        }
        fault::vendor_refused(&self.message, self.param.as_deref())
    }
}

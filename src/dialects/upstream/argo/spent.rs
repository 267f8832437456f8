//! The failure of models whose hidden reasoning took all tokens that the request allowed: ARGO's program then finds no answer,
//! and reports its own exception.

use crate::dialects::upstream::VendorError;
use http::StatusCode;

/// The beginning of the exception, and the ways in which it goes on.
const EXCEPTION: (&str, [&str; 2]) = ("'NoneType' object ", ["has no attribute 'parts'", "is not iterable"]);
const ADVICE: &str = "The model used all tokens of the answer for hidden reasoning, and none were left for a text. Raise max_tokens to 2048 or more, or leave it out.";

/// Returns the error; if it is this exception, then in words that say what to do. The same request would fail again, so it
/// counts as the client's.
pub fn explained(error: VendorError) -> VendorError {
    let (opening, ways) = EXCEPTION;
    let is_spent = error.message.strip_prefix(opening).is_some_and(|rest| ways.contains(&rest.trim_end_matches('.')));
    if !is_spent {
        return error;
    }
    VendorError {
        status: Some(StatusCode::BAD_REQUEST),
        kind: Some("invalid_request_error".to_owned()),
        message: ADVICE.to_owned(),
        param: Some("max_tokens".to_owned()),
        code: Some("budget_spent_on_reasoning".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exception_becomes_advice_and_every_other_error_stays() {
        let of = |message: &str| explained(VendorError { message: message.to_owned(), ..VendorError::default() });
        for message in ["'NoneType' object is not iterable", "'NoneType' object has no attribute 'parts'"] {
            let error = of(message);
            assert_eq!(error.code.as_deref(), Some("budget_spent_on_reasoning"), "{message}");
            assert!(error.message.contains("Raise max_tokens") && error.status == Some(StatusCode::BAD_REQUEST));
        }
        for message in ["'NoneType' object has no attribute 'text'", "x 'NoneType' object is not iterable", ""] {
            assert_eq!(of(message), VendorError { message: message.to_owned(), ..VendorError::default() });
        }
    }
}

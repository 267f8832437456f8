//! Why a TLS handshake with an upstream failed, in words for people.

use pingora::Error;

/// The start of a cause that is only an address. The real cause is then in pingora's sentence.
const OWN_ADDRESS: &str = "local address ";

/// Returns the innermost cause of an error, without the sentences that pingora wraps around it.
pub fn reason(error: &Error) -> String {
    let mut inner = error;
    while let Some(cause) = inner.cause.as_ref().and_then(|cause| cause.downcast_ref::<Box<Error>>()) {
        inner = cause;
    }
    match (&inner.cause, &inner.context) {
        // For a failed handshake, pingora puts its own address into the cause, and the cause into its sentence.
        (Some(cause), Some(context)) if cause.to_string().starts_with(OWN_ADDRESS) => handshake(context.as_str()),
        (Some(cause), _) => cause.to_string(),
        (None, Some(context)) => handshake(context.as_str()),
        (None, None) => inner.etype().as_str().to_owned(),
    }
}

/// Returns the message of rustls inside pingora's sentence on a handshake. Any other sentence stays unchanged.
fn handshake(sentence: &str) -> String {
    let Some((rest, _)) = sentence.rsplit_once(", SNI: ") else { return sentence.to_owned() };
    rest.rsplit_once("cause: ").map_or(rest, |(_, cause)| cause).trim().to_owned()
}

/// Returns true if no trusted authority signed the certificate.
pub fn is_untrusted(reason: &str) -> bool {
    ["UnknownIssuer", "BadSignature"].iter().any(|word| reason.contains(word))
}

/// Returns what a reason means; `None` if it is none of the usual ones. pingora passes on the text of rustls, not its type.
pub fn meaning(reason: &str) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    let usual = [
        (says(&["UnknownIssuer"]), "nobody whom this machine trusts vouches for its certificate"),
        (says(&["BadSignature"]), "an authority of this name is trusted, but another one signed its certificate"),
        (says(&["NotValidForName", "not valid for name"]), "its certificate is for another name"),
        (says(&["certificate expired", "CertExpired", "Expired"]), "its certificate has expired"),
        (says(&["NotValidYet", "not valid yet"]), "its certificate is not valid yet; is the clock right?"),
        (says(&["corrupt message", "InvalidContentType"]), "it does not speak TLS"),
    ];
    usual.into_iter().find(|(is_it, _)| *is_it).map(|(_, meaning)| meaning)
}

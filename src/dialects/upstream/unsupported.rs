//! Parameters that an upstream cannot do.

use super::UpstreamDialect;
use crate::chat::conversation::Param;
use crate::json;
use crate::wire::Failure;

/// Refuses parameters that an upstream cannot do, if leaving them out would change the answer's meaning.
///
/// # Errors
/// 400 naming the parameter.
pub fn check(dialect: &dyn UpstreamDialect, params: &[Param<'_>]) -> Result<(), Failure> {
    for (name, value) in params.iter().filter(|(_, value)| !json::is_null(value)) {
        if let Some(why) = dialect.refuses(name, value.get()) {
            return Err(Failure::unsupported(name, &format!("{} {why}", dialect.name())));
        }
    }
    Ok(())
}

//! The key of a proxy that serves its own user, where the system does not say which user a connection is of.

use crate::access::{Key, Mode};
use crate::config::Config;
use crate::proxy::connection::sender;

/// Makes a key if the proxy needs one. It holds for as long as the process runs, and nothing keeps it.
///
/// # Errors
/// The system gives no random bytes.
pub fn make(config: &Config) -> Result<Option<Key>, String> {
    // The mode of a Unix socket says who connects.
    let is_needed = config.access == Mode::Own && !config.host.is_none() && !sender::is_told();
    if is_needed { Key::make().map(Some) } else { Ok(None) }
}

/// Returns the text that shows the key, once.
pub fn text(key: &Key) -> String {
    format!(
        "This system does not say which user a connection is of. So `access: own` asks each request for this key, which is shown only here and \
         ends with this process:\n  export OPENAI_API_KEY={}\n",
        key.reveal()
    )
}

//! Where `${key}` in a table comes from.

/// Looks up the values of variables.
pub struct Variables<'a> {
    /// The keys of `config.yaml`; they go before the environment.
    pub config: &'a dyn Fn(&str) -> Option<String>,
    /// The environment.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

//! Keys of other programs' files, for people who come from there: what the key is called here, or that it is not needed.

/// What to say of a key that this program does not have and another one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Whose key it is.
    pub program: &'static str,
    /// What to do about it.
    pub help: String,
    /// True if nothing is lost without it, so that a warning is enough.
    pub is_harmless: bool,
}

/// LiteLLM's sections, and what they are here.
const LITELLM: &[(&str, &str)] = &[
    (
        "model_list",
        "in routes.yaml or local-routes.yaml, each model_name is a name in `names` of a group of models, and api_base is the \
         `url` of an upstream",
    ),
    (
        "general_settings",
        "master_key is `access: keys` here, with a key for each person: argo-openai-proxy key new NAME",
    ),
    ("litellm_settings", "request_timeout is `timeout` of config.yaml; the rest is not needed"),
    ("router_settings", "several URLs of an upstream are a list at its `url`; the rest is not needed"),
    ("environment_variables", "set them where the program starts; ${NAME} in a value takes them in"),
];

impl Foreign {
    /// Returns what to say of a key of LiteLLM's configuration.
    pub fn of_litellm(name: &str) -> Option<Self> {
        let (_, help) = LITELLM.iter().find(|(known, _)| *known == name)?;
        let help = format!("{help} (docs/coming-from.md)");
        Some(Foreign { program: "LiteLLM", help, is_harmless: false })
    }
}

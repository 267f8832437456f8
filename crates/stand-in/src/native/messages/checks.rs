//! What Claude, its host and ARGO refuse on `/v1/messages`, apart from thinking and history.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::native::body::NativeBody;
use crate::native::model::Model;
use crate::native::refusal::{By, Refusal};

/// The members of a tool and of `output_config` that are refused.
#[derive(Deserialize)]
struct Strict {
    #[serde(default)]
    strict: Option<bool>,
}

#[derive(Deserialize)]
struct OutputConfig<'a> {
    #[serde(borrow, default)]
    effort: Option<&'a RawValue>,
    #[serde(borrow, default)]
    format: Option<&'a RawValue>,
}

/// Returns the token limit of a call that may go on.
pub(super) fn all(model: Model<'_>, read: &NativeBody<'_>) -> Result<u64, Refusal> {
    let Some(limit) = read.max_tokens else {
        return Err(Refusal::argo(400, "BadRequestError", "max_tokens is required"));
    };
    sampling(model, read)?;
    output(model, read.output_config)?;
    let tools: Vec<Strict> = read.tools.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    if tools.iter().any(|tool| tool.strict == Some(true)) {
        return Err(forbidden("strict_tools"));
    }
    Ok(limit)
}

fn sampling(model: Model<'_>, read: &NativeBody<'_>) -> Result<(), Refusal> {
    let (temperature, top_p) = (read.temperature.filter(|t| *t != 1.0), read.top_p);
    if model.refuses_sampling() && temperature.is_some() {
        return Err(Refusal::vendor("`temperature` is deprecated for this model."));
    }
    if model.refuses_sampling() && top_p.is_some() {
        return Err(Refusal::vendor("`top_p` is deprecated for this model."));
    }
    if model.takes_one_of_sampling() && read.temperature.is_some() && top_p.is_some() {
        let message = "`temperature` and `top_p` cannot both be specified for this model. Please use only one.";
        return Err(Refusal::vendor(message));
    }
    Ok(())
}

fn output(model: Model<'_>, config: Option<&RawValue>) -> Result<(), Refusal> {
    let Some(config) = config.and_then(|raw| serde_json::from_str::<OutputConfig<'_>>(raw.get()).ok()) else {
        return Ok(());
    };
    let known = [r#""low""#, r#""medium""#, r#""high""#, r#""xhigh""#, r#""max""#];
    // Older generations take any effort, and say nothing.
    if model.refuses_sampling() && config.effort.is_some_and(|effort| !known.contains(&effort.get())) {
        let message = "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'";
        return Err(Refusal::vendor(message));
    }
    match config.format {
        Some(_) => Err(forbidden("structured_outputs")),
        None => Ok(()),
    }
}

/// Returns the refusal of a feature by a policy of the host. The name of the policy is public, the sentence around it is not.
fn forbidden(feature: &str) -> Refusal {
    let message = format!(
        "Organization Policy constraint constraints/vertexai.allowedPartnerModelFeatures violated: {feature} is not allowed."
    );
    Refusal { by: By::Host, code: Some("FAILED_PRECONDITION"), ..Refusal::vendor(message) }
}

//! The sampling that OpenAI's newest family refuses, on each of its endpoints.

use super::body::NativeBody;
use super::model::Model;
use super::refusal::Refusal;

/// Refuses `top_p`, and each `temperature` but the usual one, if the model does.
pub(crate) fn of_openai(model: Model<'_>, read: &NativeBody<'_>) -> Result<(), Refusal> {
    if !model.is_fifth_gpt() {
        return Ok(());
    }
    if let Some(temperature) = read.temperature.filter(|t| *t != 1.0) {
        let message = format!(
            "Unsupported value: 'temperature' does not support {temperature:?} with this model. Only the default (1) value \
             is supported."
        );
        return Err(Refusal::vendor(message).at("temperature", "unsupported_value"));
    }
    if read.top_p.is_some() {
        let message = "Unsupported parameter: 'top_p' is not supported with this model.";
        return Err(Refusal::vendor(message).at("top_p", "unsupported_parameter"));
    }
    Ok(())
}

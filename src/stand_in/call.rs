//! From a route and a body to the reply: pure, without waiting.

use super::fault::{self, Fault};
use super::paths::Route;
use super::prompts::Endpoint;
use super::reply::Reply;
use super::{StandIn, chat, embed, listing};

impl StandIn {
    pub(super) fn reply(&self, route: Route, body: &[u8]) -> Reply {
        if route.is_call() && self.fails() {
            return Fault::Internal.reply();
        }
        match route {
            Route::Chat => chat::answer(self, Endpoint::Chat, body),
            Route::StreamChat => chat::answer(self, Endpoint::StreamChat, body),
            Route::Embed => embed::answer(self, body),
            Route::Models => listing::models(&self.options.models),
            Route::Health => listing::health(),
        }
    }

    /// The refusal of a model that is not listed. The gateway names the valid ones; the wording is not public.
    pub(super) fn refuse_model(&self, model: &str) -> Option<Reply> {
        if self.known.is_empty() || self.known.contains(model) {
            return None;
        }
        let models = &self.options.models;
        let valid: Vec<&str> = models.iter().map(|model| model.internal_id.as_str()).collect();
        let message = format!("Model '{model}' not found. Valid models: {}", valid.join(", "));
        Some(fault::error(400, &message, "BadRequestError", "model_not_found"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ListedModel, Options};
    use super::*;

    #[test]
    fn only_listed_models_are_served() {
        let listed = ListedModel { id: "Alpha One".into(), internal_id: "alpha1".into(), owned_by: "openai".into() };
        let stand_in = StandIn::new(Options { models: vec![listed], ..Options::default() });
        let call = |model: &str| {
            let body = format!(r#"{{"user":"u","model":"{model}","prompt":["hi"]}}"#);
            stand_in.reply(Route::Chat, body.as_bytes()).read()
        };
        assert_eq!(call("alpha1").0, 200);
        let (status, body) = call("Alpha One");
        assert_eq!(status, 400);
        assert_eq!(body["error"]["code"], "model_not_found");
        assert_eq!(body["error"]["message"], "Model 'Alpha One' not found. Valid models: alpha1");
    }

    #[test]
    fn failures_spare_what_is_no_call() {
        let stand_in = StandIn::new(Options { failure_rate: 1.0, ..Options::default() });
        for route in [Route::Chat, Route::StreamChat, Route::Embed] {
            assert_eq!(stand_in.reply(route, b"{}").read().0, 500);
        }
        assert_eq!(stand_in.reply(Route::Models, b"").read().0, 200);
    }
}

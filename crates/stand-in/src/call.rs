//! Makes the reply to a route and a body, without waiting and without I/O.

use crate::caller::Caller;
use crate::fault::Fault;
use crate::paths::Route;
use crate::prompts::Endpoint;
use crate::reply::Reply;
use crate::server::StandIn;
use crate::{chat, embed, listing, native};

impl StandIn {
    /// Returns the reply. Calls to models fail at the rate of the options, all other routes never.
    pub(crate) fn reply(&self, route: Route, caller: Caller<'_>, body: &[u8]) -> Reply {
        if route.is_call() && self.fails() {
            return if route.is_of_claude() { native::messages::failed() } else { Fault::Internal.reply() };
        }
        match route {
            Route::Chat => chat::answer(self, Endpoint::Chat, body),
            Route::StreamChat => chat::answer(self, Endpoint::StreamChat, body),
            Route::Embed => embed::answer(self, body),
            Route::Models => listing::models(&self.options.models),
            Route::Health => listing::health(),
            Route::Completions => native::chat::answer(self, caller, body),
            Route::Messages => native::messages::answer(self, caller, body),
            Route::CountTokens => native::messages::count(self, caller, body),
            Route::Responses => native::responses::answer(self, caller, body),
            Route::Embeddings => native::embeddings::answer(self, caller, body),
            Route::OpenApi => native::openapi::document(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ListedModel, Options};

    #[test]
    fn only_listed_models_are_served() {
        let listed = ListedModel { id: "Alpha One".into(), internal_id: "alpha1".into(), owned_by: "openai".into() };
        let stand_in = StandIn::new(Options { models: vec![listed], ..Options::default() });
        let call = |model: &str| {
            let body = format!(r#"{{"user":"u","model":"{model}","prompt":["hi"]}}"#);
            stand_in.reply(Route::Chat, Caller::default(), body.as_bytes()).read()
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
        for route in [Route::Chat, Route::StreamChat, Route::Embed, Route::Completions, Route::Responses] {
            assert_eq!(stand_in.reply(route, Caller::default(), b"{}").read().0, 500);
        }
        let (status, body) = stand_in.reply(Route::Messages, Caller::default(), b"{}").read();
        assert_eq!((status, &body["error"]["type"]), (500, &serde_json::json!("api_error")));
        assert_eq!(stand_in.reply(Route::Models, Caller::default(), b"").read().0, 200);
    }
}

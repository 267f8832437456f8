//! ARGO's paths: the route of a request, or its refusal.

use std::net::SocketAddr;

use pingora::http::Method;

/// The path under which all endpoints are. The base URL of the native ones is the server's address with it.
pub const BASE_PATH: &str = "/argoapi";
/// Chat, whole answers (POST).
pub const CHAT_PATH: &str = "/argoapi/api/v1/resource/chat/";
/// Chat, streamed text (POST).
pub const STREAM_CHAT_PATH: &str = "/argoapi/api/v1/resource/streamchat/";
/// Embeddings (POST).
pub const EMBED_PATH: &str = "/argoapi/api/v1/resource/embed/";
/// Models listing beside the legacy calls (GET).
pub const MODELS_PATH: &str = "/argoapi/api/v1/models/";
/// The same listing beside the native calls (GET).
pub const NATIVE_MODELS_PATH: &str = "/argoapi/v1/models";
/// Health page (GET).
pub const HEALTH_PATH: &str = "/argoapi/api/v1/resource/health/";

/// Native chat, whole and streamed (POST).
pub const COMPLETIONS_PATH: &str = "/argoapi/v1/chat/completions";
/// Claude's messages, whole and streamed (POST).
pub const MESSAGES_PATH: &str = "/argoapi/v1/messages";
/// The tokens of Claude's messages (POST).
pub const COUNT_TOKENS_PATH: &str = "/argoapi/v1/messages/count_tokens";
/// OpenAI's responses, whole and streamed (POST).
pub const RESPONSES_PATH: &str = "/argoapi/v1/responses";
/// Native embeddings (POST).
pub const EMBEDDINGS_PATH: &str = "/argoapi/v1/embeddings";
/// What the gateway serves, in its own words (GET).
pub const OPENAPI_PATH: &str = "/argoapi/openapi.json";

/// Returns the base URL of a server at this address: what `argo_base_url` has to be.
pub fn base_url(address: SocketAddr) -> String {
    format!("http://{address}{BASE_PATH}")
}

/// The route of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Chat,
    StreamChat,
    Embed,
    Models,
    Health,
    Completions,
}

/// The reason why a request has no route.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Detour {
    NotFound,
    /// With the only method that the path allows.
    MethodNotAllowed(&'static str),
    /// With the path that differs in its final slash.
    Redirect(String),
}

impl Route {
    pub(crate) fn find(method: &Method, path: &str) -> Result<Self, Detour> {
        let Some(route) = Self::at(path) else {
            let other = match path.strip_suffix('/') {
                Some(without) => without.to_owned(),
                None => format!("{path}/"),
            };
            return Err(match Self::at(&other) {
                Some(_) => Detour::Redirect(other),
                None => Detour::NotFound,
            });
        };
        if method.as_str() == route.method() { Ok(route) } else { Err(Detour::MethodNotAllowed(route.method())) }
    }

    /// Returns true for a call to a model. Only such calls wait and fail as the options say.
    pub(crate) fn is_call(self) -> bool {
        match self {
            Self::Chat | Self::StreamChat | Self::Embed | Self::Completions => true,
            Self::Models | Self::Health => false,
        }
    }

    fn at(path: &str) -> Option<Self> {
        match path {
            CHAT_PATH => Some(Self::Chat),
            STREAM_CHAT_PATH => Some(Self::StreamChat),
            EMBED_PATH => Some(Self::Embed),
            MODELS_PATH | NATIVE_MODELS_PATH => Some(Self::Models),
            HEALTH_PATH => Some(Self::Health),
            COMPLETIONS_PATH => Some(Self::Completions),
            _ => None,
        }
    }

    fn method(self) -> &'static str {
        if self.is_call() { "POST" } else { "GET" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_one_method() {
        for path in [CHAT_PATH, STREAM_CHAT_PATH, EMBED_PATH, COMPLETIONS_PATH] {
            assert!(Route::find(&Method::POST, path).is_ok_and(Route::is_call));
            assert_eq!(Route::find(&Method::GET, path), Err(Detour::MethodNotAllowed("POST")));
        }
        for path in [MODELS_PATH, NATIVE_MODELS_PATH, HEALTH_PATH] {
            assert!(Route::find(&Method::GET, path).is_ok());
            assert_eq!(Route::find(&Method::POST, path), Err(Detour::MethodNotAllowed("GET")));
        }
    }

    #[test]
    fn the_final_slash_redirects_both_ways() {
        assert_eq!(
            Route::find(&Method::POST, CHAT_PATH.trim_end_matches('/')),
            Err(Detour::Redirect(CHAT_PATH.into()))
        );
        assert_eq!(
            Route::find(&Method::GET, &format!("{NATIVE_MODELS_PATH}/")),
            Err(Detour::Redirect(NATIVE_MODELS_PATH.into()))
        );
        for path in ["/", "", "/argoapi/v1/completions"] {
            assert_eq!(Route::find(&Method::POST, path), Err(Detour::NotFound));
        }
    }
}

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
    Messages,
    CountTokens,
    Responses,
    Embeddings,
    OpenApi,
}

static ROUTES: &[(&str, Route)] = &[
    (CHAT_PATH, Route::Chat),
    (STREAM_CHAT_PATH, Route::StreamChat),
    (EMBED_PATH, Route::Embed),
    (MODELS_PATH, Route::Models),
    (NATIVE_MODELS_PATH, Route::Models),
    (HEALTH_PATH, Route::Health),
    (COMPLETIONS_PATH, Route::Completions),
    (MESSAGES_PATH, Route::Messages),
    (COUNT_TOKENS_PATH, Route::CountTokens),
    (RESPONSES_PATH, Route::Responses),
    (EMBEDDINGS_PATH, Route::Embeddings),
    (OPENAPI_PATH, Route::OpenApi),
];

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
            Self::Chat | Self::StreamChat | Self::Embed => true,
            Self::Completions | Self::Messages | Self::CountTokens | Self::Responses | Self::Embeddings => true,
            Self::Models | Self::Health | Self::OpenApi => false,
        }
    }

    /// Returns true for the calls whose errors have Anthropic's shape.
    pub(crate) fn is_of_claude(self) -> bool {
        matches!(self, Self::Messages | Self::CountTokens)
    }

    fn at(path: &str) -> Option<Self> {
        ROUTES.iter().find(|(at, _)| *at == path).map(|(_, route)| *route)
    }

    fn method(self) -> &'static str {
        if self.is_call() { "POST" } else { "GET" }
    }
}

/// Returns each path with its method.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|(path, route)| (*path, route.method()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_one_method() {
        for (path, method) in all() {
            let (method, other) =
                if method == "POST" { (Method::POST, Method::GET) } else { (Method::GET, Method::POST) };
            let route = Route::find(&method, path).unwrap_or_else(|detour| panic!("{path}: {detour:?}"));
            assert_eq!(route.is_call(), method == Method::POST, "{path}");
            assert_eq!(Route::find(&other, path), Err(Detour::MethodNotAllowed(route.method())), "{path}");
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

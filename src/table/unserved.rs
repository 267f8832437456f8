//! Well-known paths of other APIs, and what their clients can use instead. The error about a path that no row has says so.
//!
//! The paths to use come from the table that is loaded. As soon as a row takes one of the paths here, that row serves it.

use super::find::{joined, wanted};
use super::routing_table::Table;
use crate::models::glob;
use crate::table::Route;
use http::Method;
use std::sync::Arc;

/// An API that clients may expect.
struct Api {
    /// Its name.
    name: &'static str,
    /// Its paths, each with a slash at its end. `*` stands for any text.
    paths: &'static [&'static str],
    /// What to use instead, best first. The first one that the table serves is told.
    instead: &'static [Instead],
}

/// What clients of another API can use.
struct Instead {
    /// The transformer or reply whose row is meant.
    does: &'static str,
    /// How to get there; `{path}` is the row's path and `{base}` the path of the base URL.
    how: &'static str,
}

const fn instead(does: &'static str, how: &'static str) -> Instead {
    Instead { does, how }
}

const CHAT: &str = "openai_chat_completions";
/// For APIs without a counterpart here.
const NOTHING_ALIKE: &[Instead] = &[instead("docs", "GET {path} shows what is served.")];
/// For programs that can be told which API to speak.
const OTHER_PROVIDER: &[Instead] =
    &[instead(CHAT, "Choose OpenAI-compatible as the provider, with a base URL that ends with {base} (POST {path}).")];

/// The first that fits counts.
const APIS: &[Api] = &[
    Api {
        name: "Azure's deployments",
        paths: &["/openai/deployments/*"],
        instead: &[instead(
            CHAT,
            "Use the client for OpenAI (OpenAI, not AzureOpenAI), with a base URL that ends with {base} (POST {path}).",
        )],
    },
    Api {
        name: "OpenAI's Assistants API",
        paths: &["*/assistants/*", "*/threads/*"],
        instead: &[instead(CHAT, "Use POST {path}.")],
    },
    Api {
        name: "OpenAI's Responses API",
        paths: &["*/responses/*"],
        instead: &[instead(
            CHAT,
            "Use POST {path} (Python and Node: client.chat.completions.create; AI SDK: openai.chat(…); Agents SDK: \
         set_default_openai_api('chat_completions')). Programs that know nothing else, such as Codex, do not work here.",
        )],
    },
    Api {
        name: "Anthropic's Messages API",
        paths: &["*/messages/*", "*/complete/"],
        instead: &[instead(
            CHAT,
            "Use POST {path} with a client for OpenAI. Programs that know nothing else, such as Claude Code, need a gateway \
         that translates in front of this proxy (docs/coming-from.md).",
        )],
    },
    Api {
        name: "Google's Gemini API",
        paths: &["*:generateContent/", "*:streamGenerateContent/", "*:countTokens/"],
        instead: OTHER_PROVIDER,
    },
    Api {
        name: "Google's Gemini API",
        paths: &["*:embedContent/", "*:batchEmbedContents/"],
        instead: &[instead("openai_embeddings", "Use POST {path} with a client for OpenAI.")],
    },
    Api { name: "the API of LM Studio", paths: &["/api/v0/*"], instead: OTHER_PROVIDER },
    Api { name: "the API of Ollama", paths: &["/api/*"], instead: OTHER_PROVIDER },
    Api { name: "OpenAI's Images API", paths: &["*/images/*"], instead: NOTHING_ALIKE },
    Api { name: "OpenAI's Audio API", paths: &["*/audio/*"], instead: NOTHING_ALIKE },
    Api { name: "OpenAI's Realtime API", paths: &["*/realtime/*"], instead: NOTHING_ALIKE },
    Api { name: "OpenAI's Videos API", paths: &["*/videos/*"], instead: NOTHING_ALIKE },
    Api { name: "Google's Files API", paths: &["*/v1beta/files/*"], instead: NOTHING_ALIKE },
    Api {
        name: "OpenAI's Files API",
        paths: &["*/files/*", "*/uploads/*", "*/vector_stores/*"],
        instead: NOTHING_ALIKE,
    },
    Api {
        name: "OpenAI's Batch API",
        paths: &["*/batches/*"],
        instead: &[instead(CHAT, "Send the requests one by one to POST {path}.")],
    },
    Api { name: "OpenAI's Moderations API", paths: &["*/moderations/*"], instead: NOTHING_ALIKE },
    Api { name: "OpenAI's fine-tuning", paths: &["*/fine_tuning/*", "*/fine-tunes/*"], instead: NOTHING_ALIKE },
    Api { name: "reranking", paths: &["*/rerank/*"], instead: NOTHING_ALIKE },
];

impl Table {
    /// Returns a sentence on what to do about a path that no row has; empty if there is nothing to say.
    pub fn hint(&self, method: &Method, path: &str) -> String {
        let path = &*joined(path);
        if let Some(served) = self.with_less_before(method, path) {
            return self.did_you_mean(&[served]);
        }
        if let Some(served) = self.with_more_before(method, path) {
            return self.did_you_mean(&[served]);
        }
        let asked = format!("{}/", path.chars().take(200).collect::<String>());
        match APIS.iter().find(|api| api.paths.iter().any(|known| glob::fits(known, &asked))) {
            Some(api) => format!("This proxy does not serve {}. {}", api.name, self.way_out(api)).trim_end().to_owned(),
            None => self.did_you_mean(&self.near(path)),
        }
    }

    fn did_you_mean(&self, paths: &[String]) -> String {
        let [first, ..] = paths else { return String::new() };
        let base = self.base_path().filter(|base| first.starts_with(base) && base.len() > 1);
        let base = base.map(|base| format!(" The base URL for clients ends with {base}.")).unwrap_or_default();
        format!("Did you mean {}?{base}", paths.join(" or "))
    }

    /// Returns the path without some of its first segments, if a row takes that: a base URL may have one part too many.
    fn with_less_before(&self, method: &Method, path: &str) -> Option<String> {
        let parts = path.match_indices('/').map(|(at, _)| path.get(at..).unwrap_or_default());
        // The shortest are left out: every path ends with the path `/`.
        let shorter = parts.skip(1).take(8).filter(|path| path.len() > 1);
        shorter.map(str::to_owned).find(|path| self.takes(method, path))
    }

    /// Returns the path of a row that ends with this path: a base URL may lack its last part.
    fn with_more_before(&self, method: &Method, path: &str) -> Option<String> {
        let ends = |row: &&Arc<Route>| row.path.len() > path.len() && row.path.ends_with(path);
        let row = self.routes.iter().filter(|_| path.len() > 1).find(ends)?;
        row.methods.contains(wanted(method)).then(|| row.path.clone())
    }

    fn way_out(&self, api: &Api) -> String {
        let row = |does: &str| self.routes.iter().find(|route| route.does == does);
        let found = api.instead.iter().find_map(|instead| Some((instead, row(instead.does)?)));
        let base = self.base_path().unwrap_or_default();
        found.map(|(instead, row)| instead.how.replace("{path}", &row.path).replace("{base}", base)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Matched, Variables, no_files};

    fn hint(routes: &str, path: &str) -> String {
        let text = format!(
            "version: 1\nupstreams: {{ up: {{ url: http://x/, dialect: argo }} }}\nmodels: {{ m: {{ show: {{ owned_by: x, created: 1 }}, \
             names: {{ a: a }} }} }}\nroutes: [{routes}]\n"
        );
        let variables = Variables { config: &|_| None, environment: &|_| None, files: &no_files };
        let (table, _) = Table::load("t.yaml", &text, &variables).unwrap_or_else(|problems| panic!("{problems:?}"));
        match table.find(&Method::POST, path) {
            Matched::Nothing => table.hint(&Method::POST, path),
            Matched::Route(route, _) => format!("served by {}", route.path),
            Matched::OtherMethods(_) => "another method".to_owned(),
        }
    }

    const OWN_CHAT: &str =
        "{ path: /x/chat/completions, upstream: up, models: m, transformer: openai_chat_completions }";

    #[test]
    fn a_well_known_path_names_only_what_this_table_serves() {
        let told = hint(OWN_CHAT, "/v1/responses");
        assert!(told.contains("Responses API. Use POST /x/chat/completions (Python"), "{told}");
        assert_eq!(
            hint("{ path: /a, reply: health }", "/v1/responses"),
            "This proxy does not serve OpenAI's Responses API."
        );
        assert_eq!(
            hint("{ path: /v1/responses, method: POST, reply: docs }", "/v1/responses"),
            "served by /v1/responses"
        );
        assert!(
            hint("{ path: /page, reply: docs }", "/v1/images/generations").ends_with("GET /page shows what is served.")
        );
    }

    #[test]
    fn a_well_known_path_that_is_served_under_a_base_path_is_no_other_api() {
        let served = "{ path: /v1/responses, upstream: up, models: m, transformer: openai_responses }";
        assert_eq!(hint(served, "/responses"), "Did you mean /v1/responses? The base URL for clients ends with /v1.");
    }

    #[test]
    fn each_well_known_path_is_told_by_its_name() {
        for (path, name) in [
            ("/openai/deployments/any/chat/completions", "Azure"),
            ("/v1/threads/t_1/messages", "Assistants"),
            ("/responses", "Responses"),
            ("/v1/responses/resp_1", "Responses"),
            ("/v1/messages", "Messages"),
            ("/v1/messages/count_tokens", "Messages"),
            ("/v1beta/models/any:streamGenerateContent", "Gemini"),
            ("/v1beta/models/x:embedContent", "Gemini"),
            ("/api/v0/models", "LM Studio"),
            ("/api/tags", "Ollama"),
            ("/v1/audio/speech", "Audio"),
            ("/v1/files", "OpenAI's Files"),
            ("/upload/v1beta/files", "Google's Files"),
            ("/v1/batches", "Batch"),
            ("/v1/moderations", "Moderations"),
            ("/v1/rerank", "reranking"),
        ] {
            assert!(hint(OWN_CHAT, path).contains(name), "{path}: {}", hint(OWN_CHAT, path));
        }
        assert_eq!(hint(OWN_CHAT, "/v1/filesystem"), "");
    }

    #[test]
    fn a_base_url_with_too_much_or_too_little_is_told_with_the_path_that_is_meant() {
        for path in
            ["/x/x/chat/completions", "/openai/x/chat/completions", "/api/x/chat/completions", "/chat/completions"]
        {
            assert_eq!(
                hint(OWN_CHAT, path),
                "Did you mean /x/chat/completions? The base URL for clients ends with /x.",
                "{path}"
            );
        }
    }

    #[test]
    fn empty_segments_are_joined() {
        for path in ["/x//chat/completions", "//x/chat///completions//", "/x/chat/completions/"] {
            assert_eq!(hint(OWN_CHAT, path), "served by /x/chat/completions", "{path}");
        }
    }
}

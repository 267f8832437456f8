//! The recipes of docs/upstreams.md, run as they stand there but for addresses, with a server of this machine as the vendor.

use super::examples::{checked_before, examples_of, local_of, routes};
use crate::reload::{replace, until};
use crate::support::{Argo, Server, Setup};
use serde_json::{Value, json};

const RECIPES: &str = include_str!("../../../docs/upstreams.md");
const CHAT: &str = "/v1/chat/completions";

/// What a recipe is about: where its vendor is, what a client asks, and what arrives there.
struct Recipe {
    title: &'static str,
    vendor: &'static str,
    path: &'static str,
    name: &'static str,
    id: &'static str,
    vendor_path: &'static str,
    credential: Option<(&'static str, &'static str)>,
}

const ALL: &[Recipe] = &[
    Recipe {
        title: "ALCF's inference service",
        vendor: "https://inference-api.alcf.anl.gov",
        path: CHAT,
        name: "alcf:gpt-oss-120b",
        id: "openai/gpt-oss-120b",
        vendor_path: "/resource_server/sophia/vllm/v1/chat/completions",
        credential: Some(("authorization", "Bearer of-globus")),
    },
    Recipe {
        title: "ALCF's inference service, with a token from the environment",
        vendor: "https://inference-api.alcf.anl.gov",
        path: CHAT,
        name: "alcf:gpt-oss-120b",
        id: "gpt-oss-120b-131072",
        vendor_path: "/resource_server/metis/api/v1/chat/completions",
        credential: Some(("authorization", "Bearer s3cr3t")),
    },
    Recipe {
        title: "vLLM",
        vendor: "http://gpu01.lab.test:8000",
        path: CHAT,
        name: "lab:qwen3",
        id: "Qwen/Qwen3-32B",
        vendor_path: CHAT,
        credential: Some(("authorization", "Bearer s3cr3t")),
    },
    Recipe {
        title: "Ollama",
        vendor: "http://localhost:11434",
        path: "/ollama/v1/chat/completions",
        name: "ollama:llama3.2:3b",
        id: "llama3.2:3b",
        vendor_path: CHAT,
        credential: None,
    },
    Recipe {
        title: "LiteLLM's proxy",
        vendor: "http://localhost:4000",
        path: CHAT,
        name: "lab:team-large",
        id: "team-large",
        vendor_path: CHAT,
        credential: Some(("authorization", "Bearer s3cr3t")),
    },
    Recipe {
        title: "Another instance of this proxy",
        vendor: "http://proxy.lab.test:44497",
        path: "/group/v1/chat/completions",
        name: "argo:gpt-4o",
        id: "argo:gpt-4o",
        vendor_path: CHAT,
        credential: Some(("authorization", "Bearer s3cr3t")),
    },
    Recipe {
        title: "OpenAI",
        vendor: "https://api.openai.com",
        path: CHAT,
        name: "openai:gpt-5-mini",
        id: "gpt-5-mini",
        vendor_path: CHAT,
        credential: Some(("authorization", "Bearer s3cr3t")),
    },
    Recipe {
        title: "Anthropic",
        vendor: "https://api.anthropic.com",
        path: CHAT,
        name: "anthropic:claude-haiku-4.5",
        id: "claude-haiku-4-5",
        vendor_path: "/v1/messages",
        credential: Some(("x-api-key", "s3cr3t")),
    },
];

/// The variables that recipes take their keys from.
const KEYS: &[&str] = &["ALCF_TOKEN", "VLLM_KEY", "LITELLM_KEY", "GROUP_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"];

/// A vendor that says hello in OpenAI's or Anthropic's words.
fn vendor() -> Argo {
    let usage = json!({"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10});
    let message = json!({"role": "assistant", "content": "Hello"});
    let chat = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": usage,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]});
    let anthropic = json!({"id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "Hello"}], "usage": {"input_tokens": 8, "output_tokens": 2}});
    Argo::start(move |request, connection| {
        let body = if request.path.ends_with("/messages") { &anthropic } else { &chat };
        connection.json(200, &body.to_string());
    })
}

fn setup(recipe: &Recipe, argo: &Argo, vendor: &Argo) -> Setup {
    let at = format!("http://{}", vendor.address);
    let local = local_of(RECIPES, recipe.title, &[(recipe.vendor, &at)]);
    let setup =
        Setup::before(argo).routes(&routes()).file("local-routes.yaml", &local).file("alcf.token", "of-globus\n");
    KEYS.iter().fold(setup, |setup, key| setup.environment(key, "s3cr3t"))
}

fn hello(server: &Server, recipe: &Recipe) -> Value {
    let body = json!({"model": recipe.name, "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]});
    let answer = server.post(recipe.path, &body.to_string());
    assert_eq!(answer.status, 200, "{}: {answer:?}", recipe.title);
    answer.json()
}

#[test]
fn each_recipe_calls_its_vendor_and_leaves_argo_its_own() {
    for recipe in ALL {
        let (argo, vendor) = (Argo::saying("of ARGO"), vendor());
        let server = setup(recipe, &argo, &vendor).start();
        let answer = hello(&server, recipe);
        assert_eq!(answer["choices"][0]["message"]["content"], "Hello", "{}", recipe.title);
        assert_eq!((&answer["model"], &answer["usage"]["total_tokens"]), (&json!(recipe.name), &json!(10)));
        let sent = vendor.request();
        assert_eq!((sent.path.as_str(), &sent.json()["model"]), (recipe.vendor_path, &json!(recipe.id)));
        for header in ["authorization", "x-api-key"] {
            let expected = recipe.credential.filter(|(name, _)| *name == header).map(|(_, value)| value);
            assert_eq!(sent.header(header), expected, "{}", recipe.title);
        }
        assert!(
            !String::from_utf8_lossy(&sent.body).contains("tester"),
            "{}: the user's name goes along",
            recipe.title
        );
        if recipe.path == CHAT {
            let own = server.chat(&crate::support::chat("Hi", json!({})));
            assert_eq!(own.json()["choices"][0]["message"]["content"], "of ARGO", "{}", recipe.title);
            assert_eq!((argo.requests().len(), vendor.requests().len()), (1, 1), "{}", recipe.title);
        }
    }
}

#[test]
fn check_is_content_with_each_recipe() {
    let keys: Vec<(&str, &str)> = KEYS.iter().map(|key| (*key, "x")).collect();
    for (title, _) in examples_of(RECIPES) {
        let token = ("alcf.token", "of-globus\n");
        let local = local_of(RECIPES, title, &[]);
        let (content, told) = checked_before(&routes(), &[("local-routes.yaml", &local), token], &keys);
        assert!(content, "{title}: {told}");
    }
}

#[test]
fn each_recipe_is_run() {
    let written: Vec<&str> = examples_of(RECIPES).into_iter().map(|(title, _)| title).collect();
    let run: Vec<&str> = ALL.iter().map(|recipe| recipe.title).collect();
    assert_eq!(written.len(), run.len());
    assert!(written.iter().all(|title| run.contains(title)), "{written:?}");
    // The one block that is no recipe is of config.yaml.
    assert_eq!(RECIPES.matches("\n```yaml\n").count(), written.len() + 1);
}

#[test]
fn a_token_stays_in_use_while_its_file_has_none() {
    let (argo, vendor) = (Argo::saying("Hi"), vendor());
    let recipe = &ALL[0];
    let server = setup(recipe, &argo, &vendor).start();
    replace(&server.file("alcf.token"), "");
    until("the log says so", || server.log().contains("alcf.token holds no token"));
    hello(&server, recipe);
    assert_eq!(vendor.request().header("authorization"), Some("Bearer of-globus"));
    replace(&server.file("alcf.token"), "newer\n");
    until("the new token is sent", || {
        hello(&server, recipe);
        vendor.requests().pop().unwrap().header("authorization") == Some("Bearer newer")
    });
}

#[test]
fn the_recipe_for_ollama_serves_vectors_too() {
    let vectors = json!({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}],
        "model": "m", "usage": {"prompt_tokens": 3, "total_tokens": 3}});
    let vendor = Argo::start(move |_, connection| connection.json(200, &vectors.to_string()));
    let argo = Argo::saying("Hi");
    let recipe = ALL.iter().find(|recipe| recipe.title == "Ollama").unwrap();
    let server = setup(recipe, &argo, &vendor).start();
    let body = json!({"model": "ollama:nomic-embed-text", "input": "Hi", "encoding_format": "float"});
    let answer = server.post("/ollama/v1/embeddings", &body.to_string());
    assert_eq!(answer.json()["data"][0]["embedding"], json!([0.5, 0.25]), "{answer:?}");
    assert_eq!(answer.json()["usage"]["total_tokens"], 3);
    assert_eq!(
        (vendor.request().path.as_str(), &vendor.request().json()["model"]),
        ("/v1/embeddings", &json!("nomic-embed-text"))
    );
}

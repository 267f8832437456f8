//! Large images in data URLs: nobody but the upstream gets to see them, and it gets them whole.

use crate::images::{figures, url, with_images};
use crate::support::{Argo, Server, Setup};
use serde_json::json;

/// The same image, once so small that it stays in the body.
const SMALL: &str = "data:image/png;base64,iVBORw0KGgo=";

fn large() -> String {
    format!("data:image/png;base64,{}", "iVBO".repeat(50_000))
}

/// A proxy with a row for each dialect of upstreams, before one server.
fn proxy(argo: &Argo, allowed: &str) -> Server {
    let base = format!("http://{}", argo.address);
    Setup::before(argo)
        .routes(&format!(
            "version: 1
upstreams:
  legacy: {{ url: \"{base}/chat/\", stream_url: \"{base}/stream/\", dialect: argo }}
  openai: {{ url: \"{base}/v1/chat/completions\", dialect: openai }}
  anthropic: {{ url: \"{base}/v1/messages\", dialect: anthropic }}
  responses: {{ url: \"{base}/v1/responses\", dialect: openai_responses }}
models: {{ m: {{ default: x, show: {{ owned_by: x, created: 1 }}, names: {{ x: y }}, rules: [{{ match: y, tokenizer: o200k, show: {{ context_length: 1000 }} }}] }} }}
routes:
  - {{ path: /legacy, upstream: legacy, models: m, transformer: openai_chat_completions, images: {{ allow_hosts: [\"{allowed}\"] }} }}
  - {{ path: /openai, upstream: openai, models: m, transformer: openai_chat_completions }}
  - {{ path: /anthropic, upstream: anthropic, models: m, transformer: openai_chat_completions }}
  - {{ path: /responses, upstream: responses, models: m, transformer: openai_chat_completions }}
  - {{ path: /in_responses, upstream: legacy, models: m, transformer: openai_responses }}
"
        ))
        .start()
}

/// Returns the bodies that went upstream since the last look.
fn sent(argo: &Argo, seen: &mut usize) -> Vec<String> {
    let all: Vec<String> =
        argo.requests().iter().skip(*seen).map(|one| String::from_utf8(one.body.clone()).unwrap()).collect();
    *seen += all.len();
    all
}

#[test]
fn a_call_with_a_large_image_differs_from_one_with_a_small_one_in_the_image_alone() {
    let argo = Argo::saying("A picture.");
    let server = proxy(&argo, "none.test");
    let mut seen = 0;
    for (path, calls) in [("/legacy", 1), ("/openai", 1), ("/anthropic", 1), ("/responses", 1), ("/legacy", 2)] {
        let mut of = |image: &str| {
            let images = [image.to_owned(), SMALL.replace("png", "gif"), image.to_owned()];
            let body = with_images(&images, json!({"max_tokens": 9, "n": calls}));
            let status = server.post(path, &body).status;
            (status, sent(&argo, &mut seen))
        };
        let (small, large_one) = (of(SMALL), of(&large()));
        // A dialect may write the rest of the URL in another way.
        let data = |image: &str| image.split_once(',').unwrap().1.to_owned();
        let shrunk: Vec<_> = large_one.1.iter().map(|body| body.replace(&data(&large()), &data(SMALL))).collect();
        assert_eq!((large_one.0, shrunk.len()), (small.0, calls), "{path}");
        assert_eq!(shrunk, small.1, "{path}");
        assert!(large_one.1.iter().all(|body| body.matches(&data(&large())).count() == 2), "{path}");
    }
}

#[test]
fn an_image_of_the_request_and_a_fetched_one_stand_side_by_side() {
    let (argo, figures) = (Argo::saying("Two."), figures());
    let server = proxy(&argo, &figures.address.to_string());
    let images = [large(), url(&figures, "/a.png")];
    for body in [with_images(&images, json!({})), with_images(&images, json!({"stream": true}))] {
        assert_eq!(server.client().post_chunked("/legacy", body.as_bytes(), 70_000).status, 200);
        let request = argo.requests().pop().unwrap().json();
        let url =
            |part: usize| request["messages"][1]["content"][part]["image_url"]["url"].as_str().unwrap().to_owned();
        assert_eq!(url(1), large());
        assert!(url(2).starts_with("data:image/png;base64,iVBORw0KGgogb25l"), "{}", url(2));
    }
}

#[test]
fn an_image_in_the_input_of_responses_arrives_and_what_replies_repeat_is_left_alone() {
    let argo = Argo::saying("One.");
    let server = proxy(&argo, "none.test");
    let (image, metadata) = (json!({"type": "input_image", "image_url": large()}), json!({"url": large()}));
    let input = json!([{"role": "user", "content": [image]}]);
    let answer = server.post("/in_responses", &json!({"input": input, "metadata": metadata}).to_string());
    assert_eq!((answer.status, &answer.json()["metadata"]), (200, &metadata), "{answer:?}");
    assert!(argo.requests().pop().unwrap().body.windows(1000).any(|part| part == &large().as_bytes()[500..1500]));
}

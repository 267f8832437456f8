//! Embeddings: ARGO's vectors in OpenAI's form.

use crate::support::{Argo, Client, Connection, Recorded, Server, Setup, merge};
use base64::Engine;
use serde_json::{Value, json};
use std::sync::{Arc, Barrier, Condvar, Mutex, mpsc};
use std::time::Duration;

/// An ARGO that answers `[length of the text, 0.25, -1e-7]` for each text.
fn embedding() -> Argo {
    Argo::start(|request, connection| {
        let texts = request.json()["prompt"].as_array().unwrap().clone();
        let vectors: Vec<String> =
            texts.iter().map(|text| format!("[{}, 0.250,-1e-7]", text.as_str().unwrap().len())).collect();
        connection.json(200, &format!("{{\"embedding\":[{}]}}", vectors.join(",")));
    })
}

/// A table that does not say how long vectors are, so that they can be short here.
pub fn any_length_table() -> String {
    include_str!("../../routes.yaml").replace(", dimensions: 1536", "").replace("dimensions: 3072", "drop: []")
}

fn any_length(argo: &Argo) -> Server {
    Setup::before(argo).routes(&any_length_table()).start()
}

/// The numbers of a vector in base64.
fn numbers(packed: &Value) -> Vec<f32> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed.as_str().unwrap()).unwrap();
    bytes.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

#[test]
fn floats_pass_as_they_were_written() {
    let argo = embedding();
    let server = any_length(&argo);
    let body = json!({"model": "text-embedding-3-large", "input": ["a", "hello world"], "user": "eve", "encoding_format": "float"});
    let answer = server.post("/v1/embeddings", &body.to_string());
    assert_eq!(
        answer.text(),
        r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1, 0.250,-1e-7]},{"object":"embedding","index":1,"embedding":[11, 0.250,-1e-7]}],"model":"text-embedding-3-large","usage":{"prompt_tokens":3,"total_tokens":3}}"#
    );
    let request = argo.request();
    assert_eq!(request.json(), json!({"user": "tester", "model": "v3large", "prompt": ["a", "hello world"]}));
    assert_eq!(request.path, "/argoapi/api/v1/resource/embed/");
}

#[test]
fn base64_is_the_same_numbers() {
    let argo = embedding();
    let server = any_length(&argo);
    let answer = server.post("/v1/embeddings", r#"{"input": "abc", "encoding_format": "base64"}"#).json();
    assert_eq!(numbers(&answer["data"][0]["embedding"]), [3.0, 0.25, -1e-7]);
    assert_eq!(answer["model"], "argo:text-embedding-3-small");
}

#[test]
fn wrong_inputs_are_told_by_field_and_not_sent() {
    let argo = embedding();
    let server = any_length(&argo);
    let many: Vec<String> = (0..2049).map(|n| n.to_string()).collect();
    for (body, param) in [
        (json!({}), "input"),
        (json!({"input": []}), "input"),
        (json!({"input": 5}), "input"),
        (json!({"input": {"a": 1}}), "input"),
        (json!({"input": ""}), "input"),
        (json!({"input": ["a", ""]}), "input[1]"),
        (json!({"input": [1, 200_000]}), "input"),
        (json!({"input": [1, "a"]}), "input[1]"),
        (json!({"input": [[1], []]}), "input[1]"),
        (json!({"input": [[1], [159]]}), "input[1]"),
        (json!({"input": ["a", [1]]}), "input[1]"),
        (json!({ "input": many }), "input"),
        (json!({"input": "a", "encoding_format": "hex"}), "encoding_format"),
        (json!({"input": "a", "dimensions": 0}), "dimensions"),
        (json!({"input": "a", "dimensions": "10"}), "dimensions"),
        (json!({"input": "a", "dimensions": 10, "model": "argo:text-embedding-ada-002"}), "dimensions"),
    ] {
        let answer = server.post("/v1/embeddings", &body.to_string());
        assert_eq!((answer.status, answer.error()["param"].as_str()), (400, Some(param)), "{body}");
    }
    let unknown = server.post("/v1/embeddings", r#"{"input": "a", "model": "argo:gpt-4o"}"#);
    assert_eq!((unknown.status, unknown.error()["code"].as_str()), (404, Some("model_not_found")));
    assert_eq!(argo.requests().len(), 0);
}

#[test]
fn sixteen_inputs_are_one_call() {
    let argo = embedding();
    let server = any_length(&argo);
    let many: Vec<String> = (0..16).map(|n| "x".repeat(n + 1)).collect();
    let answer = server.post("/v1/embeddings", &json!({ "input": many }).to_string()).json();
    for (index, item) in answer["data"].as_array().unwrap().iter().enumerate() {
        assert_eq!((&item["index"], &item["embedding"][0]), (&json!(index), &json!(index + 1)));
    }
    assert_eq!(argo.requests().len(), 1);
}

#[test]
fn answers_that_are_no_vectors_are_errors() {
    for (body, said) in [
        (r#"{"embedding": [[1],[2]]}"#, "2 vectors for 1 inputs"),
        (r#"{"embedding": []}"#, "0 vectors for 1 inputs"),
        (r#"{"embedding": [1]}"#, "a vector that is a number"),
        (r#"{"embedding": [[01]]}"#, "not a list of numbers"),
        (r#"{"embedding": [[1,]]}"#, "not a list of numbers"),
        (r#"{"embedding": "x"}"#, "without an 'embedding'"),
        (r#"{"detail": "too long"}"#, "too long"),
        ("{}", "without an 'embedding'"),
        ("<html><body>oops</body></html>", "oops"),
    ] {
        let argo = Argo::start(move |_, connection| connection.json(200, body));
        let answer = any_length(&argo).post("/v1/embeddings", r#"{"input": "a"}"#);
        let message = answer.error()["message"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, 502, "{body}");
        assert!(message.contains(said), "{body}: {message}");
    }
}

#[test]
fn usage_can_be_left_out() {
    let argo = embedding();
    let table = include_str!("../../routes.yaml")
        .replace(", dimensions: 1536", "")
        .replace("transformer: openai_embeddings }", "transformer: openai_embeddings, usage: none }");
    let server = Setup::before(&argo).routes(&table).start();
    let answer = server.post("/v1/embeddings", r#"{"input": "a"}"#).json();
    assert_eq!(answer.get("usage"), None::<&Value>);
}

#[test]
fn vectors_of_another_length_than_the_models_are_errors() {
    let argo = embedding();
    let answer = Server::before(&argo).post("/v1/embeddings", r#"{"input": "a"}"#);
    assert_eq!(answer.status, 502);
    let message = answer.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("3 numbers; argo:text-embedding-3-small has 1536"), "{message}");
}

/// Forty inputs are three calls: `[text 0 …]`, `[text 16 …]`, `[text 32 …]`.
fn texts(count: usize) -> Value {
    json!({"input": (0..count).map(|n| format!("text {n}")).collect::<Vec<_>>()})
}

/// Answers `[number at the end of the text, 0.5]` for each text.
fn numbered(request: &Recorded, connection: &mut Connection) {
    let texts = request.json()["prompt"].as_array().unwrap().clone();
    let number = |text: &Value| text.as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
    let vectors: Vec<String> = texts.iter().map(|text| format!("[{}, 0.5]", number(text))).collect();
    connection.json(200, &format!("{{\"embedding\":[{}]}}", vectors.join(",")));
}

fn first_text(request: &Recorded) -> String {
    request.json()["prompt"][0].as_str().unwrap().to_owned()
}

#[test]
fn forty_inputs_are_three_calls_put_together_in_order() {
    // The first answers last.
    let gate = Arc::new((Mutex::new(0), Condvar::new()));
    let argo = Argo::start(move |request, connection| {
        let (answered, changed) = &*gate;
        let turn = match first_text(request).as_str() {
            "text 32" => 0,
            "text 16" => 1,
            _ => 2,
        };
        let answered = answered.lock().unwrap();
        let mut answered = changed.wait_while(answered, |answered| *answered < turn).unwrap();
        numbered(request, connection);
        *answered += 1;
        changed.notify_all();
    });
    let server = any_length(&argo);
    let answer = server.post("/v1/embeddings", &texts(40).to_string());
    let reply = answer.json();
    assert_eq!((answer.status, reply["object"].as_str()), (200, Some("list")));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let data = reply["data"].as_array().unwrap();
    assert_eq!(data.len(), 40);
    for (index, item) in data.iter().enumerate() {
        assert_eq!(item, &json!({"object": "embedding", "index": index, "embedding": [index, 0.5]}));
    }
    assert_eq!(reply["usage"], json!({"prompt_tokens": 120, "total_tokens": 120}));
    let mut sizes: Vec<usize> =
        argo.requests().iter().map(|request| request.json()["prompt"].as_array().unwrap().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [8, 16, 16]);
}

#[test]
fn four_calls_of_a_request_are_in_flight_at_once() {
    // Under way, and the most that ever were. The first four wait for each other, so that fewer would never get on.
    let counts = Arc::new((Mutex::new((0, 0)), Condvar::new()));
    let seen = counts.clone();
    let argo = Argo::start(move |request, connection| {
        let (counts, changed) = &*counts;
        let mut now = counts.lock().unwrap();
        *now = (now.0 + 1, now.1.max(now.0 + 1));
        changed.notify_all();
        let (mut now, waited) =
            changed.wait_timeout_while(now, Duration::from_secs(20), |(_, most)| *most < 4).unwrap();
        assert!(!waited.timed_out());
        // Before the answer is out: a next call may come at once.
        now.0 -= 1;
        numbered(request, connection);
    });
    let server = any_length(&argo);
    let answer = server.post("/v1/embeddings", &texts(200).to_string()).json();
    assert_eq!(answer["data"].as_array().unwrap().len(), 200);
    assert_eq!(argo.requests().len(), 13);
    assert_eq!(seen.0.lock().unwrap().1, 4);
}

#[test]
fn one_failed_call_fails_all_and_cancels_the_rest() {
    for (status, code) in [(429, "rate_limit_error"), (500, "server_error")] {
        let (gone, wait) = mpsc::channel();
        let gone = Mutex::new(gone);
        let arrived = Arc::new(Barrier::new(4));
        let argo = Argo::start(move |request, connection| {
            arrived.wait();
            match first_text(request).as_str() {
                "text 32" => connection.json(status, r#"{"error": {"message": "no more of that"}}"#),
                _ => gone.lock().unwrap().send(connection.left()).unwrap(),
            }
        });
        let server = any_length(&argo);
        let answer = server.post("/v1/embeddings", &texts(200).to_string());
        assert_eq!((answer.status, answer.error()["type"].as_str()), (status, Some(code)), "{answer:?}");
        assert!(answer.error()["message"].as_str().unwrap().contains("no more of that"));
        for _ in 0..3 {
            assert_eq!(wait.recv_timeout(Duration::from_secs(20)), Ok(true));
        }
        assert_eq!(argo.requests().len(), 4, "nothing is asked any more");
    }
}

#[test]
fn a_client_that_leaves_cancels_all_calls() {
    let (argo, is_asked, wait) = Argo::silent();
    let server = any_length(&argo);
    let mut client = Client::connect(server.address);
    client.send("POST", "/v1/embeddings", "", texts(40).to_string().as_bytes());
    for _ in 0..3 {
        is_asked.recv_timeout(Duration::from_secs(20)).unwrap();
    }
    drop(client);
    for _ in 0..3 {
        assert_eq!(wait.recv_timeout(Duration::from_secs(20)), Ok(true));
    }
}

#[test]
fn several_calls_share_one_time_limit() {
    let argo = Argo::start(|request, connection| match first_text(request).as_str() {
        "text 0" => assert!(connection.left()),
        _ => numbered(request, connection),
    });
    let server = any_length(&argo);
    let mut body = texts(40);
    body["timeout"] = json!(0.5);
    let answer = server.post("/v1/embeddings", &body.to_string());
    assert_eq!(answer.status, 504, "{answer:?}");
}

#[test]
fn token_ids_reach_argo_as_text() {
    let argo = embedding();
    let server = any_length(&argo);
    let great = [83, 1609, 5963, 374, 2294, 0];
    let answer = server.post("/v1/embeddings", &json!({"input": [great, [15339, 1917]]}).to_string()).json();
    assert_eq!(argo.request().json()["prompt"], json!(["tiktoken is great!", "hello world"]));
    assert_eq!(answer["usage"], json!({"prompt_tokens": 8, "total_tokens": 8}));
    let answer = server.post("/v1/embeddings", &json!({ "input": great }).to_string()).json();
    assert_eq!(answer["data"].as_array().unwrap().len(), 1);
    assert_eq!(argo.requests()[1].json()["prompt"], json!(["tiktoken is great!"]));
}

#[test]
fn dimensions_cut_vectors_of_models_that_allow_it() {
    let argo = embedding();
    let server = any_length(&argo);
    let ask = |more: Value| {
        let mut body = json!({"model": "text-embedding-3-small", "input": "abc"});
        merge(&mut body, more);
        server.post("/v1/embeddings", &body.to_string())
    };
    // Of [3, 0.25, -1e-7].
    let length = 3_f64.hypot(0.25);
    let cut = [(3.0 / length) as f32, (0.25 / length) as f32];
    let floats = ask(json!({"dimensions": 2})).json()["data"][0]["embedding"].clone();
    assert_eq!(serde_json::from_value::<Vec<f32>>(floats).unwrap(), cut);
    let packed = ask(json!({"dimensions": 2, "encoding_format": "base64"})).json();
    assert_eq!(numbers(&packed["data"][0]["embedding"]), cut);
    assert_eq!(ask(json!({"dimensions": null})).json()["data"][0]["embedding"], json!([3, 0.25, -1e-7]));
    assert!(argo.requests().iter().all(|request| request.json().get("dimensions").is_none()));

    let refused = ask(json!({"dimensions": 2, "model": "text-embedding-ada-002"}));
    assert_eq!((refused.status, refused.error()["param"].as_str()), (400, Some("dimensions")));
    let refused = Server::before(&argo).post("/v1/embeddings", r#"{"input": "a", "dimensions": 1537}"#);
    assert!(refused.error()["message"].as_str().unwrap().contains("at most 1536"));
    assert_eq!(argo.requests().len(), 3);
}

#[test]
fn texts_up_to_the_limit_reach_argo_and_longer_ones_do_not() {
    let argo = embedding();
    let server = any_length(&argo);
    let words = |count: usize| "word ".repeat(count).trim_end().to_owned();
    let fits = server.post("/v1/embeddings", &json!({"input": words(8191)}).to_string());
    assert_eq!((fits.status, fits.json()["usage"]["total_tokens"].as_u64()), (200, Some(8191)));
    for input in [json!(words(8192)), json!([vec![1; 8192]]), json!(["a".to_owned() + &words(100_000)])] {
        let refused = server.post("/v1/embeddings", &json!({ "input": input }).to_string());
        let error = refused.error();
        assert_eq!((refused.status, error["code"].as_str()), (400, Some("context_length_exceeded")));
        assert!(error["param"].as_str().unwrap().starts_with("input"));
    }
    assert_eq!(argo.requests().len(), 1);
}

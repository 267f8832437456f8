//! `explain`, the real binary: what it says of requests over the table of the golden cases. No network, no proxy.

use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// A folder with a configuration, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("explain-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("config.yaml"), "user: tester\ntimeout: 100\nmax_body: 16KiB\n").unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        fs::write(self.0.join(name), text).unwrap();
        name.to_owned()
    }

    fn run(&self, words: &[&str], stdin: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
        command.current_dir(&self.0).env_clear().arg("explain").args(words);
        let own = self.0.join("routes.yaml");
        let table = if own.exists() { own } else { golden().join("table.yaml") };
        command.args(["--config", "config.yaml", "--routes"]).arg(table);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // A run that does not read its input may have ended already.
        let _ = input.write_all(stdin.as_bytes());
        drop(input);
        child.wait_with_output().unwrap()
    }

    fn text(&self, words: &[&str], stdin: &str) -> String {
        let output = self.run(words, stdin);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, words: &[&str], stdin: &str) -> Value {
        serde_json::from_str(&self.text(&[words, &["--json"]].concat(), stdin)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the target folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

const CHAT: [&str; 4] = ["POST", "/openai_chat_completions", "--body", "-"];

fn chat(more: Value) -> String {
    let mut body = json!({"model": "argo:four", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body.to_string()
}

/// The refusal that the client would get: status, and `code` and `param` of the error.
fn refusal(told: &Value) -> (u64, Value, Value) {
    assert_eq!((&told["verdict"], &told["upstream"]), (&json!("refused"), &Value::Null), "{told}");
    let error: Value = serde_json::from_str(told["client"]["body"].as_str().unwrap()).unwrap();
    (told["client"]["status"].as_u64().unwrap(), error["error"]["code"].clone(), error["error"]["param"].clone())
}

#[test]
fn a_plain_chat_is_told_step_by_step() {
    let told = Folder::new().json(&CHAT, &chat(json!({"model": "FOUR1", "user": "eve"})));
    assert_eq!((&told["verdict"], &told["body_from"]), (&json!("called"), &json!("client")));
    assert_eq!(told["route"]["does"], "openai_chat_completions");
    let model = json!({"asked": "FOUR1", "matched": "id", "name": "argo:four", "id": "four1", "deprecated": false,
        "gone": false, "listed": null, "near": [], "patterns": []});
    assert_eq!(told["model"], model);
    let rule =
        json!({"place": "models.chat.rules[0]", "match": "four1, old1", "did": ["tokens are counted with o200k"]});
    assert_eq!(told["rules"], json!([rule]));
    let upstream = &told["upstream"];
    assert_eq!((&upstream["url"], &upstream["stream"]), (&json!("http://argo/chat/"), &json!(false)));
    assert_eq!(upstream["prompt_tokens"], 8);
    assert_eq!(upstream["headers"][0], json!(["Host", "argo"]));
    let body = upstream["body"].as_str().unwrap();
    assert_eq!(body, r#"{"user":"tester","model":"four1","messages":[{"role":"user","content":"hi"}]}"#);
    assert_eq!(upstream["headers"][2], json!(["Content-Length", body.len().to_string()]));
    assert_eq!(told["client"], Value::Null);
}

#[test]
fn the_same_for_people() {
    let text = Folder::new().text(&CHAT, &chat(json!({"model": "old1", "max_tokens": 3, "top_p": 1})));
    for part in [
        "POST /openai_chat_completions: calls the upstream",
        "argo:old: that is its id\n  ARGO calls it 'old1'\n",
        "models.chat.rules[1] (match old1): 'top_p' was left out; 'max_tokens' was renamed to 'max_completion_tokens'",
        "the whole call: 100 s, timeout of the configuration",
        "fields left out: max_tokens, top_p",
        "POST http://argo/chat/",
        "    \"max_completion_tokens\": 3\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn an_upstream_of_another_vendor_is_not_called_argo() {
    let folder = Folder::new();
    folder.file(
        "routes.yaml",
        "version: 1
upstreams:
  lab: { url: \"http://lab/v1/chat/completions\", dialect: openai }
models:
  chat: { default: lab:one, names: { lab:one: one1 } }
routes:
  - { path: /chat, upstream: lab, models: chat, transformer: openai_chat_completions }
",
    );
    let text = folder.text(&["POST", "/chat", "--body", "-"], &chat(json!({"model": "one1"})));
    assert!(text.contains("lab:one: that is its id\n  The upstream calls it 'one1'\n"), "{text}");
    assert!(!text.contains("ARGO"), "{text}");
}

#[test]
fn a_part_that_an_upstream_cannot_carry_leads_to_the_next_one() {
    let audio = json!({"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}});
    let url = json!({"type": "image_url", "image_url": {"url": "https://pictures.test/a.png"}});
    let file = json!({"type": "file", "file": {"file_id": "file-1"}});
    let text = json!({"type": "text", "text": "hi"});
    for (dialect, part, why) in [
        ("anthropic, vendor: argo", &url, "fetches no images"),
        ("anthropic", &file, "keeps no files"),
        ("anthropic", &audio, "takes no part of type 'input_audio'"),
        ("openai_responses", &audio, "no part 'input_audio' is taken here"),
        ("anthropic", &url, ""),
        ("openai_responses", &url, ""),
        ("openai_responses", &file, ""),
        ("openai", &audio, ""),
        ("argo", &audio, ""),
    ] {
        let folder = Folder::new();
        folder.file(
            "routes.yaml",
            format!(
                "version: 1
upstreams:
  first: {{ url: \"http://first/\", stream_url: \"http://first/\", dialect: {dialect} }}
  second: {{ url: \"http://second/\", stream_url: \"http://second/\", dialect: argo }}
models:
  chat: {{ default: lab:one, names: {{ lab:one: one1 }} }}
routes:
  - {{ path: /chat, upstream: [first, second], models: chat, transformer: openai_chat_completions }}
"
            ),
        );
        let ask = |parts: Value| {
            let messages = json!([{"role": "system", "content": "x"}, {"role": "user", "content": parts}]);
            folder.json(&["POST", "/chat", "--body", "-"], &json!({"messages": messages}).to_string())
        };
        let told = ask(json!([text, part]));
        let (taken, verdict) = if why.is_empty() { ("first", "taken") } else { ("second", "cannot_carry") };
        assert_eq!((&told["upstream"]["upstream"], &told["upstreams"][0]["verdict"]), (&json!(taken), &json!(verdict)));
        let said = told["upstreams"][0]["why"].as_str().unwrap_or_default();
        assert!(said.contains(why) && (why.is_empty() || said.starts_with("'messages[1].content[1]")), "{said}");
        // What is wrong for everybody is refused, and not handed on.
        let told = ask(json!([{"type": "text"}]));
        let is_read = dialect.starts_with("anthropic") || dialect == "openai_responses";
        assert_eq!(told["verdict"] == "refused", is_read, "{dialect}: {told}");
    }
}

#[test]
fn a_stream_is_told_piece_by_piece() {
    let folder = Folder::new();
    let answer = folder.file("answer", "200 text/plain; charset=utf-8\nhé!");
    let words = [&CHAT[..], &["--answer", &answer]].concat();
    let contents = |told: &Value| -> Vec<String> {
        assert_eq!((&told["client"]["status"], &told["upstream"]["stream"]), (&json!(200), &json!(true)));
        let body = told["client"]["body"].as_str().unwrap();
        assert!(body.ends_with("data: [DONE]\n\n"), "{body}");
        let chunks = body.split("\n\n").filter_map(|event| serde_json::from_str::<Value>(event.get(6..)?).ok());
        chunks.filter_map(|chunk| Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned())).collect()
    };
    let stream = chat(json!({"stream": true}));
    assert_eq!(contents(&folder.json(&words, &stream)), ["", "hé!"]);
    assert_eq!(contents(&folder.json(&[&words[..], &["--pieces", "1"]].concat(), &stream)), ["", "h", "é", "!"]);
}

#[test]
fn an_answer_without_a_head_is_a_success_of_the_right_kind() {
    let folder = Folder::new();
    let answer = folder.file("answer", r#"{"response": "ho"}"#);
    let told = folder.json(&[&CHAT[..], &["--answer", &answer, "--pieces", "2"]].concat(), &chat(json!({})));
    let body: Value = serde_json::from_str(told["client"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["choices"][0]["message"]["content"], "ho");
    let broken = folder.file("broken", "500 text/html\n<h1>Oops</h1>");
    let told = folder.json(&[&CHAT[..], &["--answer", &broken]].concat(), &chat(json!({})));
    assert_eq!((&told["verdict"], &told["client"]["status"]), (&json!("called"), &json!(500)));
}

#[test]
fn refusals_are_those_that_the_client_gets() {
    let folder = Folder::new();
    let told = folder.json(&CHAT, &chat(json!({"model": "argo:fuor"})));
    assert_eq!(refusal(&told), (404, json!("model_not_found"), json!("model")));
    assert_eq!((&told["model"]["matched"], &told["model"]["near"][0]), (&Value::Null, &json!("argo:four")));

    let told = folder.json(&["GET", "/openai_chat_completions"], "");
    assert_eq!(refusal(&told), (405, json!("method_not_allowed"), Value::Null));
    assert!(told["client"]["headers"].as_array().unwrap().contains(&json!(["allow", "POST, OPTIONS"])));
    assert_eq!((&told["route"], &told["passed_over"][0]["why"]), (&Value::Null, &json!("other_method")));

    let told = folder.json(&["POST", "/openai_chat_completion"], "");
    assert_eq!(refusal(&told), (404, json!("unknown_path"), Value::Null));
    let near = &told["passed_over"][0];
    assert_eq!((&near["path"], &near["why"]), (&json!("/openai_chat_completions"), &json!("other_path")));

    let told = folder.json(&CHAT, &chat(json!({"n": 21})));
    assert_eq!(refusal(&told), (400, Value::Null, json!("n")));
    assert_eq!(told["route"]["path"], "/openai_chat_completions");

    let told = folder.json(&CHAT, &chat(json!({"long": "x".repeat(20_000)})));
    assert_eq!(refusal(&told).0, 413);
    let zipped = [&CHAT[..], &["--header", "Content-Encoding: gzip"]].concat();
    assert_eq!(refusal(&folder.json(&zipped, "")).0, 415);
    assert_eq!(refusal(&folder.json(&CHAT, "")).0, 400, "there is no body");
}

#[test]
fn a_vendors_spelling_says_how_it_was_taken() {
    let folder = Folder::new();
    for (asked, matched) in [
        ("VENDOR/Four", "spelling"),
        ("argo_four", "spelling"),
        ("vendor/four-2025-01-01", "dated"),
        ("four:latest", "latest"),
    ] {
        let told = folder.json(&CHAT, &chat(json!({"model": asked})));
        assert_eq!(
            (&told["model"]["matched"], &told["model"]["name"]),
            (&json!(matched), &json!("argo:four")),
            "{asked}"
        );
        assert_eq!((&told["verdict"], &told["model"]["asked"]), (&json!("called"), &json!(asked)));
    }
}

#[test]
fn embeddings_and_the_gateways_own_format() {
    let folder = Folder::new();
    let answer = folder.file("answer", r#"{"embedding": [[0.5, 1]]}"#);
    let words = ["POST", "/openai_embeddings", "--body", "-", "--answer", &answer];
    let told = folder.json(&words, r#"{"input": "hello world"}"#);
    assert_eq!((&told["model"]["asked"], &told["model"]["matched"]), (&Value::Null, &json!("default")));
    assert_eq!(told["upstream"]["prompt_tokens"], 2);
    let body: Value = serde_json::from_str(told["client"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["data"][0]["embedding"], json!([0.5, 1]));

    let answer = folder.file("answer", b"200 application/octet-stream\n\xff\xfe");
    let words = ["POST", "/argo_passthrough", "--body", "-", "--answer", &answer];
    let told = folder.json(&words, r#"{"model": "old", "system": "s", "prompt": ["p"], "odd": 1}"#);
    assert_eq!(told["upstream"]["body"], r#"{"user":"tester","model":"old1","prompt":["s","p"],"odd":1}"#);
    assert_eq!(told["rules"][1]["did"], json!(["the system text went in front of the prompt"]));
    assert_eq!(told["client"]["body"], json!({"base64": "//4="}));
}

#[test]
fn time_limits_come_with_who_set_them() {
    let folder = Folder::new();
    let limits = |more: Value, headers: &[&str]| -> Vec<(String, f64, String)> {
        let told = folder.json(&[&CHAT[..], headers].concat(), &chat(more));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = told["limits"].as_array().unwrap().iter();
        list.map(|one| (text(&one["what"]), one["seconds"].as_f64().unwrap(), text(&one["set_by"]))).collect()
    };
    let whole = |seconds: f64, by: &str| ("the whole call".to_owned(), seconds, by.to_owned());
    let header = ["--header", "X-Stainless-Timeout: 7"];
    assert_eq!(limits(json!({}), &[])[0], whole(100.0, "timeout of the configuration"));
    assert_eq!(limits(json!({}), &header)[0], whole(7.0, "the request's header x-stainless-timeout"));
    assert_eq!(limits(json!({"timeout": 2.5}), &header)[0], whole(2.5, "timeout of the request's body"));
    let stream = limits(json!({"stream": true}), &header);
    assert_eq!(stream[0], whole(100.0, "timeout of the configuration"));
    let silence = ("silence on the stream".to_owned(), 7.0, "the request's header x-stainless-timeout".to_owned());
    assert_eq!(stream[2], silence);
    let head = ("the head of the stream".to_owned(), 15.0, "first_head of the configuration".to_owned());
    assert_eq!(stream[3], head);
    assert!(!limits(json!({}), &[]).contains(&head), "a whole reply has no head before its text");
    folder.file("config.yaml", "user: tester\nfirst_head: 0\n");
    assert!(!limits(json!({"stream": true}), &[]).iter().any(|limit| limit.0 == head.0), "it waits for the first text");
}

#[test]
fn what_is_answered_here_is_shown() {
    let folder = Folder::new();
    let told = folder.json(&["POST", "http://any.host/model/four1/?q=1"], "");
    assert_eq!((&told["verdict"], &told["path"]), (&json!("answered_here"), &json!("/model/four1/")));
    assert_eq!(told["route"]["parameters"], json!([["id", "four1"]]));
    assert_eq!(told["client"]["status"], 200);
    let told = folder.json(&["OPTIONS", "/model/x"], "");
    assert_eq!((&told["verdict"], &told["client"]["status"]), (&json!("answered_here"), &json!(204)));
}

#[test]
fn without_a_user_the_placeholder_calls() {
    let folder = Folder::new();
    folder.file("config.yaml", "timeout: 100\n");
    let output = folder.run(&[&CHAT[..], &["--json"]].concat(), &chat(json!({})));
    assert!(String::from_utf8_lossy(&output.stderr).contains("user is not set"));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(told["upstream"]["body"].as_str().unwrap().starts_with(r#"{"user":"your_username","#), "{told}");
}

#[test]
fn what_cannot_be_read_is_a_problem() {
    let folder = Folder::new();
    let output = folder.run(&["POST", "/x", "--body", "nowhere.json"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.json cannot be read"));
}

/// The golden cases hold what transformers write; the explanation must show the same, to the byte.
#[test]
fn every_golden_case_is_explained_as_it_runs() {
    let folder = Folder::new();
    let mut compared = 0;
    for transformer in fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let name = transformer.file_name().unwrap().to_str().unwrap();
        for case in fs::read_dir(&transformer).unwrap().map(|entry| entry.unwrap().path()) {
            let at = |file: &str| case.join(file).to_str().unwrap().to_owned();
            let tail = fs::read_to_string(at("path")).unwrap_or_default();
            let path = format!("/{name}{}", tail.trim());
            let (request, answer) = (at("request.json"), at("answer"));
            let mut words = vec!["POST", &path];
            if Path::new(&request).exists() {
                words.extend(["--body", &request]);
            }
            let further = (1..).map(|number| at(&format!("answer.{number}")));
            let answers: Vec<String> =
                std::iter::once(answer).chain(further).take_while(|file| Path::new(file).exists()).collect();
            answers.iter().for_each(|answer| words.extend(["--answer", answer]));
            let told = folder.json(&words, "");
            let upstream =
                fs::read_to_string(at("upstream.json")).or_else(|_| fs::read_to_string(at("upstream.stream.json")));
            let sent = told["upstream"]["body"].as_str().map(|body| format!("{body}\n"));
            assert_eq!(sent, upstream.ok(), "{}", case.display());
            compared += 1;
            if Path::new(&at("answer.1")).exists() {
                // There is one answer to explain with.
                continue;
            }
            if name == "page" {
                // What the page tells is of a running process, which an explanation has not.
                assert_eq!(told["verdict"], "answered_here");
                continue;
            }
            let reply = fs::read_to_string(at("reply")).unwrap();
            assert!(reply.starts_with(&told["client"]["status"].to_string()), "{}: {told}", case.display());
        }
    }
    assert!(compared > 40, "{compared}");
}

#[test]
fn a_name_that_only_a_pattern_takes_is_told_so_and_what_its_rules_did() {
    let folder = Folder::new();
    let told = folder.json(&CHAT, &chat(json!({"model": "lab:X-test", "temperature": 0, "k": 900})));
    let model = &told["model"];
    assert_eq!((&model["matched"], &model["patterns"]), (&json!("pattern"), &json!(["lab:*-test"])));
    assert_eq!((&model["name"], &model["id"], &model["deprecated"]), (&json!("lab:X-test"), &json!("X"), &json!(true)));
    let text = folder.text(&CHAT, &chat(json!({"model": "argo:rules", "p": 1, "k": 900, "max_tokens": 90})));
    for part in [
        "'temperature' was set to 1",
        "'q' was set to {\"a\":[1]}: none was given",
        "'k' was lowered to 100",
        "the call is streamed and its answer collected: 'max_tokens' is above 50",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = folder.text(&CHAT, &chat(json!({"model": "lab:é-test"})));
    assert!(text.contains("nor does it fit a pattern: lab:*-test, lab:old-*"), "{text}");
    let text = folder.text(&CHAT, &chat(json!({"model": "lab:X-test"})));
    assert!(text.contains("it fits the pattern 'lab:*-test'") && text.contains("it is deprecated"), "{text}");
}

#[test]
fn images_are_told_and_not_fetched() {
    let parts = json!([
        {"type": "image_url", "image_url": {"url": "https://Figures.test/a.png?secret=1"}},
        {"type": "image_url", "image_url": {"url": "data:,"}},
    ]);
    let body = chat(json!({"messages": [{"role": "user", "content": parts}]}));
    let folder = Folder::new();
    let told = folder.json(&CHAT, &body);
    assert_eq!(told["images"], json!([{"part": "messages[0].content[0].image_url", "host": "figures.test"}]));
    let sent: Value = serde_json::from_str(told["upstream"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(sent["messages"][0]["content"], parts, "the URL stays");
    let text = folder.text(&CHAT, &body);
    assert!(text.contains("here nothing is fetched") && text.contains("image_url from figures.test"), "{text}");
    assert_eq!(folder.json(&CHAT, &chat(json!({}))).get("images"), None);
    let wrong = chat(
        json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://"}}]}]}),
    );
    let (status, code, param) = refusal(&folder.json(&CHAT, &wrong));
    assert_eq!((status, code, param), (400, json!("invalid_image_url"), json!("messages[0].content[0].image_url")));
}

#[test]
fn fields_of_replies_that_come_back_are_told() {
    let folder = Folder::new();
    let messages = json!([
        {"role": "user", "name": "ann", "content": "hi"},
        {"role": "assistant", "content": "Hello", "refusal": null, "annotations": []},
        {"role": "user", "content": "Again"},
    ]);
    for (model, left_out) in [
        ("argo:four", json!(["messages[1].refusal", "messages[1].annotations"])),
        ("argo:opus", json!(["messages[1].refusal", "messages[1].annotations", "messages[0].name"])),
    ] {
        let told = folder.json(&CHAT, &chat(json!({"model": model, "messages": messages})));
        assert_eq!(told["left_out"], left_out);
    }
    let text = folder.text(&CHAT, &chat(json!({"messages": messages})));
    let expected = "\nleft out (only replies have it, it is null, or the vendor does not know it)\n  messages[1].refusal, messages[1].annotations\n";
    assert!(text.contains(expected), "{text}");
    assert_eq!(folder.json(&CHAT, &chat(json!({}))).get("left_out"), None);
}

#[test]
fn it_tells_how_json_is_asked_for() {
    let folder = Folder::new();
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    for (more, told) in [
        (
            json!({"response_format": format}),
            "the JSON comes as the arguments of a forced tool call: its rule 'tools' says so",
        ),
        (
            json!({"response_format": {"type": "json_object"}}),
            "the JSON is asked for in the system text: there is no schema",
        ),
        (json!({"response_format": {"type": "odd"}, "model": "argo:other"}), "'response_format' goes up as it came"),
    ] {
        let text = folder.text(&CHAT, &chat(more));
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn usage_limits_come_with_whose_account_it_is_and_who_set_them() {
    let folder = Folder::new();
    let set = |more: &str| {
        let limits = "limits: { requests_per_minute: 60, tokens_per_minute: 9000, concurrent: 2 }\n";
        folder.file("config.yaml", format!("user: tester\n{limits}{more}"));
    };
    let block = |words: &[&str]| -> Vec<String> {
        let told = folder.text(&[&CHAT[..], words].concat(), &chat(json!({})));
        let lines = told.split("\nusage limits\n").nth(1).unwrap_or_default().lines();
        lines.take_while(|line| !line.is_empty()).map(|line| line.trim().to_owned()).collect()
    };
    set("");
    let of_config = "of config.yaml";
    assert_eq!(
        block(&[]),
        [
            format!("requests a minute: 60 for all callers together, limits.requests_per_minute {of_config}"),
            format!("tokens a minute: 9000 for all callers together, limits.tokens_per_minute {of_config}"),
            format!(
                "concurrent: 2 for all callers together, limits.concurrent {of_config}; more wait up to 10 s (limits.wait)"
            ),
        ]
    );
    let hash = "0".repeat(64);
    let rows = format!(
        "callers:\n  - {{ name: ann, key_sha256: \"{hash}\", limits: {{ requests_per_minute: 5, concurrent: 1 }} }}\n"
    );
    folder.file("callers.yaml", rows);
    set("access: keys\n");
    assert_eq!(
        block(&["--caller", "ann"]),
        [
            "requests a minute: 5 for ann, limits.requests_per_minute of this caller".to_owned(),
            format!("tokens a minute: 9000 for ann, limits.tokens_per_minute {of_config}"),
            "concurrent: 1 for ann, limits.concurrent of this caller; more wait up to 10 s (limits.wait)".to_owned(),
        ]
    );
    assert!(block(&[])[0].contains("60 for each caller, "));
    let told = folder.json(&[&CHAT[..], &["--caller", "ann"]].concat(), &chat(json!({})));
    assert_eq!(
        told["usage_limits"][2],
        json!({"what": "concurrent", "limit": 1, "account": "ann", "wait": 10.0, "set_by": "limits.concurrent of this caller"})
    );
    // One limit holds without a word of the configuration. A row may have limits of its own, and where nothing is limited nothing is said.
    folder.file("config.yaml", "user: tester\n");
    assert_eq!(block(&[]).len(), 1);
    assert!(block(&[])[0].starts_with("concurrent: 512 for all callers together, limits.concurrent of config.yaml"));
    folder.file("config.yaml", "user: tester\nlimits: { concurrent: none }\n");
    assert_eq!(block(&[]), Vec::<String>::new());
    let row = "routes:\n  - { path: /own, upstream: chat, models: chat, transformer: openai_chat_completions, limits: { tokens_per_minute: 7 } }\n";
    let table = fs::read_to_string(golden().join("table.yaml")).unwrap().replace("routes:\n", row);
    let table = folder.file("own.yaml", table);
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    command.current_dir(&folder.0).env_clear().args(["explain", "POST", "/own", "--routes", &table]);
    let output = command.args(["--config", "config.yaml"]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let line =
        "\nusage limits\n  tokens a minute: 7 for all callers together on POST /own, limits.tokens_per_minute of ";
    assert!(told.contains(line), "{told} {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn headers_come_from_files_so_that_no_command_line_shows_a_key() {
    let folder = Folder::new();
    folder.file("config.yaml", "user: tester\naccess: keys\n");
    let key = "sk-argo-0123456789";
    let hash = argo_openai_proxy::access::Hash::of(key.as_bytes());
    let callers = folder
        .file("callers.yaml", format!("callers:\n  - {{ name: ann, key_sha256: \"{hash}\", routes: [/none] }}\n"));
    fs::set_permissions(folder.0.join(callers), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let lines = format!("Authorization: Bearer {key}\r\n\n  x-stainless-timeout: 30 \n");
    folder.file("headers.txt", &lines);
    let question = ["POST", "/openai_chat_completions", "--header"];
    for (word, stdin) in [("@headers.txt", ""), ("@-", &lines), (&format!("Authorization: Bearer {key}"), "")] {
        let told = folder.json(&[&question[..], &[word]].concat(), stdin);
        assert_eq!(told["client"]["status"], 403, "{word}: {told}");
    }

    folder.file("wrong.txt", format!("A: b\n{key}\n"));
    for (words, told) in [
        (vec!["@wrong.txt"], "wrong.txt, line 2: expected a header such as"),
        (vec!["@nothing.txt"], "nothing.txt cannot be read"),
        (vec!["@-", "--body", "-"], "cannot both be standard input"),
    ] {
        let output = folder.run(&[&question[..], &words[..]].concat(), "{}");
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && err.contains(told) && !err.contains(key), "{words:?}: {err}");
    }
}

#[test]
fn what_became_of_thinking_is_told_with_its_rule() {
    let folder = Folder::new();
    let messages = ["POST", "/openai_chat_completions/messages", "--body", "-"];
    let asked = json!({"model": "argo:opus", "reasoning_effort": "high", "max_tokens": 5000, "temperature": 0.5});
    let told = folder.json(&messages, &chat(asked));
    let did = json!([
        "'reasoning_effort' became thinking with a budget of 2500 tokens",
        "'temperature' was left out: the model thinks",
    ]);
    assert_eq!(told["rules"], json!([{"place": "models.chat.rules[2]", "match": "opus1", "did": did}]));
    let unruled = folder.json(&messages, &chat(json!({"reasoning_effort": "high"})));
    let fields = unruled["upstream"]["fields"].as_array().unwrap();
    assert!(
        fields.iter().any(|field| field["name"] == "reasoning_effort" && field["change"] == "left_out"),
        "{unruled}"
    );
}

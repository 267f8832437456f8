//! Everything that ARGO has been seen to send instead of an answer: whatever it is, the client gets an error in its own
//! format, never a normal-looking answer.

use crate::support::{Answer, Argo, Connection, Recorded, Server, Setup, chat, said};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write;

const BANNER: &str = "\n\n⚠️ **IMPORTANT AUTHENTICATION NOTICE FROM ARGO** ⚠️\n\n🚫 **ACCESS DENIED** 🚫\n\nThe username 'svcuser' could not be validated as an authorized Argo Gateway API user.";

fn whole(script: impl Fn(&Recorded, &mut Connection) + Send + Sync + 'static) -> Answer {
    let argo = Argo::start(script);
    let server = Server::before(&argo);
    let answer = server.chat(&chat("x", json!({})));
    assert_eq!(argo.requests().len(), 1, "one client call is one upstream call");
    answer
}

fn stream(script: impl Fn(&Recorded, &mut Connection) + Send + Sync + 'static) -> Answer {
    let argo = Argo::start(script);
    let server = Server::before(&argo);
    let answer = server.chat(&chat("x", json!({"stream": true})));
    assert_eq!(argo.requests().len(), 1, "one client call is one upstream call");
    answer
}

/// Status, and the error's message, param and code.
fn told(answer: &Answer) -> (u16, String, Value, Value) {
    let error = answer.error();
    (answer.status, error["message"].as_str().unwrap().to_owned(), error["param"].clone(), error["code"].clone())
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn captured_errors_keep_their_status_and_give_their_message() {
    for (status, body, message) in [
        (
            400,
            r#"{"error":{"message":"Error code: 400 - {'error': {'message': \"Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.\", 'type': 'invalid_request_error', 'param': 'temperature', 'code': 'unsupported_value'}}","type":"BadRequestError","code":"internal_error"}}"#,
            "Unsupported value: 'temperature' does not support 0.0",
        ),
        (
            500,
            r#"{"error":{"message":"'NoneType' object is not iterable","type":"TypeError","code":"internal_error"}}"#,
            "'NoneType' object is not iterable",
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens is required"}}"#,
            "max_tokens is required",
        ),
        (401, r#"{"detail":"no"}"#, "no"),
        (403, r#"{"detail":"no"}"#, "no"),
        (404, r#"{"detail":"Not Found"}"#, "Not Found"),
        (413, "too large", "too large"),
        (422, r#"{"detail":[{"loc":["body","model"],"msg":"Field required"}]}"#, "model: Field required"),
        (503, "", "503"),
    ] {
        for streamed in [false, true] {
            let script = move |_: &Recorded, connection: &mut Connection| connection.json(status, body);
            let answer = if streamed { stream(script) } else { whole(script) };
            let (got, said, ..) = told(&answer);
            assert_eq!(got, status, "{body}");
            assert!(said.contains(message) && !said.contains("Error code"), "{said}");
        }
    }
    let answer = whole(|_, connection| {
        connection.json(400, r#"{"error":{"message":"Error code: 400 - {'error': {'message': 'm', 'param': 'temperature', 'code': 'unsupported_value'}}"}}"#);
    });
    assert_eq!(told(&answer), (400, "m".into(), json!("temperature"), json!("unsupported_value")));
}

#[test]
fn a_502_page_of_nginx_is_told_in_one_line() {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.20.1</center>\r\n</body>\r\n</html>";
    let answer = whole(move |_, connection| connection.whole(502, "Content-Type: text/html\r\n", page.as_bytes()));
    assert_eq!(told(&answer), (502, "ARGO answered 502 Bad Gateway – nginx/1.20.1".into(), Value::Null, Value::Null));
    assert_eq!(answer.error()["type"], "server_error");
}

#[test]
fn retry_after_is_passed_on() {
    let answer = whole(|_, connection| connection.whole(429, "Retry-After: 7\r\n", br#"{"detail":"slow down"}"#));
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    assert_eq!(answer.error()["type"], "rate_limit_error");
}

#[test]
fn errors_inside_a_success_are_errors() {
    for (body, status, message) in [
        (
            r#"{"response":"You passed a messages field along with a system and or prompt field. Please only pass messages with any system and user prompts included, or only pass system and prompt alone."}"#,
            400,
            "You passed a messages field",
        ),
        ("{}", 502, "without a 'response'"),
        ("[]", 502, "without a 'response'"),
        ("", 502, "without a 'response'"),
        ("null", 502, "without a 'response'"),
        (r#"{"response": null}"#, 502, "without a 'response'"),
        (r#"{"response": 5}"#, 502, "without a 'response'"),
        (r#"{"response": {}}"#, 502, "without a 'response'"),
        (r#"{"response": {"content": 5}}"#, 502, "content that is a number"),
        ("not json", 502, "not json"),
        (
            r#"{"type":"error","error":{"type":"api_error","message":"{'type': 'error', 'error': {'details': None, 'type': 'api_error', 'message': 'Internal server error'}, 'request_id': 'req_vrtx_011CbG3UVeDZ59TexEC4258S'}"}}"#,
            502,
            "Internal server error",
        ),
    ] {
        let answer = whole(move |_, connection| connection.json(200, body));
        let (got, said, ..) = told(&answer);
        assert_eq!(got, status, "{body}: {said}");
        assert!(said.contains(message), "{body}: {said}");
    }
}

#[test]
fn the_access_denied_banner_is_a_403() {
    let answer = whole(|_, connection| connection.says(BANNER));
    let (status, message, _, code) = told(&answer);
    assert_eq!((status, code), (403, json!("argo_access_denied")));
    assert!(message.contains("The username 'svcuser' could not be validated"), "{message}");
    for size in [1, 5, 40, 1000] {
        let answer = stream(move |_, connection| {
            let pieces: Vec<&[u8]> = BANNER.as_bytes().chunks(size).collect();
            connection.streams(&pieces);
        });
        let (status, _, _, code) = told(&answer);
        assert_eq!((status, code), (403, json!("argo_access_denied")), "{size}");
    }
    let inside_tools = json!({"response": {"content": BANNER, "tool_calls": []}}).to_string();
    assert_eq!(whole(move |_, connection| connection.json(200, &inside_tools)).status, 403);
}

#[test]
fn answers_in_all_shapes_are_answers() {
    for (response, content) in [
        (json!("text"), "text"),
        (json!(""), ""),
        (json!({"content": "No tool needed", "tool_calls": []}), "No tool needed"),
        (json!({"content": "x"}), "x"),
        (
            json!({"content": [{"type": "text", "text": "a "}, {"type": "thinking", "thinking": "?"}, {"type": "text", "text": "b"}], "tool_calls": []}),
            "a b",
        ),
        (json!({"content": null, "tool_calls": null}), ""),
        (json!("<tool_call>{\"name\": 1}</tool_call>"), "<tool_call>{\"name\": 1}</tool_call>"),
        (
            json!({"content": "Now let me read the file:{'type': 'tool_use', 'id': 'toolu_1', 'name': 'Read', 'input': {'file_path': '/tmp/example.txt'}}", "tool_calls": []}),
            "Now let me read the file:{'type': 'tool_use', 'id': 'toolu_1', 'name': 'Read', 'input': {'file_path': '/tmp/example.txt'}}",
        ),
    ] {
        let body = json!({ "response": response }).to_string();
        let shown = body.clone();
        let answer = whole(move |_, connection| connection.json(200, &body));
        assert_eq!(
            (answer.status, &answer.json()["choices"][0]["message"]["content"]),
            (200, &json!(content)),
            "{shown}"
        );
        assert_eq!(answer.json()["choices"][0]["finish_reason"], "stop");
    }
}

#[test]
fn tool_calls_of_every_vendor_are_openais() {
    for (call, id, name, arguments) in [
        (
            json!({"function": {"arguments": "{\"location\":\"Chicago\"}", "name": "get_weather"}, "id": "call_Bp", "type": "function"}),
            Some("call_Bp"),
            "get_weather",
            "{\"location\":\"Chicago\"}",
        ),
        (
            json!({"id": "toolu_vrtx_01", "input": {"ticker": "MSFT"}, "name": "get_stock_price", "type": "tool_use", "cache_control": null}),
            Some("toolu_vrtx_01"),
            "get_stock_price",
            "{\"ticker\":\"MSFT\"}",
        ),
        (json!({"id": null, "args": {"a": 8, "b": 5}, "name": "add"}), None, "add", "{\"a\":8,\"b\":5}"),
        (json!({"id": null, "name": "now"}), None, "now", "{}"),
    ] {
        let body = json!({"response": {"content": "", "tool_calls": [call]}}).to_string();
        let answer = whole(move |_, connection| connection.json(200, &body)).json();
        let choice = &answer["choices"][0];
        assert_eq!((&choice["finish_reason"], &choice["message"]["content"]), (&json!("tool_calls"), &Value::Null));
        let made = &choice["message"]["tool_calls"][0];
        assert_eq!(made["type"], "function");
        assert_eq!(made["function"], json!({"name": name, "arguments": arguments}));
        match id {
            Some(id) => assert_eq!(made["id"], id),
            None => assert!(made["id"].as_str().unwrap().starts_with("call_")),
        }
    }
    let odd = whole(|_, connection| connection.json(200, r#"{"response":{"content":"","tool_calls":[{"odd":1}]}}"#));
    assert_eq!(odd.status, 502);
}

#[test]
fn redirects_are_not_followed_and_a_missing_slash_names_the_setting() {
    let argo = Argo::start(|request, connection| {
        let location = format!("http://{}{}/", request.header("host").unwrap(), request.path);
        connection.whole(307, &format!("Location: {location}\r\n"), b"");
    });
    let url = format!("http://{}/argoapi/api/v1/resource/chat", argo.address);
    let answer = Setup::before(&argo).argo_url(&url).start().chat(&chat("x", json!({})));
    let (status, message, ..) = told(&answer);
    assert_eq!(status, 502);
    assert!(message.contains("set argo_url to the URL with its final slash"), "{message}");
    for code in [301, 302, 307, 308] {
        let answer = stream(move |_, connection| connection.whole(code, "Location: http://login.test/\r\n", b""));
        let (status, message, ..) = told(&answer);
        assert_eq!(status, 502);
        assert!(message.contains("argo_stream_url"), "{message}");
    }
}

#[test]
fn a_method_that_is_not_allowed_upstream_is_our_fault() {
    let (status, message, ..) =
        told(&whole(|_, connection| connection.json(405, r#"{"detail":"Method Not Allowed"}"#)));
    assert_eq!(status, 502);
    assert!(message.contains("405") && message.contains("Method Not Allowed"), "{message}");
}

#[test]
fn a_stream_that_is_cut_ends_with_an_error_and_without_done() {
    type Script = fn(&mut Connection);
    let scripts: [(&str, Script); 3] = [
        ("cut", |connection| {
            connection.stream_head();
            connection.chunk(b"Hello");
            connection.close();
        }),
        ("character", |connection| connection.streams(&[b"Hello", b"\xe2\x82"])),
        ("bytes", |connection| connection.streams(&[b"Hello", b"\xff\xfe", b"more"])),
    ];
    for (name, script) in scripts {
        let answer = stream(move |_, connection| script(connection));
        let said = said(&answer.body);
        assert_eq!((said.text.as_str(), said.finish.len(), said.done), ("Hello", 0, false), "{name}");
        let error = said.error.unwrap_or_else(|| panic!("{name}: no error event"));
        for key in ["message", "type", "param", "code"] {
            assert!(error.get(key).is_some(), "{error}");
        }
        assert!(answer.complete, "{name}: the body ends as HTTP wants it");
    }
}

#[test]
fn a_whole_answer_that_is_cut_is_a_502() {
    let scripts: [fn(&mut Connection); 4] = [
        |connection| connection.close(),
        |connection| {
            connection.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"response\":");
            connection.close();
        },
        |connection| {
            connection.raw(b"this is not HTTP\r\n\r\n");
            connection.close();
        },
        |connection| {
            connection.stream_head();
            connection.chunk(b"{\"response\":\"Hi\"}");
            connection.close();
        },
    ];
    for script in scripts {
        let answer = whole(move |_, connection| script(connection));
        assert_eq!(answer.status, 502, "{answer:?}");
        answer.error();
    }
}

#[test]
fn gzip_is_undone_and_damage_is_an_error() {
    let zipped = gzip(r#"{"response":"Grüße"}"#.as_bytes());
    let answer = whole(move |_, connection| connection.whole(200, "Content-Encoding: gzip\r\n", &zipped));
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "Grüße");
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
    for size in [1, 7, 1000] {
        let zipped = gzip("Grüße 👋".as_bytes());
        let answer = stream(move |_, connection| {
            connection.raw(head);
            zipped.chunks(size).for_each(|piece| connection.chunk(piece));
            connection.stream_end();
        });
        assert_eq!((said(&answer.body).text.as_str(), said(&answer.body).done), ("Grüße 👋", true), "{size}");
    }
    let mut damaged = gzip(&b"hello ".repeat(500));
    damaged.truncate(damaged.len() - 5);
    let copy = damaged.clone();
    let answer = whole(move |_, connection| connection.whole(200, "Content-Encoding: gzip\r\n", &damaged));
    assert_eq!(answer.status, 502);
    let answer = stream(move |_, connection| {
        connection.raw(head);
        connection.chunk(&copy);
        connection.stream_end();
    });
    let said = said(&answer.body);
    assert!(said.error.is_some() && !said.done);
    let answer = whole(|_, connection| connection.whole(200, "Content-Encoding: br\r\n", b"\x0b\x02"));
    assert!(told(&answer).1.contains("encoded as 'br'"));
}

#[test]
fn a_gzip_bomb_stays_within_the_limit() {
    let bomb = gzip(&vec![b'x'; 50_000_000]);
    let argo = Argo::start(move |_, connection| connection.whole(200, "Content-Encoding: gzip\r\n", &bomb));
    let server = Setup::before(&argo).config("max_answer: 1MiB").start();
    let answer = server.chat(&chat("x", json!({})));
    assert_eq!(answer.status, 502);
    assert!(told(&answer).1.contains("max_answer"));
}

#[test]
fn an_argo_that_is_not_there_is_a_502_with_a_hint() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Setup::before_address(closed).start();
    for body in [chat("x", json!({})), chat("x", json!({"stream": true}))] {
        let answer = server.chat(&body);
        let (status, message, _, code) = told(&answer);
        assert_eq!((status, code), (502, json!("upstream_unreachable")));
        // Only ARGO's own hosts are behind its network.
        assert!(message.contains("The address is set by argo_") && !message.contains("VPN"), "{message}");
    }
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_name_without_an_address_is_a_502_with_a_hint() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).argo_url("http://no-such-host.invalid/chat/").start();
    assert_eq!(server.get("/v1/models").status, 200);
    let (status, message, ..) = told(&server.chat(&chat("x", json!({}))));
    assert!(status == 502 || status == 504, "{status}");
    assert!(message.contains("argo_url") && message.contains("DNS") && !message.contains("VPN"), "{message}");
}

#[test]
fn an_argo_that_does_not_speak_tls_is_a_502() {
    let argo = Argo::start(|_, connection| connection.close());
    let url = format!("https://localhost:{}/chat/", argo.address.port());
    let answer = Setup::before(&argo).argo_url(&url).config("connect_timeout: 5").start().chat(&chat("x", json!({})));
    let (status, message, ..) = told(&answer);
    assert!(status == 502 || status == 504, "{status} {message}");
    assert!(message.contains("cannot be reached") || message.contains("in time"), "{message}");
}

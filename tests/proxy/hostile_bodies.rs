//! Answers whose bodies are too deep, too large when they are unpacked, or damaged.

use crate::support::{Answer, Argo, Server, Setup, chat, events};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write;

const LEVELS: usize = 200_000;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A path, and a request to it whose text is `text`.
fn requests(text: &str) -> Vec<(&'static str, String)> {
    let chat = |more| chat(text, more);
    let own = |stream| json!({"model": "argo:gpt-4o", "prompt": [text], "stream": stream}).to_string();
    vec![
        ("/v1/chat/completions", chat(json!({}))),
        ("/v1/chat/completions", chat(json!({"stream": true}))),
        ("/v1/chat/completions", chat(json!({"n": 2}))),
        ("/v1/chat/completions", chat(json!({"n": 2, "stream": true}))),
        ("/v1/chat/completions", chat(json!({"tools": [tool()]}))),
        ("/v1/chat/completions", chat(json!({"tools": [tool()], "stream": true}))),
        ("/v1/chat/completions", chat(json!({"response_format": {"type": "json_object"}}))),
        ("/v1/completions", json!({"model": "argo:gpt-4o", "prompt": text}).to_string()),
        ("/v1/embeddings", json!({"model": "argo:text-embedding-3-small", "input": text}).to_string()),
        ("/v1/chat", own(false)),
        ("/v1/chat", own(true)),
    ]
}

fn tool() -> Value {
    json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}})
}

/// Whether a stream ends as it should.
fn is_done(stream: &[u8]) -> bool {
    events(stream).last().is_some_and(|last| last == "[DONE]")
}

/// Checks that a reply is whole and an error, or whole and an answer, or a stream that ends with an error or as it should. What
/// passes unchanged may break instead.
fn assert_clean(answer: Option<&Answer>, what: &str, passes: bool) {
    let Some(answer) = answer else { return assert!(passes, "no answer: {what}") };
    assert!(answer.complete || passes, "{what}");
    assert!(matches!(answer.status, 200 | 400..=599), "{what}");
    if answer.status >= 400 && !passes {
        answer.error();
    }
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
        let last = events(&answer.body).pop().unwrap_or_default();
        assert!(is_done(&answer.body) || last.contains("\"error\""), "{what}: {last}");
    }
}

#[test]
fn answers_streams_and_errors_of_any_depth_are_answered() {
    let lists = "[".repeat(LEVELS) + &"]".repeat(LEVELS);
    let objects = "{\"a\":".repeat(LEVELS) + "1" + &"}".repeat(LEVELS);
    let tuples = "(".repeat(LEVELS) + &")".repeat(LEVELS);
    let mut bodies = Vec::new();
    for deep in [&lists, &objects, &lists[..LEVELS].to_owned()] {
        for around in [
            "DEEP",
            "{\"response\":DEEP}",
            "{\"response\":{\"content\":DEEP}}",
            "{\"response\":{\"content\":\"\",\"tool_calls\":DEEP}}",
            "{\"response\":{\"content\":\"\",\"tool_calls\":[{\"id\":\"c\",\"name\":\"f\",\"input\":DEEP}]}}",
            "{\"embedding\":[DEEP]}",
            "{\"error\":{\"message\":DEEP}}",
            "{\"detail\":[{\"loc\":DEEP,\"msg\":\"x\"}]}",
        ] {
            bodies.push(around.replace("DEEP", deep));
        }
    }
    // Python's spelling of values, in a text.
    for around in [
        "Error code: 400 - {'error': {'message': DEEP}}",
        "Look:{'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': DEEP}",
        "{\"name\":\"f\",\"arguments\":DEEP}",
    ] {
        for deep in [&lists, &tuples] {
            let text = around.replace("DEEP", deep);
            bodies.push(json!({"response": {"content": text, "tool_calls": []}}).to_string());
            bodies.push(json!({"error": {"message": text}}).to_string());
            bodies.push(text);
        }
    }
    let served = bodies.clone();
    let argo = Argo::start(move |request, connection| {
        let text = String::from_utf8_lossy(&request.body);
        let digits = |word: &str| -> usize {
            let (_, rest) = text.split_once(word).unwrap();
            rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
        };
        let body = &served[digits("body-")];
        connection.json(u16::try_from(digits("status-")).unwrap(), body);
    });
    let server = Server::before(&argo);
    for (number, body) in bodies.iter().enumerate() {
        let forms = |status: u16| requests(&format!("body-{number} status-{status} "));
        // Each body meets some of the forms, as success and as failure.
        let some = forms(200).into_iter().skip(number % 5).step_by(5);
        for (path, request) in some.chain(forms(400).into_iter().skip(number % 11).take(1)) {
            let what = format!("{path} {request} {}", &body[..body.len().min(80)]);
            assert_clean(Some(&server.post(path, &request)), &what, path == "/v1/chat");
        }
    }
    assert_eq!(server.get("/livez").status, 200);
}

#[test]
fn gzip_that_is_a_bomb_or_damaged_or_cut_is_a_failure_in_every_form() {
    const MIB: usize = 1 << 20;
    let whole = gzip(format!("{{\"response\":\"{}\"}}", "hello ".repeat(5_000)).as_bytes());
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        bytes
    };
    let members = gzip(b"").repeat(50_000);
    let bomb = |unit: &[u8]| gzip(&unit.repeat(64 * MIB / unit.len()));
    // Of these, what passes unchanged may be whole: one layer is undone, and no more is there.
    let (nested, empty) = ("a bomb in a bomb", "very many members");
    let packed: Vec<(&'static str, Vec<u8>)> = vec![
        ("a bomb", bomb(b"x")),
        ("a bomb of zeros", bomb(b"\0")),
        ("a bomb of brackets", bomb(b"[")),
        ("a bomb in a text", gzip(format!("{{\"response\":\"{}\"}}", "x".repeat(64 * MIB)).as_bytes())),
        (nested, gzip(&bomb(b"x"))),
        ("two members, of which the second is a bomb", [gzip(b"Hi"), bomb(b"x")].concat()),
        ("its end is missing", whole[..whole.len() - 5].to_vec()),
        ("its trailer is missing", whole[..whole.len() - 8].to_vec()),
        ("only half of its head", whole[..5].to_vec()),
        ("half of it", whole[..whole.len() / 2].to_vec()),
        ("damage in its head", flipped(2)),
        ("damage in its middle", flipped(whole.len() / 2)),
        ("damage in its checksum", flipped(whole.len() - 6)),
        ("damage in its length", flipped(whole.len() - 1)),
        ("bytes behind it", [whole.clone(), b"garbage".to_vec()].concat()),
        ("no gzip", b"{\"response\":\"Hi\"}".to_vec()),
        (empty, members),
        ("a name without an end", [b"\x1f\x8b\x08\x08\0\0\0\0\0\x03".to_vec(), b"n".repeat(MIB)].concat()),
    ];
    let served = packed.clone();
    let argo = Argo::start(move |request, connection| {
        let text = String::from_utf8_lossy(&request.body);
        let (_, rest) = text.split_once("body-").unwrap();
        let number: usize = rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
        let (bytes, in_chunks) = (&served[number].1, text.contains("chunked"));
        if in_chunks {
            connection.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
            bytes.chunks(10_000).for_each(|piece| connection.chunk(piece));
            connection.stream_end();
        } else {
            connection.whole(200, "Content-Encoding: gzip\r\n", bytes);
        }
    });
    let server = Setup::before(&argo).config("max_answer: 1MiB").start();
    for (number, (name, _)) in packed.iter().enumerate() {
        for framing in ["chunked", "counted"] {
            for (path, request) in requests(&format!("body-{number} {framing}")) {
                let (what, passes) = (format!("{name} {framing} {path} {request}"), path == "/v1/chat");
                let mut client = server.client();
                client.send("POST", path, "", request.as_bytes());
                let answer = client.try_answer();
                assert_clean(answer.as_ref(), &what, passes);
                let is_whole = answer.as_ref().is_some_and(|answer| {
                    let is_stream = request.contains("\"stream\":true") && !passes;
                    answer.status == 200 && answer.complete && (!is_stream || is_done(&answer.body))
                });
                let is_harmless =
                    (*name == nested && passes) || (*name == empty && (passes || request.contains("stream")));
                assert!(!is_whole || is_harmless, "it looks whole: {what}");
            }
        }
    }
    let peak = std::fs::read_to_string(format!("/proc/{}/status", server.id())).ok();
    let peak = peak.as_deref().and_then(|text| text.split_once("VmHWM:")).map(|(_, rest)| rest.trim_start());
    let peak = peak.and_then(|rest| rest.split(' ').next()).and_then(|text| text.parse::<usize>().ok());
    assert!(peak.is_none_or(|kib| kib < 256 * 1024), "{peak:?} KiB at the most");
    assert_eq!(server.get("/livez").status, 200);
}

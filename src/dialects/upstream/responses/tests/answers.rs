//! Answers, whole and streamed.

use super::{ARGOS, OTHERS, file, streamed, whole};
use std::collections::BTreeSet;

const USAGE: &str = "read 12 (Some(0) cached), wrote 3 (Some(0) thought)\n";

/// Each kind of answer: its name, the forms in which it is there, and what it says.
fn kinds() -> Vec<(&'static str, &'static [&'static str], String)> {
    const BOTH: &[&str] = &["json", "sse"];
    let usual = |said: &str, end: &str, calls: &str| format!("{said}ends by {end}\n{USAGE}{calls}");
    let chicago = "{\"city\":\"Chicago\"}";
    vec![
        ("text", BOTH, usual("says Hello 🙂 world\n", "Stop", "")),
        ("refusal", BOTH, usual("refuses I can't help with that.\n", "Stop", "")),
        ("incomplete", BOTH, usual("says Hello 🙂 wor\n", "Length", "")),
        ("reasoning", BOTH, usual("thinks **Thinking**\n\nIt is simple.\nhides gAAAAA==\nsays 42\n", "Stop", "")),
        ("function_call", BOTH, usual("", "ToolCalls", &format!("calls get_weather as call_abc {chicago}\n"))),
        (
            "text_and_two_calls",
            BOTH,
            usual(
                "says Let me look.\n",
                "ToolCalls",
                &format!("calls get_weather as call_a {chicago}\ncalls get_weather as call_b {{\"city\":\"Paris\"}}\n"),
            ),
        ),
        (
            "custom_tool_call",
            BOTH,
            usual("", "ToolCalls", "calls apply_patch as call_p {\"input\":\"*** Begin Patch\\n*** End Patch\\n\"}\n"),
        ),
        ("minimal", &["json"], "ends by Stop\n".to_owned()),
        ("vendor_text", BOTH, {
            let usage = "read 23 (Some(0) cached), wrote 9 (Some(0) thought)\n";
            format!("says Hello, fixture runner!\nends by Stop\n{usage}")
        }),
        ("vendor_incomplete", &["sse"], {
            let text = "API streaming clients must handle terminal incomplete events because streams can end for";
            format!("says {text}\nends by Length\nread 37 (Some(0) cached), wrote 16 (Some(0) thought)\n")
        }),
    ]
}

/// Answers whose two forms differ, and errors.
fn single() -> Vec<(&'static str, String)> {
    let tools = |id: &str| {
        format!(
            "ends by ToolCalls\nread 54 (Some(0) cached), wrote 18 (Some(0) thought)\ncalls lookup_city as {id} {{\"city\":\"Chicago\"}}\n"
        )
    };
    let broke = "502 server_error: The upstream answered with an error: the upstream connection broke";
    let failed = "502 server_error: The upstream answered with an error: The model failed to produce a response.";
    vec![
        ("vendor_tools.json", tools("call_93dyZJgAxtZglo1W1N3Yl7KN")),
        ("vendor_tools.sse", tools("call_kmqTD5NEutipzzhbHSiAKDBb")),
        ("failed.json", broke.to_owned()),
        ("failed.sse", format!("says Hel\n{broke}")),
        ("error_event.sse", format!("says Hello 🙂 world\n{broke}")),
        ("vendor_failed.json", failed.to_owned()),
    ]
}

/// All files, each with what it says.
fn answers() -> Vec<(String, String)> {
    let kinds = kinds().into_iter();
    let both =
        kinds.flat_map(|(name, forms, told)| forms.iter().map(move |form| (format!("{name}.{form}"), told.clone())));
    both.chain(single().into_iter().map(|(name, told)| (name.to_owned(), told))).collect()
}

#[test]
fn every_answer_says_the_same_whole_and_streamed_for_every_vendor() {
    let mut seen = BTreeSet::new();
    for (name, expected) in answers() {
        let body = file(&name);
        for dialect in [OTHERS, ARGOS] {
            let expected = if dialect.vendor == ARGOS.vendor {
                expected.replace("The upstream", "ARGO")
            } else {
                expected.clone()
            };
            let told =
                if name.ends_with("sse") { streamed(dialect, [&body[..]].into_iter()) } else { whole(dialect, &body) };
            assert_eq!(told, expected, "{name}");
        }
        seen.insert(name);
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/responses");
    let there: BTreeSet<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(seen, there);
}

/// A stream without its first two events, which repeat the request: cutting them everywhere takes most of the time.
fn from_the_first_item(name: &str) -> Vec<u8> {
    let body = file(name);
    let mut ends = body.windows(2).enumerate().filter(|(_, two)| *two == b"\n\n").map(|(at, _)| at + 2);
    body[ends.nth(1).unwrap()..].to_vec()
}

#[test]
fn a_stream_says_the_same_wherever_it_is_cut() {
    for (name, expected) in answers().into_iter().filter(|(name, _)| name.ends_with("sse")) {
        let body = from_the_first_item(&name);
        for at in 0..=body.len() {
            let (before, after) = body.split_at(at);
            assert_eq!(streamed(OTHERS, [before, after].into_iter()), expected, "{name} cut at {at}");
        }
        for size in 1..=12 {
            assert_eq!(streamed(OTHERS, body.chunks(size)), expected, "{name} in pieces of {size}");
        }
    }
}

#[test]
fn a_stream_that_ends_early_is_an_error_wherever_it_ends() {
    for name in ["text.sse", "vendor_tools.sse"] {
        let body = from_the_first_item(name);
        let last = body.trim_ascii_end().len();
        for at in 0..last {
            let told = streamed(ARGOS, [&body[..at]].into_iter());
            let expected = if at == 0 {
                "502 empty_answer: ARGO answered with an empty body."
            } else {
                "502 bad_upstream_answer: ARGO's stream ended before its answer was complete."
            };
            assert!(told.ends_with(expected), "{name} ends at {at}: {told}");
        }
    }
}

/// A stream of events with these data.
fn stream(events: &[&str]) -> String {
    let lines: Vec<u8> = events.iter().flat_map(|data| format!("data: {data}\n\n").into_bytes()).collect();
    streamed(OTHERS, [&lines[..]].into_iter())
}

const COMPLETED: &str = r#"{"type":"response.completed","response":{"status":"completed","output":[]}}"#;

#[test]
fn a_server_that_sends_only_complete_items_is_understood() {
    let item = r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"a\n"}]}}"#;
    let call = r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}}"#;
    assert_eq!(stream(&[item, call, COMPLETED]), "says a\n\nends by ToolCalls\ncalls f as c {}\n");
    let all = r#"{"type":"response.completed","response":{"output":[{"type":"message","content":"b"}],"usage":{"input_tokens":1,"output_tokens":2}}}"#;
    assert_eq!(stream(&[all]), "says b\nends by Stop\nread 1 (None cached), wrote 2 (None thought)\n");
}

#[test]
fn the_last_event_counts_without_the_blank_line_after_it() {
    for (event, expected) in [
        (COMPLETED, "ends by Stop\n"),
        (r#"{"type":"error","code":"rate_limit_exceeded","message":"Wait."}"#, "429 rate_limit_exceeded: Wait."),
    ] {
        for end in ["", "\n", "\r\n", "\n\n"] {
            let lines = format!("data: {event}{end}");
            assert_eq!(streamed(OTHERS, [lines.as_bytes()].into_iter()), expected, "{lines:?}");
        }
    }
}

#[test]
fn calls_are_numbered_as_they_begin_and_their_arguments_may_mix() {
    let added = |index: u32| {
        format!(
            r#"{{"type":"response.output_item.added","output_index":{index},"item":{{"type":"function_call","call_id":"c{index}","name":"f","arguments":""}}}}"#
        )
    };
    let delta = |index: u32, piece: &str| {
        format!(r#"{{"type":"response.function_call_arguments.delta","output_index":{index},"delta":"{piece}"}}"#)
    };
    let done = r#"{"type":"response.function_call_arguments.done","output_index":7,"arguments":"{\"z\":3}"}"#;
    let (first, second, third, fourth) = (added(3), added(5), added(7), added(9));
    let (one, two, three) = (delta(3, r#"{\"x\":"#), delta(5, r#"{\"y\":2}"#), delta(3, "1}"));
    let lost = delta(11, "{}");
    let told = stream(&[&first, &second, &one, &two, &three, &third, done, &fourth, &lost, "[DONE]", COMPLETED]);
    let expected = "ends by ToolCalls\ncalls f as c3 {\"x\":1}\ncalls f as c5 {\"y\":2}\ncalls f as c7 {\"z\":3}\ncalls f as c9 {}\n";
    assert_eq!(told, expected);
}

#[test]
fn parts_of_the_reasoning_stay_apart_and_are_not_told_twice() {
    let delta = |kind: &str, place: &str, piece: &str| {
        format!(
            r#"{{"type":"response.{kind}.delta","output_index":0,"{place}":{},"delta":"{piece}"}}"#,
            piece.len() / 4
        )
    };
    let one = delta("reasoning_summary_text", "summary_index", "one");
    let more = delta("reasoning_summary_text", "summary_index", "two!");
    let same = delta("reasoning_text", "content_index", "one");
    assert_eq!(stream(&[&one, &more, &same, COMPLETED]), "thinks one\n\ntwo!\nends by Stop\n");
    let both = r#"{"output":[{"type":"reasoning","summary":[{"text":"s"}],"content":[{"type":"reasoning_text","text":"a"},{"text":"b"}]}]}"#;
    assert_eq!(whole(OTHERS, both.as_bytes()), "thinks a\n\nb\nends by Stop\n");
}

#[test]
fn what_nobody_asked_for_is_passed_over_and_what_nobody_can_run_is_refused() {
    let record = r#"{"output":[{"type":"web_search_call","id":"ws"},{"type":"of_tomorrow"},{"type":"message","content":[{"type":"output_text","text":"x"}]}]}"#;
    assert_eq!(whole(OTHERS, record.as_bytes()), "says x\nends by Stop\n");
    let shell = r#"{"output":[{"type":"shell_call","call_id":"c"}]}"#;
    let refused = "502 bad_upstream_answer: The upstream answered with a call of type 'shell_call', which chat clients cannot run.";
    assert_eq!(whole(OTHERS, shell.as_bytes()), refused);
    let added = r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"shell_call","call_id":"c"}}"#;
    let done = added.replace("added", "done");
    let keepalive = r#"{"type":"keepalive","sequence_number":4}"#;
    assert_eq!(stream(&[keepalive, added, &done, COMPLETED]), refused);
}

#[test]
fn errors_in_a_success_have_the_status_that_they_deserve() {
    for (error, expected) in [
        (r#"{"code":"rate_limit_exceeded","message":"Wait."}"#, "429 rate_limit_exceeded: Wait."),
        (r#"{"code":"context_length_exceeded","message":"Long."}"#, "400 context_length_exceeded: Long."),
        (r#"{"code":"invalid_prompt","message":"No."}"#, "400 invalid_prompt: No."),
        (
            r#"{"code":"server_is_overloaded","message":"Busy."}"#,
            "503 server_is_overloaded: The upstream answered with an error: Busy.",
        ),
        (
            r#"{"code":"server_error","message":"Oops."}"#,
            "502 server_error: The upstream answered with an error: Oops.",
        ),
    ] {
        let failed = format!(r#"{{"status":"failed","output":[],"error":{error}}}"#);
        assert_eq!(whole(OTHERS, failed.as_bytes()), expected);
        let event = format!(r#"{{"type":"response.failed","response":{failed}}}"#);
        assert_eq!(stream(&[&event]), expected);
        let nested = format!(r#"{{"type":"error","sequence_number":1,"error":{error}}}"#);
        assert_eq!(stream(&[&nested]), expected);
        let flat = error.replacen('{', r#"{"type":"error","param":null,"#, 1);
        assert_eq!(stream(&[&flat]), expected);
        let bare = format!(r#"{{"error":{error}}}"#);
        assert_eq!(stream(&[&bare]), expected);
        // Asked for a stream, a gateway may answer one body.
        for size in 1..=bare.len() {
            assert_eq!(streamed(OTHERS, bare.as_bytes().chunks(size)), expected, "pieces of {size}");
        }
    }
}

#[test]
fn a_whole_response_in_place_of_a_stream_is_an_answer() {
    let body = file("text.json");
    for size in [1, 7, body.len()] {
        assert_eq!(streamed(OTHERS, body.chunks(size)), whole(OTHERS, &body), "pieces of {size}");
    }
}

#[test]
fn what_argo_quotes_is_taken_out_of_its_quotes() {
    let body = r#"{"error":{"message":"Error code: 400 - {'error': {'message': \"Unsupported parameter: 'top_p' is not supported with this model.\", 'type': 'invalid_request_error', 'param': 'top_p', 'code': 'unsupported_parameter'}}","type":"BadRequestError","code":"internal_error"}}"#;
    let expected = "400 unsupported_parameter: Unsupported parameter: 'top_p' is not supported with this model.";
    assert_eq!(whole(ARGOS, body.as_bytes()), expected);
    assert_eq!(streamed(ARGOS, body.as_bytes().chunks(5)), expected);
    let event = format!("data: {body}\n\n");
    assert_eq!(streamed(ARGOS, event.as_bytes().chunks(5)), expected);
}

#[test]
fn the_banner_of_argo_is_a_denial_wherever_it_is_cut_and_only_there() {
    const BANNER: &str = r"\n\n⚠️ **IMPORTANT AUTHENTICATION NOTICE FROM ARGO** ⚠️\n\n🚫 **ACCESS DENIED** 🚫\n\nThe username 'someuser' could not be validated.";
    let body = format!(r#"{{"output":[{{"type":"message","content":[{{"type":"output_text","text":"{BANNER}"}}]}}]}}"#);
    assert!(whole(ARGOS, body.as_bytes()).starts_with("403 argo_access_denied: ARGO denies access"));
    assert!(whole(OTHERS, body.as_bytes()).starts_with("says "));
    let chars: Vec<char> = BANNER.replace(r"\n", " ").chars().collect();
    for size in 1..chars.len() {
        let delta = |piece: &[char]| {
            let piece: String = piece.iter().collect();
            format!("data: {{\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"{piece}\"}}\n\n")
        };
        let mut lines: String = chars.chunks(size).map(delta).collect();
        lines.push_str(&format!("data: {COMPLETED}\n\n"));
        let told = streamed(ARGOS, [lines.as_bytes()].into_iter());
        assert!(told.starts_with("403 argo_access_denied: ARGO denies access"), "pieces of {size}: {told}");
        assert!(streamed(OTHERS, [lines.as_bytes()].into_iter()).ends_with("ends by Stop\n"));
    }
}

#[test]
fn what_is_no_answer_is_an_error_in_our_own_words() {
    let wrong = "502 bad_upstream_answer: The upstream";
    for body in [
        r#"{"status":"in_progress","output":[]}"#,
        r#"{"status":"failed","output":[]}"#,
        r#"{"status":"incomplete","output":[]}"#,
        r#"{"output":[1]}"#,
        r#"{"output":[{"type":"function_call"}]}"#,
        r#"{"object":"chat.completion","choices":[]}"#,
        "[]",
        "<html><body>502 Bad Gateway</body></html>",
    ] {
        assert!(whole(OTHERS, body.as_bytes()).starts_with(wrong), "{body}: {}", whole(OTHERS, body.as_bytes()));
    }
    assert_eq!(whole(OTHERS, b" \n"), "502 empty_answer: The upstream answered with an empty body.");
    for event in [
        "{",
        "[]",
        r#"{"type":"response.failed"}"#,
        r#"{"type":"response.failed","response":{"error":null}}"#,
        r#"{"type":"response.output_item.added"}"#,
        r#"{"type":"response.output_item.added","item":{"type":"function_call"}}"#,
    ] {
        assert!(stream(&[event]).starts_with(wrong), "{event}: {}", stream(&[event]));
    }
}

#[test]
fn a_filter_and_a_response_that_calls_itself_completed_are_told_as_they_are() {
    let cut = |event: &str, reason: &str| {
        let response = format!(
            r#"{{"type":"response.{event}","response":{{"status":"incomplete","incomplete_details":{{"reason":"{reason}"}},"output":[]}}}}"#
        );
        stream(&[&response])
    };
    assert_eq!(cut("incomplete", "content_filter"), "ends by Filtered\n");
    assert_eq!(cut("completed", "max_output_tokens"), "ends by Length\n");
}

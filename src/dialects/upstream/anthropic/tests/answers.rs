//! Answers, whole and streamed: every capture of one, cut everywhere.

use super::outcome::{Outcome, capture, cut_everywhere, events, stream_of, whole};
use crate::dialects::upstream::Vendor;

const STOP: &str = "Finish(Stop)";
const FOR_CALLS: &str = "Finish(ToolCalls)";

#[test]
fn captured_answers_say_what_the_model_said() {
    let hello = "text Hello! It's nice to meet you. How can I help you today?";
    let dot = &whole(Vendor::Argo, capture!("whole-image-base64.json")).lines;
    assert!(dot[0].starts_with("text The image appears to show a small, dark dot") && dot.len() == 3);
    for (body, expected) in [
        (capture!("whole-text.json"), &[hello, STOP, "usage 10 Some(0) 19 None"][..]),
        (
            capture!("whole-text-opus47.json"),
            &["text Pong! 🏓 How can I help you today?", STOP, "usage 13 Some(0) 20 None"],
        ),
        (capture!("whole-stop-sequence.json"), &["text C", STOP, "usage 43 Some(0) 2 None"]),
        (
            capture!("whole-thinking.json"),
            &[
                "reasoning The user said \"ping\". I'll respond with \"pong\" as is customary.",
                "signature EvwBClsI",
                "text Pong! 🏓\n\nHow can I help you today?",
                STOP,
                "usage 8 Some(0) 40 None",
            ],
        ),
        (
            capture!("whole-thinking-disabled.json"),
            &["text # Pong! 🏓\n\nI'm here and ready to help. What can I do for you?", STOP, "usage 8 Some(0) 28 None"],
        ),
    ] {
        for vendor in [Vendor::Argo, Vendor::Other] {
            assert_eq!(
                whole(vendor, body),
                Outcome { lines: expected.iter().map(|&line| line.to_owned()).collect(), failure: None }
            );
        }
    }
    let call = &whole(Vendor::Argo, capture!("whole-tools.json")).lines;
    let (head, arguments) = call[0].split_once('{').unwrap();
    assert_eq!(head, "call toolu_vrtx_01MAmFoUsYNGiCKvrJGcj3nZ get_weather ");
    let arguments: serde_json::Value = serde_json::from_str(&format!("{{{arguments}")).unwrap();
    assert_eq!(arguments, serde_json::json!({"location": "Chicago", "unit": "fahrenheit"}));
    assert_eq!(call[1..], [FOR_CALLS, "usage 775 Some(0) 51 None"]);
}

#[test]
fn captured_streams_say_the_same_wherever_they_are_cut() {
    let hello = "text Hello! It's nice to meet you. How can I help you today?";
    let call = "start toolu_vrtx_01JnganxVHWzg89dKvmwBbKW get_weather";
    let arguments = "arguments 0 {\"location\": \"Chicago\", \"unit\": \"fahrenheit\"}";
    for (body, expected) in [
        (capture!("stream-text.txt"), &[hello, STOP, "usage 10 Some(0) 19 None"][..]),
        (capture!("stream-stop-sequence.txt"), &["text C", STOP, "usage 43 Some(0) 2 None"]),
        (capture!("stream-tools.txt"), &[call, arguments, FOR_CALLS, "usage 775 Some(0) 51 None"]),
    ] {
        let expected = Outcome { lines: expected.iter().map(|&line| line.to_owned()).collect(), failure: None };
        assert_eq!(cut_everywhere(Vendor::Argo, body), expected);
        assert_eq!(cut_everywhere(Vendor::Other, body), expected);
    }
}

#[test]
fn streamed_thinking_comes_with_its_signature() {
    let said = cut_everywhere(Vendor::Other, capture!("vendor-stream-thinking.txt"));
    let kinds: Vec<&str> =
        said.lines.iter().map(|line| line.split_once(' ').map_or(line.as_str(), |line| line.0)).collect();
    assert_eq!(kinds, ["reasoning", "signature", "Finish(Length)", "usage"], "{said:?}");
    assert!(said.lines[0].starts_with("reasoning  The user is asking for a two-step verification framework"));
    assert_eq!((said.lines[1].as_str(), said.failure), ("signature EtwHClkI", None));
}

#[test]
fn an_answer_that_quotes_a_notice_is_an_answer() {
    let text =
        format!("{} ⚠️ **IMPORTANT AUTHENTICATION NOTICE FROM ARGO** ⚠️ 🚫 **ACCESS DENIED** 🚫", "word ".repeat(60));
    let expected = [format!("text {text}"), STOP.to_owned(), "usage 0 None 4 None".to_owned()];
    assert_eq!(cut_everywhere(Vendor::Argo, &stream_of("msg_1", &text)).lines, expected);
    for short in ["⚠️ **", "I", " ", "IMPORTANT AUTHENTICATION"] {
        let said = cut_everywhere(Vendor::Argo, &stream_of("msg_1", short));
        assert_eq!((said.lines[0].trim_end(), said.failure), (format!("text {short}").trim_end(), None));
    }
}

#[test]
fn an_answer_in_the_form_of_chat_completions_is_understood() {
    let body = r#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
    let said = ["text Hi", STOP, "usage 3 None 2 None"];
    assert_eq!(whole(Vendor::Argo, body).lines, said);
    assert_eq!(cut_everywhere(Vendor::Argo, body).lines, said);
    assert_eq!(whole(Vendor::Other, body).refusal().0, 502);
    let chunks = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    assert_eq!(cut_everywhere(Vendor::Argo, chunks).lines, said);
}

#[test]
fn calls_are_numbered_in_their_order_and_complete_without_pieces() {
    let body = events(&[
        r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":5,"output_tokens":8}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"AbC="}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"q\":1}"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"b","name":"g","input":{}}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"x\":"}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"\"é\ud83d\"}"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"c","name":"h","input":{"y":2}}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":30,"cache_read_input_tokens":4}}"#,
        r#"{"type":"message_stop"}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"late"}}"#,
    ]);
    let said = cut_everywhere(Vendor::Other, &body);
    let expected = [
        "Encrypted(\"AbC=\")",
        "start a f",
        "start b g",
        "arguments 1 {\"x\":\"é\u{fffd}\"}",
        "arguments 0 {}",
        "start c h",
        "arguments 2 {\"y\":2}",
        FOR_CALLS,
        "usage 9 Some(4) 30 None",
    ];
    assert_eq!((said.lines.as_slice(), said.failure), (expected.map(str::to_owned).as_slice(), None));
}

#[test]
fn a_refusal_is_told_with_its_reason() {
    let whole_body = r#"{"type":"message","content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","category":"x","explanation":"No \"such\" thing."},"usage":{"input_tokens":1,"output_tokens":0}}"#;
    let expected = ["refusal No \"such\" thing.", "Finish(Filtered)", "usage 1 None 0 None"];
    assert_eq!(whole(Vendor::Argo, whole_body).lines, expected);
    let body = events(&[
        r#"{"type":"message_start","message":{"usage":{"input_tokens":1,"output_tokens":1}}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"No \"such\" thing."}},"usage":{"output_tokens":0}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    assert_eq!(cut_everywhere(Vendor::Argo, &body).lines, expected);
}

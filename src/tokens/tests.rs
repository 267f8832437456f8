//! Tests of counts whose result is known.

use super::meter::KEPT;
use super::*;
use crate::chat::Text;
use bytes::Bytes;
use serde_json::value::RawValue;
use token_count::{Estimate, estimated};

fn prompt(counting: Counting, messages: &[&str]) -> u64 {
    let mut prompt = Prompt::new(counting, Tokenizer::O200k);
    for message in messages {
        let body = Bytes::copy_from_slice(message.as_bytes());
        let raw: &RawValue = serde_json::from_slice(&body).unwrap();
        prompt.push_message(&body, raw);
    }
    prompt.tokens()
}

#[test]
fn only_exact_counts_take_long() {
    let prompt = |counting| {
        let mut prompt = Prompt::new(counting, Tokenizer::Cl100k);
        prompt.push_plain(&Bytes::new(), "hello");
        prompt
    };
    let exact = prompt(Counting::Exact);
    assert_eq!(exact.tokens(), 1);
    assert!(!exact.takes_long(5) && exact.takes_long(4));
    assert!(!prompt(Counting::Estimate).takes_long(0) && !prompt(Counting::None).takes_long(0));
}

#[test]
fn messages_cost_their_frame_and_parts_their_text() {
    assert_eq!(prompt(Counting::Exact, &["\"hello world\""]), 3 + 4 + 2);
    assert_eq!(
        prompt(
            Counting::Exact,
            &[r#"[{"type":"text","text":"hello world"},{"type":"image_url","image_url":{"url":"data:,"}}]"#]
        ),
        9
    );
    assert_eq!(prompt(Counting::None, &["\"hello world\""]), 7);
}

#[test]
fn estimates_stay_near() {
    let english =
        "The quick brown fox jumps over the lazy dog, and then it goes home to sleep for a while. ".repeat(20);
    let exact = Tokenizer::O200k.count(&english) as f64;
    let mut estimate = Estimate::default();
    estimate.push(english.as_bytes());
    let ratio = estimate.tokens() as f64 / exact;
    assert!((0.75..1.3).contains(&ratio), "{ratio}");
}

#[test]
fn pieces_count_as_the_whole() {
    let mut meter = Meter::new(Counting::Exact, Tokenizer::O200k);
    for piece in ["hel", "lo wo", "rld"] {
        meter.push(Text::Plain(piece));
    }
    assert_eq!(meter.tokens(), Some(2));
    let long = "The quick brown fox, it's 12,345 times — naïve 日本語 \n\n  jumps ".repeat(5_000);
    let mut meter = Meter::new(Counting::Exact, Tokenizer::O200k);
    let mut rest = long.as_str();
    while !rest.is_empty() {
        let at = rest.char_indices().map(|(at, _)| at).nth(777).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(at);
        meter.push(Text::Plain(piece));
        assert!(matches!(&meter, Meter::Exact { kept, .. } if kept.len() <= KEPT + 4_000));
        rest = after;
    }
    assert_eq!(meter.tokens(), Some(Tokenizer::O200k.count(&long)));
    let mut meter = Meter::new(Counting::Exact, Tokenizer::O200k);
    meter.push(Text::Json("hello\\u0020world"));
    assert_eq!(meter.tokens(), Some(2));
}

#[test]
fn a_prompt_counts_the_same_again_however_its_text_is_written() {
    let text = "A \"long\" text,\nnaïve or 日本語. ".repeat(40);
    let tokens = Tokenizer::O200k.count(&text);
    let string = serde_json::to_string(&text).unwrap();
    let parts = format!(r#"[{{"type":"text","text":{string}}},{{"type":"image_url"}},{{"text":{string}}}]"#);
    let large = format!(r#"[{{"text":{string}}},{{"type":"image_url","url":"{}"}}]"#, "A".repeat(1 << 16));
    for _ in 0..3 {
        assert_eq!(prompt(Counting::Exact, &[&string]), 7 + tokens);
        assert_eq!(prompt(Counting::Exact, &[&parts]), 7 + 2 * tokens);
        assert_eq!(prompt(Counting::Exact, &[&large]), 7 + tokens);
        let mut plain = Prompt::new(Counting::Exact, Tokenizer::O200k);
        plain.push_plain(&Bytes::new(), &string);
        assert_eq!(plain.tokens(), Tokenizer::O200k.count(&string));
    }
    let estimate = prompt(Counting::Estimate, &[&string]);
    assert_eq!(estimate, 7 + estimated(&string.as_bytes()[1..string.len() - 1]));
    assert_eq!(prompt(Counting::Estimate, &[&parts]), 2 * estimate - 7);
}

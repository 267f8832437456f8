//! JSON text: mended, cut, spliced and read without a value tree, compared with serde_json.

use super::{Target, knob, pieces, seeds};
use argo_openai_proxy::json::decimal::Decimal;
use argo_openai_proxy::json::document_end::BodyEnd;
use argo_openai_proxy::json::overlay::Overlay;
use argo_openai_proxy::json::{self, Fields, crowded, cut, fields, vector};
use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub const MEND: Target =
    Target { name: "json_mend", usual: 100_000, seeds: || seeds::requests(""), words: seeds::JSON, run: mend };
pub const DOCUMENT_END: Target = Target {
    name: "json_document_end",
    usual: 80_000,
    seeds: || seeds::behind(b'A'..=b'H', seeds::requests("")),
    words: seeds::JSON,
    run: document_end,
};
pub const FIELDS: Target =
    Target { name: "json_fields", usual: 60_000, seeds: || seeds::requests(""), words: seeds::JSON, run: fields };
pub const OVERLAY: Target =
    Target { name: "json_overlay", usual: 50_000, seeds: || seeds::requests(""), words: seeds::JSON, run: overlay };
pub const CROWDED: Target =
    Target { name: "json_crowded", usual: 1_000, seeds: crowded_seeds, words: &["\"@\"", "{\"a\":", "["], run: crowd };
pub const CUT: Target = Target {
    name: "json_cut",
    usual: 50_000,
    seeds: || seeds::behind(b'A'..=b'Z', seeds::requests("")),
    words: seeds::JSON,
    run: cuts,
};
pub const STRINGS: Target =
    Target { name: "json_strings", usual: 80_000, seeds: || seeds::requests(""), words: seeds::JSON, run: strings };
pub const DECIMAL: Target = Target {
    name: "json_decimal",
    usual: 150_000,
    seeds: numbers,
    words: &["e", "-", ".", "0", "00000000"],
    run: decimal,
};

/// Returns the value of a text, as serde_json reads it.
pub fn value(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok()
}

fn mend(body: &[u8]) {
    let mended = json::mended(Bytes::copy_from_slice(body));
    let unmarked = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    assert_eq!(mended.len(), unmarked.len());
    if mended.starts_with(b"\xEF\xBB\xBF") {
        return;
    }
    assert_eq!(json::mended(mended.clone()), mended);
    if let Some(value) = value(unmarked) {
        assert_eq!(self::value(&mended), Some(value));
    }
    // What is JSON by its grammar can be read now, but for numbers that no float64 holds and for deep nesting.
    if serde_json::from_slice::<&RawValue>(&mended).is_ok()
        && let Err(error) = serde_json::from_slice::<Value>(&mended)
    {
        let error = error.to_string();
        assert!(error.starts_with("number out of range") || error.starts_with("recursion limit"), "{error}");
    }
}

fn document_end(input: &[u8]) {
    let (knob, body) = knob(input);
    let whole = BodyEnd::default().push(body);
    let mut cut = BodyEnd::default();
    assert_eq!(pieces(knob, body).into_iter().fold(false, |_, piece| cut.push(piece)), whole && !body.is_empty());
    let mut documents = serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>();
    if let Some(Ok(first)) = documents.next() {
        let end = documents.byte_offset();
        let has_end = first.get().starts_with(['{', '[']);
        assert_eq!(BodyEnd::default().push(&body[..end]), has_end);
        assert!(!BodyEnd::default().push(&body[..end - 1]));
    }
}

fn fields(body: &[u8]) {
    let Ok(text) = std::str::from_utf8(body) else { return };
    let fields = Fields::parse(text);
    let expected = serde_json::from_str::<BTreeMap<String, &RawValue>>(text);
    assert_eq!(fields.is_ok(), expected.is_ok());
    if let (Ok(fields), Ok(expected)) = (fields, expected) {
        let found: BTreeMap<String, &str> = fields.iter().map(|(name, raw)| (name.to_owned(), raw.get())).collect();
        assert_eq!(fields.iter().count(), found.len(), "no name comes twice");
        assert!(found.iter().map(|(name, raw)| (name, *raw)).eq(expected.iter().map(|(name, raw)| (name, raw.get()))));
        // serde_json keeps the order, too, where it reads the whole text.
        if let Some(Value::Object(map)) = value(body) {
            assert!(fields.iter().map(|(name, _)| name).eq(map.keys().map(String::as_str)));
        }
        for (name, raw) in fields.iter() {
            assert_eq!(fields.get(name).map(RawValue::get), Some(raw.get()));
            let list = serde_json::from_str::<Vec<&RawValue>>(raw.get());
            assert_eq!(fields::list_of(raw).is_ok(), list.is_ok());
            assert_eq!(fields::list_of(raw).map_or(0, |list| list.len()), list.map_or(0, |list| list.len()));
            assert!(Fields::of(raw).is_none() || raw.get().starts_with('{'));
        }
    }
}

fn overlay(body: &[u8]) {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let overlay = Overlay {
        set: vec![field("model", "\"set\""), field("é\"\\", "[2]")],
        default: vec![field("temperature", "0.5"), field("user", "\"anybody\"")],
    };
    let laid = overlay.lay(Bytes::copy_from_slice(body));
    match value(body) {
        Some(Value::Object(mut map)) => {
            for (name, value) in &overlay.default {
                map.entry(name).or_insert_with(|| serde_json::from_str(value).unwrap());
            }
            for (name, value) in &overlay.set {
                map.insert(name.clone(), serde_json::from_str(value).unwrap());
            }
            assert_eq!(value(&laid), Some(Value::Object(map)));
        }
        Some(_) => assert_eq!(laid, body),
        None => {}
    }
}

fn crowded_seeds() -> Vec<Vec<u8>> {
    seeds::texts(&[
        r#"{"messages": [{"role": "user", "content": ["x,", "@"]}], "a": {"b": "@"}}"#,
        r#"["@"]"#,
        r#""@""#,
        r#"{"a": [[], {}, [1, 2, {"b": [true, null, "@"], "c": 1}]], "d": "\"["}"#,
    ])
}

/// Puts a crowded list where `"@"` stands.
fn crowd(input: &[u8]) {
    // More than an input has. The limit of requests would take most of the time.
    const MOST: usize = 4_096;
    static LIST: LazyLock<String> = LazyLock::new(|| format!("[{}0]", "0,".repeat(MOST)));
    let Ok(text) = std::str::from_utf8(input) else { return };
    let found = crowded::find_above(MOST, text.replacen("\"@\"", &LIST, 1).as_bytes());
    let Some(value) = value(input).filter(|_| text.matches("\"@\"").count() == 1 && !text.contains('\\')) else {
        return;
    };
    // A name is no value.
    if let Some(place) = place_of(&value) {
        assert_eq!(found, Some(crowded::CrowdedValue { place, is_list: true }));
    }
}

/// Returns the place of the value `@`.
fn place_of(value: &Value) -> Option<String> {
    fn within(value: &Value, place: String) -> Option<String> {
        match value {
            Value::String(text) => (text == "@").then_some(place),
            Value::Array(list) => {
                list.iter().enumerate().find_map(|(index, value)| within(value, format!("{place}[{index}]")))
            }
            Value::Object(map) => map.iter().find_map(|(name, value)| {
                let name: String = name.chars().take(64).collect();
                let dot = if place.is_empty() { "" } else { "." };
                within(value, format!("{place}{dot}{name}"))
            }),
            _ => None,
        }
    }
    within(value, String::new())
}

fn cuts(input: &[u8]) {
    let (knob, bytes) = knob(input);
    let most = usize::from(knob % 64) + 4;
    let text = String::from_utf8_lossy(bytes);
    let plain: Vec<&str> = cut::plain(&text, most).collect();
    assert_eq!(plain.concat(), text);
    assert!(plain.iter().all(|piece| !piece.is_empty() && piece.len() <= most));
    let quoted = serde_json::to_string(&text).unwrap();
    let escaped = &quoted[1..quoted.len() - 1];
    // The text is also taken as the inside of a string, if it is one.
    for inside in [escaped, text.as_ref()] {
        let Ok(whole) = serde_json::from_str::<String>(&format!("\"{inside}\"")) else { continue };
        let pieces: Vec<&str> = cut::json(inside, most).collect();
        assert_eq!(pieces.concat(), inside);
        assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.len() < most + 12));
        let read: String =
            pieces.iter().map(|piece| serde_json::from_str::<String>(&format!("\"{piece}\"")).unwrap()).collect();
        assert_eq!(read, whole);
    }
}

fn strings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut written = Vec::new();
    json::push_string(&mut written, &text);
    assert_eq!(serde_json::from_slice::<String>(&written).unwrap(), text);
    let line_end = |c: char| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') || c < ' ';
    assert!(!std::str::from_utf8(&written).unwrap().contains(line_end));

    let Ok(inside) = RawValue::from_string(format!("\"{text}\"")) else { return };
    let read = json::text_of(&inside).unwrap();
    let mended = json::paired(Cow::Borrowed(inside.get()));
    assert_eq!(serde_json::from_str::<String>(&mended).unwrap(), read);
    let mut pushed = b"\"".to_vec();
    json::push_inside(&mut pushed, json::inside_of(&inside).unwrap());
    pushed.push(b'"');
    let pushed = RawValue::from_string(String::from_utf8(pushed).unwrap()).unwrap();
    assert_eq!(json::text_of(&pushed).unwrap(), read);
    assert!(!pushed.get().contains(['\u{85}', '\u{2028}', '\u{2029}']));
}

fn numbers() -> Vec<Vec<u8>> {
    seeds::texts(&[
        "0",
        "-0.0",
        "12345678",
        "123456789.123456789",
        "1e5",
        "-1.5E-10",
        "3.4028236e38",
        "16777217.0000000000001",
        "1.17549435e-38",
        "123456789012345678901234567890",
        "0.00000000000000000000000000001",
        "[[1, -2.5e3],[0]]",
        "[[1,2],[3]] ",
        "[[1.00000005960464477539, 9.5367431640625e-07]]",
        "1e-45",
        "1e39,",
    ])
}

/// Reads a number, and lists of numbers.
fn decimal(bytes: &[u8]) {
    let read = Decimal::read(bytes);
    assert_eq!(Decimal::length(bytes).map(|(length, _)| length), read.map(|(_, length)| length));
    if let Some((number, length)) = read {
        let text = std::str::from_utf8(&bytes[..length]).unwrap();
        assert!(serde_json::from_str::<&RawValue>(text).is_ok());
        // The number is not read short, but where the rest makes it wrong.
        if let Some(next) = bytes.get(length) {
            let more = std::str::from_utf8(&bytes[..=length])
                .is_ok_and(|text| serde_json::from_str::<&RawValue>(text).is_ok());
            assert!(!more || next.is_ascii_whitespace());
        }
        let float: f32 = text.parse().unwrap();
        assert!(number.as_f32().is_none_or(|value| value.to_bits() == float.to_bits()));
        assert!(Decimal::length(bytes).is_some_and(|(_, may_be_beyond)| may_be_beyond || float.is_finite()));
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        assert!(!is_number || serde_json::from_str::<&RawValue>(text).is_err());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = vector::vectors(text).filter(|(_, rest)| rest.trim_matches([' ', '\n', '\r', '\t']).is_empty());
    let read = read.filter(|(lists, _)| lists.iter().all(|list| list.each(|_, _| true)));
    let found = read.as_ref().map(|(lists, _)| lists.iter().map(|list| (&*list.text, list.length)).collect::<Vec<_>>());
    assert_eq!(found, lists_of_numbers(text));
}

/// Reads a list of lists of numbers with serde_json.
fn lists_of_numbers(text: &str) -> Option<Vec<(&str, usize)>> {
    // `vectors` wants no space before the list.
    let lists: Vec<&RawValue> = serde_json::from_str(text).ok().filter(|_| text.starts_with('['))?;
    let read = |list: &&'_ RawValue| {
        let numbers: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
        let is_number = |one: &&RawValue| one.get().starts_with(|c: char| c == '-' || c.is_ascii_digit());
        (!numbers.is_empty() && numbers.iter().all(is_number)).then_some(numbers.len())
    };
    let lists = lists.into_iter().map(|list| Some((list.get(), read(&list)?)));
    lists.collect::<Option<Vec<_>>>().filter(|lists| !lists.is_empty())
}

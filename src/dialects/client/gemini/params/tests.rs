use super::*;
use crate::models::Facts;

fn read(config: &str, family: Family) -> Result<(Vec<String>, GenerateParamsFacts), String> {
    let request = format!("{{\"generation_config\":{config}}}");
    let fields = Fields::parse(&request).unwrap();
    let facts = Facts { max_output_tokens: Some(16_384), ..Facts::default() };
    let rules = Rules { tools: Some(family), facts, ..Rules::default() };
    let params = GenerateParams::read(&fields, &rules).map_err(|failure| failure.message)?;
    let list = params.list().iter().map(|(name, value)| format!("{name}={}", value.get())).collect();
    let format = params.asked_format().map(|format| (format.param.1.get().to_owned(), format.part));
    Ok((list, GenerateParamsFacts { format, answers: params.answers, left_out: params.left_out }))
}

struct GenerateParamsFacts {
    format: Option<(String, JsonPart)>,
    answers: u64,
    left_out: Vec<String>,
}

#[test]
fn settings_have_openais_names() {
    let config = r#"{"temperature":1,"top_p":0.95,"topK":64.0,"maxOutputTokens":"65536","stop_sequences":["a","b","c","d","e"],"seed":3.0,"presencePenalty":0.1,"frequency_penalty":0.2,"mediaResolution":"LOW","candidateCount":2}"#;
    let (list, facts) = read(config, Family::Openai).unwrap();
    let expected = [
        "max_tokens=16384",
        "temperature=1",
        "top_p=0.95",
        "presence_penalty=0.1",
        "frequency_penalty=0.2",
        "seed=3",
        r#"stop=["a","b","c","d"]"#,
    ];
    assert_eq!(list, expected);
    assert_eq!(
        (facts.answers, facts.left_out),
        (2, vec!["generationConfig.topK".to_owned(), "generationConfig.mediaResolution".to_owned()])
    );
    let (list, facts) = read(r#"{"topK":64,"maxOutputTokens":65536}"#, Family::Anthropic).unwrap();
    assert_eq!((list, facts.left_out), (vec!["max_tokens=16384".to_owned(), "top_k=64".to_owned()], Vec::new()));
    assert_eq!(read(r#"{"maxOutputTokens":65536}"#, Family::Google).unwrap().0, ["max_tokens=65536"]);
}

#[test]
fn thinking_is_an_effort() {
    for (thinking, openai, anthropic) in [
        (r#"{"includeThoughts":true}"#, None, None),
        (r#"{"thinkingBudget":-1}"#, None, None),
        (r#"{"thinking_budget":0}"#, Some("low"), None),
        (r#"{"thinkingBudget":8192,"includeThoughts":true}"#, Some("medium"), Some("medium")),
        (r#"{"thinkingBudget":24576}"#, Some("high"), Some("high")),
        (r#"{"thinkingLevel":"minimal"}"#, Some("low"), Some("low")),
        (r#"{"thinking_level":"XHIGH","thinkingBudget":1}"#, Some("high"), Some("high")),
        (r#"{"thinkingLevel":"THINKING_LEVEL_UNSPECIFIED"}"#, None, None),
    ] {
        let config = format!("{{\"thinking_config\":{thinking}}}");
        let effort = |family| read(&config, family).unwrap().0;
        let told = |word: Option<&str>| {
            word.map(|word| format!("reasoning_effort=\"{word}\"")).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(effort(Family::Openai), told(openai), "{thinking}");
        assert_eq!(effort(Family::Anthropic), told(anthropic), "{thinking}");
        assert_eq!(effort(Family::Google), told(None), "{thinking}");
    }
}

#[test]
fn formats_are_json_schemas_whatever_their_names() {
    let wrapped =
        |schema: &str| format!(r#"{{"type":"json_schema","json_schema":{{"name":"answer","schema":{schema}}}}}"#);
    let object = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
    let member = |schema: &str, more: &str| {
        format!(
            r#"{{"type":"object","properties":{{"value":{schema}}},"required":["value"],"additionalProperties":false{more}}}"#
        )
    };
    for (config, format) in [
        (r#"{"responseMimeType":"text/plain"}"#, None),
        (r#"{"responseMimeType":"application/json"}"#, Some((r#"{"type":"json_object"}"#.to_owned(), JsonPart::All))),
        (
            r#"{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}}"#,
            Some((wrapped(object), JsonPart::All)),
        ),
        (
            r#"{"response_mime_type":"application/json","response_schema":{"type":"ARRAY","items":{"type":"STRING"}}}"#,
            Some((wrapped(&member(r#"{"type":"array","items":{"type":"string"}}"#, "")), JsonPart::Member)),
        ),
        (
            r##"{"responseJsonSchema":{"$defs":{"A":{}},"type":"array","items":{"$ref":"#/$defs/A"}}}"##,
            Some((
                wrapped(&member(r##"{"type":"array","items":{"$ref":"#/$defs/A"}}"##, r#","$defs":{"A":{}}"#)),
                JsonPart::Member,
            )),
        ),
        (
            r#"{"responseMimeType":"application/json","response_json_schema":{"type":"object","properties":{"a":{"type":"string"}}},"responseSchema":{"type":"X"}}"#,
            Some((wrapped(object), JsonPart::All)),
        ),
        (
            r#"{"responseFormat":[{"text":{"mimeType":"APPLICATION_JSON","schema":{"type":"object","properties":{"a":{"type":"string"}}}}}]}"#,
            Some((wrapped(object), JsonPart::All)),
        ),
        (
            r#"{"responseMimeType":"text/x.enum","responseSchema":{"type":"STRING","enum":["a","b"]}}"#,
            Some((wrapped(&member(r#"{"type":"string","enum":["a","b"]}"#, "")), JsonPart::Word)),
        ),
    ] {
        assert_eq!(read(config, Family::Openai).unwrap().1.format, format, "{config}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (config, place) in [
        ("1", "generationConfig"),
        (r#"{"temperature":"hot"}"#, "generationConfig.temperature"),
        (r#"{"maxOutputTokens":0}"#, "generationConfig.maxOutputTokens"),
        (r#"{"maxOutputTokens":1.5}"#, "generationConfig.maxOutputTokens"),
        (r#"{"stopSequences":[1]}"#, "generationConfig.stopSequences"),
        (r#"{"candidateCount":0}"#, "generationConfig.candidateCount"),
        (r#"{"responseModalities":["AUDIO"]}"#, "generationConfig.responseModalities"),
        (r#"{"responseLogprobs":true}"#, "generationConfig.responseLogprobs"),
        (r#"{"speechConfig":{}}"#, "generationConfig.speechConfig"),
        (r#"{"thinkingConfig":{"thinkingLevel":"much"}}"#, "generationConfig.thinkingConfig.thinkingLevel"),
        (r#"{"responseMimeType":"image/png"}"#, "generationConfig.responseMimeType"),
        (r#"{"responseMimeType":"text/x.enum"}"#, "generationConfig.responseMimeType"),
        (r#"{"responseMimeType":"application/json","responseSchema":1}"#, "generationConfig.responseSchema"),
    ] {
        let told = read(config, Family::Openai).map(drop).unwrap_err();
        assert!(told.starts_with(&format!("Invalid value at '{place}'")), "{config}: {told}");
    }
    assert!(read(r#"{"responseModalities":["TEXT"],"responseLogprobs":false}"#, Family::Openai).is_ok());
}

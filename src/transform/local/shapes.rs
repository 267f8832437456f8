//! How models read to the clients of each vendor.

use super::paging::ModelPage;
use crate::json;
use crate::models::Model;
use crate::plan::ClientVendor;

const DAY: u64 = 24 * 60 * 60;

/// Appends a page of models.
pub fn push_list(out: &mut Vec<u8>, vendor: ClientVendor, page: &ModelPage<'_>) {
    out.extend_from_slice(match vendor {
        ClientVendor::Openai => b"{\"object\":\"list\",\"data\":[",
        ClientVendor::Anthropic => b"{\"data\":[".as_slice(),
        ClientVendor::Google => b"{\"models\":[",
    });
    for (index, model) in page.models.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_model(out, vendor, model);
    }
    out.push(b']');
    match (vendor, page.next) {
        (ClientVendor::Openai, _) | (ClientVendor::Google, None) => {}
        (ClientVendor::Google, Some(next)) => push_text(out, "nextPageToken", &next.to_string()),
        (ClientVendor::Anthropic, next) => {
            out.extend_from_slice(if next.is_some() { b",\"has_more\":true" } else { b",\"has_more\":false" });
            for (key, model) in [("first_id", page.models.first()), ("last_id", page.models.last())] {
                json::push_key(out, key);
                match model {
                    Some(model) => json::push_string(out, &model.name),
                    None => out.extend_from_slice(b"null"),
                }
            }
        }
    }
    out.push(b'}');
}

/// Appends one model.
pub fn push_model(out: &mut Vec<u8>, vendor: ClientVendor, model: &Model) {
    match vendor {
        ClientVendor::Openai => push_openai(out, model),
        ClientVendor::Anthropic => push_anthropic(out, model),
        ClientVendor::Google => push_google(out, model),
    }
}

/// Appends a model as OpenAI's clients know it, then all other facts.
fn push_openai(out: &mut Vec<u8>, model: &Model) {
    let facts = &model.rules.facts;
    out.extend_from_slice(b"{\"id\":");
    json::push_string(out, &model.name);
    out.extend_from_slice(b",\"object\":\"model\",\"created\":");
    json::push_number(out, facts.created.unwrap_or_default());
    push_text(out, "owned_by", facts.owned_by.as_deref().unwrap_or_default());
    push_text(out, "internal_name", &model.id);
    push_fact(out, "context_length", facts.context_length);
    push_fact(out, "max_output_tokens", facts.max_output_tokens);
    if model.deprecated {
        out.extend_from_slice(b",\"deprecated\":true");
    }
    if model.gone {
        out.extend_from_slice(b",\"gone\":true");
    }
    out.push(b'}');
}

fn push_anthropic(out: &mut Vec<u8>, model: &Model) {
    let facts = &model.rules.facts;
    out.extend_from_slice(b"{\"type\":\"model\",\"id\":");
    json::push_string(out, &model.name);
    push_text(out, "display_name", &shown(&model.name));
    push_text(out, "created_at", &date(facts.created.unwrap_or_default()));
    push_text(out, "lifecycle", if model.deprecated || model.gone { "deprecated" } else { "active" });
    push_fact(out, "max_input_tokens", facts.context_length);
    push_fact(out, "max_tokens", facts.max_output_tokens);
    out.push(b'}');
}

fn push_google(out: &mut Vec<u8>, model: &Model) {
    let facts = &model.rules.facts;
    out.extend_from_slice(b"{\"name\":\"models/");
    json::push_escaped(out, &model.name);
    out.push(b'"');
    push_text(out, "displayName", &shown(&model.name));
    push_fact(out, "inputTokenLimit", facts.context_length);
    push_fact(out, "outputTokenLimit", facts.max_output_tokens);
    out.extend_from_slice(if model.rules.is_embedding() {
        b",\"supportedGenerationMethods\":[\"embedContent\",\"batchEmbedContents\"]}".as_slice()
    } else {
        b",\"supportedGenerationMethods\":[\"generateContent\",\"streamGenerateContent\",\"countTokens\"]}"
    });
}

fn push_text(out: &mut Vec<u8>, key: &str, text: &str) {
    json::push_key(out, key);
    json::push_string(out, text);
}

fn push_fact(out: &mut Vec<u8>, key: &str, number: Option<u64>) {
    if let Some(number) = number {
        json::push_key(out, key);
        json::push_number(out, number);
    }
}

/// Returns a name for people: without the prefix, in words that begin with capitals.
fn shown(name: &str) -> String {
    let short = name.split_once(':').map_or(name, |(_, short)| short);
    let words = short.split(['-', '_']).filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        let is_short = word.len() <= 3
            && !word.starts_with(|c: char| c.is_ascii_digit())
            && !word.contains(|c: char| "aeiou".contains(c));
        if is_short {
            return word.to_uppercase();
        }
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<String>>().join(" ")
}

/// Returns Unix seconds as a date and a time: `2025-03-01T00:00:00Z`.
fn date(seconds: u64) -> String {
    let (days, second) = (seconds / DAY, seconds % DAY);
    // Years begin in March here, so that the day of a leap year is the last one.
    let shifted = days + 719_468;
    let era_day = shifted % 146_097;
    let year_of_era = (era_day - era_day / 1460 + era_day / 36_524 - era_day / 146_096) / 365;
    let day_of_year = era_day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + shifted / 146_097 * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Facts, Rules};
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn model(name: &str, rules: Rules) -> Model {
        Model { name: name.to_owned(), id: "m1".to_owned(), rules: Arc::new(rules), ..Model::default() }
    }

    fn listed(vendor: ClientVendor, models: &[Model]) -> Value {
        let mut out = Vec::new();
        push_list(&mut out, vendor, &ModelPage::of_all(models.iter().collect()));
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn each_vendors_clients_read_the_list_in_their_own_shape() {
        let facts = Facts {
            owned_by: Some("lab".to_owned()),
            created: Some(1_740_787_200),
            context_length: Some(9),
            max_output_tokens: Some(3),
        };
        let models = [
            model("lab:one-big", Rules { facts, ..Rules::default() }),
            Model { deprecated: true, ..model("two", Rules { dimensions: Some(4), ..Rules::default() }) },
        ];
        assert_eq!(
            listed(ClientVendor::Anthropic, &models),
            json!({"data": [
                {"type": "model", "id": "lab:one-big", "display_name": "One Big", "created_at": "2025-03-01T00:00:00Z",
                 "lifecycle": "active", "max_input_tokens": 9, "max_tokens": 3},
                {"type": "model", "id": "two", "display_name": "Two", "created_at": "1970-01-01T00:00:00Z", "lifecycle": "deprecated"},
            ], "has_more": false, "first_id": "lab:one-big", "last_id": "two"})
        );
        assert_eq!(
            listed(ClientVendor::Google, &models),
            json!({"models": [
                {"name": "models/lab:one-big", "displayName": "One Big", "inputTokenLimit": 9, "outputTokenLimit": 3,
                 "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"]},
                {"name": "models/two", "displayName": "Two", "supportedGenerationMethods": ["embedContent", "batchEmbedContents"]},
            ]})
        );
        assert_eq!(
            listed(ClientVendor::Openai, &models)["data"][0],
            json!({"id": "lab:one-big", "object": "model", "created": 1_740_787_200_u64, "owned_by": "lab", "internal_name": "m1",
                   "context_length": 9, "max_output_tokens": 3})
        );
        let gone = [Model { gone: true, ..model("lab:x", Rules::default()) }];
        assert_eq!(listed(ClientVendor::Openai, &gone)["data"][0]["gone"], true);
        assert_eq!(listed(ClientVendor::Anthropic, &gone)["data"][0]["lifecycle"], "deprecated");
        let none = json!({"data": [], "has_more": false, "first_id": null, "last_id": null});
        assert_eq!(listed(ClientVendor::Anthropic, &[]), none);
    }

    #[test]
    fn seconds_are_dates_in_every_year() {
        for (seconds, told) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(date(seconds), told);
        }
    }

    #[test]
    fn names_for_people_have_no_dashes() {
        for (name, told) in [("a:gpt-9o", "GPT 9o"), ("b:some-model-4.7", "Some Model 4.7"), ("x", "X"), ("", "")] {
            assert_eq!(shown(name), told);
        }
    }
}

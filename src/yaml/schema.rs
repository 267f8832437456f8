//! Prints the description of a file's keys as a JSON Schema (draft 7) for editors.

use super::keys::{Key, KeyChoice, Kind};
use serde_json::{Map, Value, json};

/// The pattern of a text with a variable, which may stand in place of another type.
const VARIABLE: &str = r"\$\{";

/// The schema of a file.
pub struct Schema {
    pub title: &'static str,
    pub about: &'static str,
    pub keys: &'static [Key],
    /// True if `${NAME}` may stand for numbers and booleans too.
    pub variables: bool,
    /// True if the file adds to another file and may leave out what that file defines.
    pub adds: bool,
}

impl Schema {
    /// Returns the schema as JSON. The keys keep the order of their description.
    pub fn json(&self) -> Value {
        let mut root = Map::new();
        root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
        root.insert("title".to_owned(), json!(self.title));
        root.insert("description".to_owned(), json!(self.about));
        root.extend(self.mapping(self.keys));
        Value::Object(root)
    }

    fn mapping(&self, keys: &[Key]) -> Map<String, Value> {
        let mut properties = Map::new();
        for key in keys {
            let mut about = key.about.to_owned();
            for choice in choices(key.kind).iter().filter(|choice| !choice.about.is_empty()) {
                about.push_str(&format!("\n{}: {}", choice.name, choice.about));
            }
            let mut schema = Map::new();
            schema.insert("description".to_owned(), Value::String(about));
            schema.extend(self.value(key.kind));
            properties.insert(key.name.to_owned(), Value::Object(schema));
        }
        let required: Vec<&str> =
            keys.iter().filter(|key| key.required && !(self.adds && key.inherited)).map(|key| key.name).collect();
        let mut map = object(json!({"type": "object", "properties": properties}));
        if !required.is_empty() {
            map.insert("required".to_owned(), json!(required));
        }
        map.insert("additionalProperties".to_owned(), Value::Bool(false));
        map
    }

    fn value(&self, kind: Kind) -> Map<String, Value> {
        match kind {
            Kind::Bool => self.or_variable(json!({"type": "boolean"})),
            Kind::Switch => object(json!({"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": VARIABLE}]})),
            Kind::Whole(low, i64::MAX) => self.or_variable(json!({"type": "integer", "minimum": low})),
            Kind::Whole(low, high) => self.or_variable(json!({"type": "integer", "minimum": low, "maximum": high})),
            Kind::Limit(high) => self
                .or_variable(json!({"anyOf": [{"type": "integer", "minimum": 1, "maximum": high}, {"const": "none"}]})),
            Kind::Number => self.or_variable(json!({"type": "number"})),
            Kind::Seconds => self.or_variable(json!({"type": "number", "minimum": 0, "maximum": 604_800})),
            Kind::Duration => object(json!({"type": ["number", "string"], "minimum": 0, "maximum": 604_800})),
            Kind::Size => object(json!({"type": ["integer", "string"], "minimum": 1})),
            Kind::Address => object(json!({"type": ["integer", "string"], "minimum": 0, "maximum": 65535})),
            Kind::Text => object(json!({"type": "string"})),
            Kind::OneOf(choices) => {
                object(json!({"enum": choices().iter().map(|choice| choice.name).collect::<Vec<_>>()}))
            }
            Kind::List(item) => object(json!({"type": "array", "items": self.value(*item)})),
            Kind::OneOrMany(item) => {
                let one = self.value(*item);
                object(json!({"anyOf": [one, {"type": "array", "items": one}]}))
            }
            Kind::Map(keys) => self.mapping(keys),
            Kind::Names(value) => object(json!({"type": "object", "additionalProperties": self.value(*value)})),
            Kind::Settings(of) => self.settings(&of()),
            Kind::Json => object(json!({"type": "object"})),
            Kind::Any => Map::new(),
            Kind::Either(choices, keys, one) => {
                let mut map = self.mapping(keys);
                let one: Vec<Value> = one.iter().map(|key| json!({"required": [key]})).collect();
                map.insert("oneOf".to_owned(), json!(one));
                object(json!({"oneOf": [self.value(Kind::OneOf(choices)), map]}))
            }
        }
    }

    /// Returns the schema of all items with settings; an empty mapping when no item has any.
    fn settings(&self, of: &[(&'static str, &'static [Key])]) -> Map<String, Value> {
        let with = |(name, keys): &(&'static str, &'static [Key])| {
            let mut map = self.mapping(keys);
            map.insert("title".to_owned(), json!(name));
            Value::Object(map)
        };
        let all: Vec<Value> = of.iter().filter(|(_, keys)| !keys.is_empty()).map(with).collect();
        if all.is_empty() { self.mapping(&[]) } else { object(json!({"anyOf": all})) }
    }

    fn or_variable(&self, schema: Value) -> Map<String, Value> {
        if self.variables {
            object(json!({"anyOf": [schema, {"type": "string", "pattern": VARIABLE}]}))
        } else {
            object(schema)
        }
    }
}

fn choices(kind: Kind) -> Vec<KeyChoice> {
    match kind {
        Kind::OneOf(choices) | Kind::Either(choices, ..) => choices(),
        Kind::OneOrMany(kind) | Kind::List(kind) => choices(*kind),
        _ => Vec::new(),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => Map::from_iter([("const".to_owned(), other)]),
    }
}

//! YAML that has to be JSON when it goes out: a canned request, the value of a parameter.

use crate::yaml::{At, Node, Source, Step};
use bytes::Bytes;
use serde_json::{Map, Number, Value};

/// A request as bytes; reports what JSON cannot say.
pub fn json(called: &str, request: &At<&Node>, source: &mut Source<'_>) -> Option<Bytes> {
    text(called, "the request", request.value, &request.path, source).map(Bytes::from)
}

/// A value as JSON; reports what JSON cannot say.
pub fn text(called: &str, what: &str, node: &Node, path: &[Step], source: &mut Source<'_>) -> Option<String> {
    let mut refused = Vec::new();
    let value = value(node, path, &mut refused);
    for (path, why, help) in &refused {
        let message = format!("{called}: {what} cannot be written as JSON: {why}");
        source.error(path, message, Some((*help).to_owned()));
    }
    refused.is_empty().then(|| value.to_string())
}

/// Where, what is wrong, and what to do.
type Refused = Vec<(Vec<Step>, &'static str, &'static str)>;

const QUOTE: &str = "put it in double quotes if it is meant as text";

fn value(node: &Node, path: &[Step], refused: &mut Refused) -> Value {
    let below = |step: Step| [path, &[step]].concat();
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::Bool(*value),
        Node::Int(value) => number(Number::from_i128(*value), path, refused),
        Node::Float(value) => number(Number::from_f64(*value), path, refused),
        Node::Text(text) | Node::Substituted(text) => Value::String(text.clone()),
        Node::List(items) => {
            let items = items.iter().enumerate();
            Value::Array(items.map(|(index, item)| value(item, &below(Step::Item(index)), refused)).collect())
        }
        Node::Map(entries) => {
            let mut map = Map::new();
            for (index, (key, item)) in entries.iter().enumerate() {
                let name = match key {
                    Node::Text(name) => name.clone(),
                    Node::Int(number) => number.to_string(),
                    Node::Bool(value) => value.to_string(),
                    _ => {
                        refused.push((below(Step::Key(index)), "a key has to be a text", QUOTE));
                        continue;
                    }
                };
                let item = value(item, &below(Step::Value(index)), refused);
                if map.insert(name, item).is_some() {
                    refused.push((below(Step::Key(index)), "a key stands twice", "keep one of the two"));
                }
            }
            Value::Object(map)
        }
    }
}

fn number(number: Option<Number>, path: &[Step], refused: &mut Refused) -> Value {
    match number {
        Some(number) => Value::Number(number),
        None => {
            refused.push((path.to_vec(), "a number has to be finite and of 64 bits", QUOTE));
            Value::Null
        }
    }
}

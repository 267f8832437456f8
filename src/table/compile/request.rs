//! Converts YAML to JSON: fixed requests, fields, parameters, replies.

use crate::yaml::{At, Node, PathStep, Source};
use serde_json::{Map, Number, Value};

/// Returns a value as JSON text, and reports values that JSON cannot hold.
pub fn text(called: &str, what: &str, node: &Node, path: &[PathStep], source: &mut Source<'_>) -> Option<String> {
    value(called, what, &At::new(node, path.to_vec()), source).map(|value| value.to_string())
}

/// Returns the JSON value of a node, and reports values that JSON cannot hold. `what` names the value in messages.
pub fn value(called: &str, what: &str, node: &At<&Node>, source: &mut Source<'_>) -> Option<Value> {
    let mut refused = Vec::new();
    let value = json(node.value, &node.path, &mut refused);
    for (path, why, help) in &refused {
        let message = format!("{called}: {what} cannot be written as JSON: {why}");
        source.error(path, message, Some((*help).to_owned()));
    }
    refused.is_empty().then_some(value)
}

/// A list of faults: the place, what is wrong, and what to do.
type Refused = Vec<(Vec<PathStep>, &'static str, &'static str)>;

const QUOTE: &str = "put it in double quotes if it is meant as text";

fn json(node: &Node, path: &[PathStep], refused: &mut Refused) -> Value {
    let below = |step: PathStep| [path, &[step]].concat();
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::Bool(*value),
        Node::Int(value) => number(Number::from_i128(*value), path, refused),
        Node::Float(value) => number(Number::from_f64(*value), path, refused),
        Node::Text(text) | Node::Substituted(text) => Value::String(text.clone()),
        Node::List(items) => {
            let items = items.iter().enumerate();
            Value::Array(items.map(|(index, item)| json(item, &below(PathStep::Item(index)), refused)).collect())
        }
        Node::Map(entries) => {
            let mut map = Map::new();
            for (index, (key, item)) in entries.iter().enumerate() {
                let name = match key {
                    Node::Text(name) => name.clone(),
                    // YAML reads bare `1:` and `true:` as a number and a boolean, but their writer means the text.
                    Node::Int(number) => number.to_string(),
                    Node::Bool(value) => value.to_string(),
                    _ => {
                        refused.push((below(PathStep::Key(index)), "a key has to be a text", QUOTE));
                        continue;
                    }
                };
                let item = json(item, &below(PathStep::Value(index)), refused);
                if map.insert(name, item).is_some() {
                    refused.push((below(PathStep::Key(index)), "a key stands twice", "keep one of the two"));
                }
            }
            Value::Object(map)
        }
    }
}

fn number(number: Option<Number>, path: &[PathStep], refused: &mut Refused) -> Value {
    match number {
        Some(number) => Value::Number(number),
        None => {
            refused.push((path.to_vec(), "a number has to be finite and of 64 bits", QUOTE));
            Value::Null
        }
    }
}

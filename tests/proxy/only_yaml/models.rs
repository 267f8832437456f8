//! The examples of docs/change-what-it-serves.md about models, run as they stand there.

use super::examples::{sent, setup, start};
use crate::reload::until;
use crate::support::{Argo, Server, chat, said};
use serde_json::{Value, json};

const CHAT: &str = "/v1/chat/completions";

fn asked(server: &Server, argo: &Argo, more: Value) -> Value {
    sent(server, argo, CHAT, &chat("Hi", more))
}

/// The ids of the list of models.
fn listed(server: &Server) -> Vec<String> {
    let list = server.get("/v1/models").json();
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_model_is_added() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Add a model");
    assert_eq!(asked(&server, &argo, json!({"model": "argo:gpt-6"}))["model"], "gpt6");
    assert!(listed(&server).contains(&"argo:gpt-6".to_owned()));
    assert_eq!(asked(&server, &argo, json!({}))["model"], "gpt4o", "the shipped ones stay");
}

#[test]
fn a_model_gets_a_second_name() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Give a model a second name");
    assert_eq!(asked(&server, &argo, json!({"model": "lab:fast"}))["model"], "gpt5nano");
    let list = listed(&server);
    assert!(!list.contains(&"lab:fast".to_owned()) && list.contains(&"argo:gpt-5-nano".to_owned()), "{list:?}");
}

#[test]
fn names_of_a_pattern_are_served() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Serve every name of a pattern");
    for (name, id) in [("lab:gpt7", "gpt7"), ("argo:gpt-4o-2031-01-01", "gpt4o"), ("argo:gpt-4o-latest", "gpt4olatest")]
    {
        assert_eq!(asked(&server, &argo, json!({"model": name}))["model"], id);
    }
}

#[test]
fn a_model_is_hidden() {
    let argo = Argo::saying("Hi");
    assert!(listed(&Server::before(&argo)).iter().any(|name| name.starts_with("argo:gpt-3.5")));
    let server = start(&argo, "Hide a model");
    assert!(!listed(&server).iter().any(|name| name.starts_with("argo:gpt-3.5")));
    assert_eq!(asked(&server, &argo, json!({"model": "argo:gpt-3.5-turbo"}))["model"], "gpt35");
}

#[test]
fn another_model_is_the_default() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Choose the model for requests that name none");
    let body = json!({"messages": [{"role": "user", "content": "Hi"}]}).to_string();
    assert_eq!(sent(&server, &argo, CHAT, &body)["model"], "gpt41mini");
}

#[test]
fn a_parameter_is_fixed() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Fix a parameter");
    assert_eq!(asked(&server, &argo, json!({"temperature": 1}))["temperature"], 0);
    assert_eq!(asked(&server, &argo, json!({}))["temperature"], 0);
    let other = asked(&server, &argo, json!({"model": "argo:gpt-4", "temperature": 1}));
    assert_eq!(other["temperature"], 1);
}

#[test]
fn a_parameter_has_a_default() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Set a parameter where the client does not");
    let claude = |more: Value| {
        let mut fields = json!({"model": "argo:claude-sonnet-4.5"});
        crate::support::merge(&mut fields, more);
        asked(&server, &argo, fields)["max_tokens"].clone()
    };
    assert_eq!([claude(json!({})), claude(json!({"max_tokens": 7}))], [2000, 7]);
    assert_eq!(claude(json!({"max_completion_tokens": 8})), 8, "under its other name it is given too");
    assert_eq!(asked(&server, &argo, json!({}))["max_tokens"], Value::Null);
}

#[test]
fn a_parameter_is_capped() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Cap a parameter");
    for model in ["argo:gpt-4o", "argo:gpt-o3", "argo:gpt-5", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"] {
        for name in ["max_tokens", "max_completion_tokens"] {
            for (given, goes) in [(9000, 4096), (5, 5)] {
                let sent = asked(&server, &argo, json!({"model": model, name: given}));
                let limits = [&sent["max_tokens"], &sent["max_completion_tokens"]];
                let limits: Vec<_> = limits.into_iter().filter(|limit| !limit.is_null()).collect();
                assert_eq!(limits, [&json!(goes)], "{model} {name}: {sent}");
            }
        }
        let sent = asked(&server, &argo, json!({"model": model}));
        let limit = [&sent["max_tokens"], &sent["max_completion_tokens"]].into_iter().find(|limit| !limit.is_null());
        assert_eq!(limit, Some(&json!(4096)), "a request without a length, {model}: {sent}");
    }
}

#[test]
fn system_messages_become_user_messages() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Turn system messages into user messages");
    let messages = json!([{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}]);
    let roles = |model: &str| {
        let sent = asked(&server, &argo, json!({"model": model, "messages": messages}));
        sent["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(roles("argo:gemini-2.5-pro").iter().all(|role| role == "user"));
    assert_eq!(roles("argo:gpt-4o"), ["system", "user"]);
}

#[test]
fn a_stream_is_cut_from_a_whole_answer() {
    let argo = Argo::saying("Hello from one whole answer");
    let server = start(&argo, "Stream from whole answers");
    let stream = |model: &str| {
        let answer = server.chat(&chat("Hi", json!({"model": model, "stream": true})));
        assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"), "{answer:?}");
        let said = said(&answer.body);
        assert_eq!(
            (said.text.as_str(), said.finish, said.done),
            ("Hello from one whole answer", vec!["stop".into()], true)
        );
        let request = argo.requests().pop().unwrap();
        (request.path.contains("streamchat"), request.json()["stream"].clone())
    };
    assert!(!stream("argo:gemini-3.5-flash").0, "the whole endpoint is asked");
    assert!(stream("argo:gpt-4o").0);
    assert_ne!(stream("argo:gemini-3.5-flash").1, json!(true));
}

#[test]
fn new_models_get_names_of_ones_own_or_none() {
    let argo = Argo::start(|request, connection| {
        if request.path.ends_with("/models/") {
            let shipped: serde_yaml::Value = serde_yaml::from_str(include_str!("../../../routes.yaml")).unwrap();
            let groups = shipped["models"].as_mapping().unwrap().values().map(|group| &group["names"]);
            let ids = groups.flat_map(|names| names.as_mapping().unwrap().values()).map(|id| id.as_str().unwrap());
            let own = ids.map(|id| json!({"id": id, "internal_id": id}));
            let new = [
                ("GPT 7 Big", "gpt7big"),
                ("Claude Opus 9.1", "claudeopus91"),
                ("o9-mini", "gpto9mini"),
                ("Text Embedding 3 X", "v3x"),
            ];
            let new = new.map(|(name, id)| json!({"id": name, "internal_id": id}));
            return connection.json(200, &json!({"data": own.chain(new).collect::<Vec<_>>()}).to_string());
        }
        connection.says("Hi");
    });
    let served = |server: &Server, model: &str| server.chat(&chat("x", json!({"model": model}))).status == 200;
    let server = setup(&argo, "Name new models in your own way", &[]).with_list().start();
    until("the list", || served(&server, "lab:gpt-7-big"));
    for name in ["lab:7-gpt-big", "argo:claude-opus-9.1", "argo:claude-9.1-opus", "argo:gpt-o9-mini", "argo:o9-mini"] {
        assert!(served(&server, name), "{name}");
    }
    let list = listed(&server);
    for name in ["lab:gpt-7-big", "argo:claude-opus-9.1", "argo:gpt-o9-mini", "argo:text-embedding-3-x"] {
        assert!(list.contains(&name.to_owned()), "{list:?}");
    }
    assert!(
        !list.contains(&"argo:o9-mini".to_owned()) && !list.contains(&"argo:claude-9.1-opus".to_owned()),
        "{list:?}"
    );
    assert!(!served(&server, "argo:gpt-7-big"));
    let sent = sent(&server, &argo, CHAT, &chat("x", json!({"model": "argo:o9-mini", "max_tokens": 5})));
    assert_eq!((&sent["model"], &sent["max_completion_tokens"]), (&json!("gpto9mini"), &json!(5)), "rules hold");

    let asked = argo.lists_asked();
    let server = setup(&argo, "Serve only what the files say", &[]).with_list().start();
    assert!(served(&server, "argo:gpt-5") && !served(&server, "argo:claude-opus-9.1"));
    assert_eq!(argo.lists_asked(), asked);
}

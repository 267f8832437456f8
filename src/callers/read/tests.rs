//! Tests of reading `callers.yaml` and of the reports about mistakes in it.

use super::*;
use crate::diagnostics::Problem;

const A: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const B: &str = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AE";

fn problems(text: &str) -> Vec<String> {
    Callers::read("callers.yaml", text).expect_err(text).iter().map(Problem::to_string).collect()
}

#[test]
fn all_keys_are_read() {
    let text = format!(
        "callers:\n  - name: ann\n    key_sha256: \"{A}\"\n    user: jdoe\n    routes: [/v1/*]\n    models: [\"argo:*\", gpt4o]\n    \
         limits: {{ requests_per_minute: none, tokens_per_minute: 1000, concurrent: 2 }}\n  - {{ name: bob, key_sha256: \"{B}\", enabled: false }}\n"
    );
    let (callers, warnings) = Callers::read("callers.yaml", &text).unwrap();
    assert_eq!(warnings, []);
    let [ann, bob] = callers.rows.as_slice() else { panic!("{callers:?}") };
    assert_eq!((ann.name.as_str(), ann.user.as_ref().unwrap().as_str(), ann.enabled), ("ann", "jdoe", true));
    let limits = ann.limits.named().map(|(_, limit)| limit.unwrap().to_string());
    assert_eq!(limits, ["none", "1000", "2"]);
    assert_eq!((bob.enabled, bob.limits), (false, Limits::default()));
    let keys = callers.keys("boss");
    let names: Vec<_> = keys.callers().map(|caller| (caller.name.as_deref().unwrap(), &*caller.user)).collect();
    assert_eq!(names, [("ann", "jdoe")], "who is switched off has no key");
    assert!(keys.caller(b"abc").unwrap().permissions.routes.as_ref().unwrap().fit("/v1/models"));
}

#[test]
fn all_mistakes_are_told_at_once_and_no_key_is_shown() {
    let key = format!("sk-argo-{}", "k".repeat(43));
    let text = format!(
        "colour: red
callers:
  - {{ name: ann, key_sha256: \"{A}\", limts: {{}} }}
  - {{ name: ann, key_sha256: \"{upper}\" }}
  - {{ name: \"a b\", key_sha256: \"{key}\" }}
  - {{ name: bob, key_sha256: {digits}, user: jdoe@anl.gov }}
  - {{ key_sha256: \"{B}\", routes: [v1, \"/a b\"], models: [\"\"] }}
  - {{ name: eve, limits: {{ concurrent: 0 }}, enabled: 1 }}
  - 7
",
        upper = A.to_uppercase(),
        digits = "1".repeat(64),
    );
    let found = problems(&text);
    let expected = [
        "callers.yaml:1:1: colour: unknown key",
        "callers.yaml:3:98: callers[0].limts: unknown key",
        "callers.yaml:4:13: callers[1].name: callers[0] in line 3 has the same",
        "callers.yaml:4:30: callers[1].key_sha256: callers[0] in line 3 has the same",
        "callers.yaml:5:13: callers[2].name: expected a name of letters",
        "callers.yaml:5:32: callers[2].key_sha256: expected the SHA-256 of a key: 64 hexadecimal digits in quotes, found a text of 51",
        "callers.yaml:6:30: callers[3].key_sha256: expected the SHA-256 of a key: 64 hexadecimal digits in quotes, found no text",
        "callers.yaml:6:102: callers[3].user: \"jdoe@anl.gov\" looks like an e-mail",
        "callers.yaml:7:5: callers[4]: it needs 'name'",
        "callers.yaml:7:96: callers[4].routes: expected a path that begins with / or *",
        "callers.yaml:7:100: callers[4].routes: expected a path without spaces",
        "callers.yaml:7:118: callers[4].models: expected a model's name without spaces",
        "callers.yaml:8:5: callers[5]: it needs 'key_sha256'",
        "callers.yaml:8:40: callers[5].limits.concurrent: expected a whole number from 1",
        "callers.yaml:8:54: callers[5].enabled: expected true or false",
        "callers.yaml:9:5: callers[6]: expected a mapping",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
    assert!(found[1].contains("did you mean 'limits'?"), "{found:#?}");
    let shown = crate::diagnostics::report::text(&Callers::read("callers.yaml", &text).unwrap_err(), false);
    assert!(!shown.contains(&key) && !shown.contains(&A[..24]) && shown.contains("****"), "{shown}");
    assert!(!format!("{:?}", problems(&format!("callers: {key}"))).contains("kkkk"));
    assert!(!format!("{:?}", problems(&format!("{key}: [\n"))).contains("kkkk"));
}

#[test]
fn nobody_is_a_warning() {
    for text in ["", "# soon\n", "callers: []\n"] {
        let (callers, warnings) = Callers::read("callers.yaml", text).unwrap();
        assert!(callers.rows.is_empty() && warnings[0].message == "nobody may call", "{warnings:?}");
    }
    let (_, warnings) =
        Callers::read("c", &format!("callers: [{{ name: a, key_sha256: \"{A}\", models: [] }}]")).unwrap();
    assert!(warnings[0].message.contains("allows nothing"), "{warnings:?}");
}

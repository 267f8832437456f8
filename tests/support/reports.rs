//! What tests of files that people edit share: pieces of such files, and what holds of every report.

use argo_openai_proxy::diagnostics::{Problem, Spot, report};

/// Pieces that such files are made of, so that random texts come near to them.
pub const YAML_PIECES: &[&str] = &[
    "version: 1\n",
    "upstreams:\n",
    "models:\n",
    "routes:\n",
    "  chat: { url: \"http://a/\", dialect: argo }\n",
    "  group:\n",
    "    default: a\n",
    "    show: { owned_by: x, created: 1 }\n",
    "    names: { a: b }\n",
    "    rules:\n",
    "      - { match: \"*\", drop: [x] }\n",
    "  - { path: /a, reply: health }\n",
    "  - path: /{id*}\n",
    "    upstream: chat\n",
    "    models: group\n",
    "    transformer: openai_completions\n",
    "    request: { a: [1, .nan] }\n",
    "- ",
    "  ",
    "{",
    "}",
    "[",
    "]",
    ": ",
    ", ",
    "\"",
    "'",
    "~",
    "&a ",
    "*a",
    "!t ",
    "|\n",
    "? ",
    "${",
    "$${x}",
    "é",
    "\t",
    "\r",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "---\n",
    "...\n",
    "# x\n",
    "<<: ",
    "1e999",
    "-0x7",
    "\u{7}",
    "\n",
    "callers:\n",
    "  - name: ann\n",
    "    key_sha256: ",
    ">-\n",
    "${HOME}",
    ".nan",
    "true",
    "null",
    "10s",
    "32MiB",
    "include: x.yaml\n",
    "argo",
    "/v1/{id*}",
    "*",
    "port: 80",
    "host: 0.0.0.0",
    "user: jdoe\n",
    "access: keys\n",
];

/// Returns the problems of a report, each with its place, which all of them have.
pub fn spots(problems: &[Problem]) -> impl Iterator<Item = (&Problem, &Spot)> {
    let rows: serde_json::Value = serde_json::from_str(&report::json(problems)).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), problems.len());
    problems.iter().map(|problem| {
        let spot = problem.spot().unwrap_or_else(|| panic!("without a place: {problem}"));
        assert!(spot.line > 0 && spot.column > 0 && spot.length > 0, "{problem}");
        (problem, spot)
    })
}

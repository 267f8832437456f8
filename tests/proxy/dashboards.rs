//! packaging/grafana: the dashboard and the alerts name metrics and labels that two real instances have, and a real Prometheus that
//! watches both shows them side by side.

use crate::reload::until;
use crate::skipped::skip;
use crate::support::{Argo, Client, Connection, Folder, Recorded, Server, Setup, caller, chat};
use crate::upstream_options::{refusing, table};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

const DASHBOARD: &str = include_str!("../../packaging/grafana/dashboard.json");
const ALERTS: &str = include_str!("../../packaging/grafana/alerts.yaml");
const CHAT: &str = "/v1/chat/completions";
/// What Prometheus adds to each sample, and its own metric.
const OF_PROMETHEUS: [&str; 2] = ["instance", "job"];

/// The queries of the dashboard, with Grafana's variables filled in, and those of the alerts.
fn queries() -> Vec<String> {
    let board: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = board["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array()).flatten();
    let fill = |query: &Value| {
        let query = query["expr"].as_str().unwrap().replace("$job", ".*").replace("$instance", ".*");
        query.replace("$__rate_interval", "1m")
    };
    let alerts: Value = serde_yaml::from_str(ALERTS).unwrap();
    let rules = alerts["groups"][0]["rules"].as_array().unwrap().iter();
    panels.map(fill).chain(rules.map(|rule| rule["expr"].as_str().unwrap().to_owned())).collect()
}

/// The words of a query: metrics, labels, functions.
fn words(query: &str) -> impl Iterator<Item = &str> {
    query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The labels that a query selects or groups by.
fn labels(query: &str) -> BTreeSet<&str> {
    let between = |from: &'static str, to: char| {
        query.split(from).skip(1).filter_map(move |rest| Some(rest.split_once(to)?.0)).flat_map(|list| list.split(','))
    };
    let selected = between("{", '}').filter_map(|one| one.split(['=', '!']).next());
    selected.chain(between("by (", ')')).map(str::trim).collect()
}

/// What is wrong with the queries, where these metrics with these labels exist.
fn faults(queries: &[String], known: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut faults = Vec::new();
    for query in queries {
        let own = |word: &&str| word.starts_with("argo_proxy_") || word.starts_with("gen_ai_") || *word == "up";
        let names: Vec<&str> = words(query).filter(own).collect();
        let missing = names.iter().filter(|name| **name != "up" && !known.contains_key(**name));
        faults.extend(missing.map(|name| format!("no metric {name}: {query}")));
        if names.is_empty() {
            faults.push(format!("no metric at all: {query}"));
        }
        for label in labels(query).into_iter().filter(|label| !OF_PROMETHEUS.contains(label)) {
            if !names.iter().any(|name| known.get(*name).is_some_and(|labels| labels.contains(label))) {
                faults.push(format!("no label {label}: {query}"));
            }
        }
    }
    faults
}

/// Each metric of the instances, as a scrape names it, with its labels.
fn metrics(servers: &[&Server]) -> BTreeMap<String, BTreeSet<String>> {
    let mut metrics = BTreeMap::<String, BTreeSet<String>>::new();
    for server in servers {
        let answer = server.watcher().get("/metrics");
        for line in answer.text().lines().filter(|line| !line.starts_with('#')) {
            let (name, rest) = line.split_once(['{', ' ']).unwrap();
            let labels = rest.split("=\"").filter_map(|part| part.rsplit([',', '{', '"']).next());
            let labels = labels.filter(|label| words(label).count() == 1).map(str::to_owned);
            metrics.entry(name.to_owned()).or_default().extend(labels);
        }
    }
    metrics
}

/// An ARGO that dies after its first answer, breaks `bad` off, and repeats nothing.
fn argo() -> Argo {
    let dead = AtomicBool::new(false);
    let script = move |request: &Recorded, connection: &mut Connection| {
        let says = |word: &[u8]| request.body.windows(word.len()).any(|part| part == word);
        if says(b"bad") || says(b"dead") && !dead.swap(true, Ordering::SeqCst) {
            return connection.close();
        }
        if request.path.contains("stream") {
            connection.streams(&[b"one", b" two", b" three"])
        } else {
            connection.says("Hi")
        }
    };
    Argo::start(script)
}

/// Two instances: one that serves, and one with an upstream of which a URL is down.
fn instances(argo: &Argo) -> [Server; 2] {
    let setup = || Setup::before(argo).config("admin: 127.0.0.1:0\nmetrics_by_caller: true\nverbose: false");
    let setup = || setup().callers(&[caller("ann", "key-1", "limits: { requests_per_minute: 600 }")]);
    let row = format!("url: [\"http://{}/\", \"http://{}/\"], breaker: {{ failures: 2 }}", refusing(), argo.address);
    [setup().start(), setup().routes(&table(&[("x", row)])).start()]
}

/// Traffic of every kind that the panels show.
fn traffic(one: &Server, two: &Server) {
    let ask = |prompt: &str, more: Value| {
        let headers = "Authorization: Bearer key-1\r\n";
        one.client().call("POST", CHAT, headers, chat(prompt, more).as_bytes()).status
    };
    assert_eq!(ask("x", json!({})), 200);
    // Over the connection that the first one left, and once more over a new one.
    assert_eq!(ask("dead", json!({})), 200);
    assert_eq!(ask("x", json!({"stream": true})), 200);
    assert_eq!(ask("x", json!({"model": "nobody:knows"})), 404);
    for _ in 0..2 {
        assert_eq!(ask("bad", json!({})), 502);
    }
    for _ in 0..3 {
        let body = chat("x", json!({"model": "a:b"}));
        let answer = two.client().call("POST", "/x", "Authorization: Bearer key-1\r\n", body.as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    // A reply is there before it is counted.
    for (server, requests) in [(one, 6.0), (two, 3.0)] {
        let count = || -> f64 {
            let answer = server.watcher().get("/metrics");
            let lines = answer.text().lines().filter(|line| line.starts_with("argo_proxy_requests_total{"));
            lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
        };
        until("the count", || count() >= requests);
    }
}

#[test]
fn the_dashboard_and_the_alerts_name_what_the_metrics_have() {
    let argo = argo();
    let [one, two] = instances(&argo);
    traffic(&one, &two);
    let known = metrics(&[&one, &two]);
    let queries = queries();
    assert!(queries.len() > 30, "{}", queries.len());
    assert_eq!(faults(&queries, &known), Vec::<String>::new());
    // A name and a label that nobody has are found.
    for (from, to) in [("argo_proxy_requests_total", "argo_proxy_request_total"), ("by (class)", "by (klass)")] {
        let wrong: Vec<String> = queries.iter().map(|query| query.replace(from, to)).collect();
        assert_ne!(wrong, queries, "{from}");
        assert!(!faults(&wrong, &known).is_empty(), "{to} is not found");
    }
    // Nothing that people would look for is left out.
    let shown: BTreeSet<&str> = queries.iter().flat_map(|query| words(query)).collect();
    let parts =
        |name: &str| ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end).map(str::to_owned));
    let unseen = known.keys().filter(|name| {
        let family = parts(name).map_or((*name).clone(), |family| format!("{family}_bucket"));
        !shown.contains(family.as_str())
    });
    assert_eq!(unseen.collect::<Vec<_>>(), Vec::<&String>::new());
}

/// A real Prometheus that scrapes two instances each second; ended when dropped.
struct Prometheus {
    address: SocketAddr,
    child: Child,
    _files: std::sync::Arc<Folder>,
}

impl Prometheus {
    /// `None` where there is no Prometheus.
    fn watching(one: &Server, two: &Server) -> Option<Self> {
        let (config, data) = (one.file("prometheus.yaml"), one.file("prometheus"));
        let targets = json!([one.admin.unwrap().to_string(), two.admin.unwrap().to_string()]);
        let alerts = one.file("alerts.yaml");
        std::fs::write(&alerts, ALERTS).unwrap();
        let text = json!({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [alerts],
            "scrape_configs": [{"job_name": "argo-proxy", "static_configs": [{"targets": targets}]}],
        });
        std::fs::write(&config, text.to_string()).unwrap();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.tsdb.path={}", data.display())).arg("--web.listen-address=127.0.0.1:0");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().ok()?;
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listens = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, address) = line.split_once("\"Listening on\" address=")?;
            Some(address.trim().parse().unwrap())
        });
        std::thread::spawn(move || lines.for_each(drop));
        let prometheus = Prometheus { address: listens.unwrap(), child, _files: one.files() };
        until("it is ready", || Client::connect(prometheus.address).get("/-/ready").status == 200);
        Some(prometheus)
    }

    /// What it says to a query.
    fn get(&self, path: &str, query: &str) -> Value {
        let escaped: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        Client::connect(self.address).get(&format!("/api/v1/{path}?query={escaped}")).json()
    }

    fn samples(&self, query: &str) -> Vec<Value> {
        let answer = self.get("query", query);
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_real_prometheus_shows_both_instances_in_every_panel_and_takes_the_alerts() {
    let argo = argo();
    let [one, two] = instances(&argo);
    traffic(&one, &two);
    let Some(prometheus) = Prometheus::watching(&one, &two) else {
        let test = "a_real_prometheus_shows_both_instances_in_every_panel_and_takes_the_alerts";
        return skip(test, "prometheus is not here (Debian's package prometheus)");
    };
    until("two scrapes of both", || prometheus.samples("count_over_time(up[1m]) >= 3").len() == 2);
    // Rates need a change between two scrapes, and quantiles a rate.
    traffic(&one, &two);
    let queries = queries();
    let alerts = serde_yaml::from_str::<Value>(ALERTS).unwrap()["groups"][0]["rules"].as_array().unwrap().len();
    let (panels, rules) = queries.split_at(queries.len() - alerts);
    for query in panels {
        until(query, || !prometheus.samples(query).is_empty());
        if query.contains("by (instance)") || query.starts_with("argo_proxy_requests_in_flight") {
            until(query, || prometheus.samples(query).len() >= 2 || query.contains("by=\"upstream\""));
        }
    }
    for query in rules {
        prometheus.samples(query);
    }
    // The rules are read and evaluated; what fails here fires or waits to.
    let state = |name: &str| {
        let groups = prometheus.get("rules", "")["data"]["groups"].clone();
        let rules = groups[0]["rules"].as_array().unwrap().clone();
        assert_eq!(rules.len(), alerts);
        rules.iter().find(|rule| rule["name"] == name).unwrap().clone()
    };
    for (name, is_active) in
        [("ArgoFails", true), ("ArgoUrlDown", true), ("ArgoTablesDiffer", true), ("ArgoProxyDown", false)]
    {
        let rule = || state(name);
        until(name, || rule()["health"] == "ok" && (rule()["state"] != "inactive") == is_active);
    }
}

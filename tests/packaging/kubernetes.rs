//! packaging/kubernetes: the manifests fit Kubernetes' published schemas, and name what the proxy, the image and the table have.

use crate::skipped::skip;
use crate::{MANIFEST, root};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

const FILES: [&str; 6] = [
    include_str!("../../packaging/kubernetes/kustomization.yaml"),
    include_str!("../../packaging/kubernetes/deployment.yaml"),
    include_str!("../../packaging/kubernetes/service.yaml"),
    include_str!("../../packaging/kubernetes/ingress.yaml"),
    include_str!("../../packaging/kubernetes/disruption-budget.yaml"),
    include_str!("../../packaging/kubernetes/autoscaler.yaml"),
];
const CONFIG: &str = include_str!("../../packaging/kubernetes/config.yaml");
const BALANCER: &str = include_str!("../../packaging/haproxy.cfg");
const DOCKERFILE: &str = include_str!("../../Dockerfile");
const ROUTES: &str = include_str!("../../routes.yaml");
const OPERATIONS: &str = include_str!("../../docs/operations.md");
/// The oldest and the newest version whose schemas are compared with.
const VERSIONS: [&str; 2] = ["1.25.0", "1.37.0"];

fn parsed(number: usize) -> Value {
    serde_yaml::from_str(FILES[number]).unwrap()
}

fn deployment() -> Value {
    parsed(1)
}

/// A folder of the test's own, which goes when dropped.
struct Place(PathBuf);

impl Place {
    /// A copy of the manifests with the two secrets, made as docs/operations.md says.
    fn with_manifests() -> Self {
        let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kubernetes-{:x}", fastrand::u64(..)));
        std::fs::create_dir_all(&place).unwrap();
        for entry in std::fs::read_dir(root().join("packaging/kubernetes")).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), place.join(entry.file_name())).unwrap();
        }
        let key = program(&["key", "new", "ann", "--callers"]).arg(place.join("callers.yaml")).output().unwrap();
        assert!(key.status.success(), "{key:?}");
        std::fs::write(place.join("seal.key"), "0123456789abcdef".repeat(4)).unwrap();
        Place(place)
    }

    /// What `kubectl kustomize` makes of it; `None` where there is no kubectl.
    fn build(&self) -> Option<Output> {
        Command::new("kubectl").arg("kustomize").arg(&self.0).output().ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    command.args(words).env_clear();
    command
}

/// The validator, installed below the folder for tests; or why it cannot be.
fn validator() -> Result<PathBuf, String> {
    static VALIDATOR: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    VALIDATOR.get_or_init(install).clone()
}

fn install() -> Result<PathBuf, String> {
    let list = root().join("tests/packaging/requirements-kubernetes.txt");
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kubernetes-validate");
    let (program, mark) = (place.join("bin/kubernetes-validate"), place.join("installed.txt"));
    let wanted = std::fs::read(&list).unwrap();
    if std::fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    let run = |command: &mut Command| match command.output() {
        Err(e) => Err(e.to_string()),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned()),
    };
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place))?;
    run(Command::new(place.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(&list))?;
    std::fs::write(mark, wanted).unwrap();
    Ok(program)
}

/// Whether the text fits the schemas of a version, with what the validator says.
fn fits(validator: &Path, text: &[u8], version: &str) -> (bool, String) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("manifests-{:x}.yaml", fastrand::u64(..)));
    std::fs::write(&file, text).unwrap();
    let output = Command::new(validator).args(["--strict", "-k", version]).arg(&file).output().unwrap();
    std::fs::remove_file(file).unwrap();
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    // A kind that it does not know is no failure there.
    (output.status.success() && told.matches(" passed ").count() == 7, told.into_owned())
}

#[test]
fn kubernetes_takes_the_manifests() {
    let test = "kubernetes_takes_the_manifests";
    let place = Place::with_manifests();
    let Some(built) = place.build() else {
        return skip(test, "kubectl is not here (Debian's package kubernetes-client)");
    };
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let validator = match validator() {
        Ok(validator) => validator,
        Err(why) => return skip(test, &format!("kubernetes-validate cannot be installed from PyPI: {why}")),
    };
    for version in VERSIONS {
        let (fit, told) = fits(&validator, &built.stdout, version);
        assert!(fit, "{version}: {told}");
    }
    let text = String::from_utf8(built.stdout).unwrap();
    for (right, wrong) in [
        ("readinessProbe:", "readynessProbe:"),
        ("maxSurge: 1", "maxSurge: [1]"),
        ("minReplicas: 3", "minReplicas: three"),
        ("apiVersion: policy/v1", "apiVersion: policy/v7"),
    ] {
        assert!(text.contains(right), "{right}");
        let (fit, told) = fits(&validator, text.replacen(right, wrong, 1).as_bytes(), VERSIONS[1]);
        assert!(!fit, "{wrong} is not found: {told}");
    }
}

#[test]
fn the_secrets_have_to_be_made_and_the_files_keep_their_names() {
    let place = Place::with_manifests();
    let Some(built) = place.build() else {
        let test = "the_secrets_have_to_be_made_and_the_files_keep_their_names";
        return skip(test, "kubectl is not here (Debian's package kubernetes-client)");
    };
    let text = String::from_utf8(built.stdout).unwrap();
    let built: Vec<Value> = text.split("\n---\n").map(|one| serde_yaml::from_str(one).unwrap()).collect();
    let of = |kind: &str| built.iter().find(|one| one["kind"] == kind).unwrap();
    // A name with a hash would start all pods anew with each edit of a table.
    for kind in ["ConfigMap", "Secret"] {
        assert_eq!(of(kind)["metadata"]["name"], "argo-openai-proxy");
    }
    let keys = |kind: &str| of(kind)["data"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        (keys("ConfigMap"), keys("Secret")),
        (
            vec!["config.yaml".to_owned(), "local-routes.yaml".to_owned()],
            vec!["callers.yaml".to_owned(), "seal.key".to_owned()],
        )
    );
    assert!(built.iter().all(|one| one["metadata"]["namespace"] == "argo-openai-proxy"), "{text}");
    let image = &of("Deployment")["spec"]["template"]["spec"]["containers"][0]["image"];
    let version = MANIFEST.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"')).unwrap();
    assert_eq!(*image, format!("registry.example.org/argo-openai-proxy:{version}"));

    for file in ["callers.yaml", "seal.key"] {
        assert!(!root().join("packaging/kubernetes").join(file).exists(), "a secret lies in the repository");
        let kept = std::fs::read(place.0.join(file)).unwrap();
        std::fs::remove_file(place.0.join(file)).unwrap();
        assert!(!place.build().unwrap().status.success());
        std::fs::write(place.0.join(file), kept).unwrap();
    }
}

#[test]
fn the_proxy_takes_the_files_of_the_pods() {
    let place = Place::with_manifests();
    let here = format!("{}/", place.0.display());
    let config = CONFIG.replace("/secrets/", &here).replace("your_username", "jdoe");
    std::fs::write(place.0.join("config.yaml"), config).unwrap();
    let config = place.0.join("config.yaml");
    // The image's working directory is the mount, too.
    let mut check = program(&["check", "--config"]);
    let output =
        check.arg(config).current_dir(&place.0).env("ARGO_PROXY_HOST", "0.0.0.0").env("PORT", "8080").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("local-routes.yaml"), "{told}");
    // The metrics are for Prometheus, on another machine. The keys travel behind an ingress that speaks TLS.
    let warnings: Vec<&str> = told.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert!(
        warnings.iter().all(|line| line.contains("read the metrics") || line.contains("in the clear")),
        "{warnings:?}"
    );
}

/// A number of config.yaml.
fn setting(key: &str) -> u64 {
    let config: Value = serde_yaml::from_str(CONFIG).unwrap();
    config[key].as_u64().unwrap()
}

#[test]
fn the_pods_run_what_the_image_and_the_table_have() {
    let pod = &deployment()["spec"]["template"]["spec"];
    let proxy = &pod["containers"][0];
    let port = |name: &str| {
        let ports = proxy["ports"].as_array().unwrap().iter();
        ports.filter(|port| port["name"] == name).find_map(|port| port["containerPort"].as_u64()).unwrap()
    };
    assert!(DOCKERFILE.contains(&format!("\nEXPOSE {}\n", port("http"))), "the image listens elsewhere");
    assert!(CONFIG.contains(&format!("admin: \"0.0.0.0:{}\"", port("metrics"))), "metrics are elsewhere");
    let template = &deployment()["spec"]["template"]["metadata"]["annotations"];
    assert_eq!(template["prometheus.io/port"], port("metrics").to_string());
    for (probe, path) in [("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
        assert_eq!(proxy[probe]["httpGet"]["path"], path);
        assert!(ROUTES.contains(&format!("path: {path},")), "{path} is no row of the table");
    }
    let user = &pod["securityContext"]["runAsUser"];
    assert!(DOCKERFILE.contains(&format!("\nUSER {user}:{user}\n")) && pod["securityContext"]["fsGroup"] == *user);
    // The ingress has time to notice, and requests in flight have theirs, before the pod is killed.
    let pause: u64 = proxy["lifecycle"]["preStop"]["exec"]["command"][1].as_str().unwrap().parse().unwrap();
    let patience = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(patience > pause + setting("drain_timeout"), "requests in flight are killed");

    // The folders that config.yaml names are those that are mounted, whole and not to be written.
    let config: Value = serde_yaml::from_str(CONFIG).unwrap();
    let mounts = proxy["volumeMounts"].as_array().unwrap();
    let mount = |name: &str| mounts.iter().find(|mount| mount["name"] == name).unwrap();
    assert!(mounts.iter().all(|mount| mount["subPath"].is_null()), "a file that is mounted alone never changes");
    assert!(DOCKERFILE.contains(&format!("CONFIG_PATH={}/config.yaml", mount("files")["mountPath"].as_str().unwrap())));
    for (key, name) in [("callers", "secrets"), ("seal_file", "secrets"), ("run_dir", "run")] {
        let folder = Path::new(config[key].as_str().unwrap()).parent().unwrap();
        assert_eq!(mount(name)["mountPath"], folder.to_str().unwrap(), "{key}");
    }
    for name in ["files", "secrets"] {
        assert_eq!(mount(name)["readOnly"], true, "files of root in a folder that all may write are refused");
    }
}

#[test]
fn all_manifests_mean_the_same_pods() {
    let label = &deployment()["spec"]["selector"]["matchLabels"];
    assert_eq!(deployment()["spec"]["template"]["metadata"]["labels"], *label);
    assert_eq!(parsed(2)["spec"]["selector"], *label);
    assert_eq!(parsed(4)["spec"]["selector"]["matchLabels"], *label);
    let (service, ingress, scaler) = (parsed(2), parsed(3), parsed(5));
    let backend = &ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
    assert_eq!(backend["name"], service["metadata"]["name"]);
    assert_eq!(backend["port"]["name"], service["spec"]["ports"][0]["name"]);
    assert_eq!(service["spec"]["ports"][0]["targetPort"], "http");
    assert_eq!(scaler["spec"]["scaleTargetRef"]["name"], deployment()["metadata"]["name"]);
    // Both would set the number of pods, each time anew.
    assert!(deployment()["spec"]["replicas"].is_null());
    // tests/proxy/dashboards.rs knows that this metric is there; the adapter has to name it as the scaler does.
    let metric = scaler["spec"]["metrics"][0]["pods"]["metric"]["name"].as_str().unwrap();
    assert!(OPERATIONS.contains(&format!("as: {metric}")), "docs/operations.md has no rule for {metric}");
    let host = ingress["spec"]["rules"][0]["host"].as_str().unwrap();
    assert!(CONFIG.contains(&format!("hosts: [{host}]")), "the proxy refuses pages of {host}");
}

#[test]
fn the_ingress_balances_as_the_shipped_haproxy_does() {
    let annotations = &parsed(3)["metadata"]["annotations"];
    let known: Vec<&str> = BALANCER.lines().map(str::trim).collect();
    let snippet = annotations["haproxy.org/backend-config-snippet"].as_str().unwrap();
    for line in snippet.lines() {
        assert!(known.contains(&line), "packaging/haproxy.cfg has no {line}");
    }
    let balance = format!("balance {}", annotations["haproxy.org/load-balance"].as_str().unwrap());
    assert!(known.contains(&balance.as_str()), "{balance}");
    assert!(known.contains(&"option abortonclose") && annotations["haproxy.org/abortonclose"] == "enabled");
    // What decides about retries and hashing is all there.
    for line in known.iter().filter(|line| {
        ["http-request", "hash-type", "retr", "option redis", "option http-server"]
            .iter()
            .any(|start| line.starts_with(start))
    }) {
        assert!(snippet.lines().any(|own| own == *line), "the ingress lacks {line}");
    }
}

use argo_openai_proxy::{proxy::*, server::*, stand_in::*, table::*};
use std::sync::Arc;
use std::time::Duration;
fn main() {
    env_logger::Builder::from_default_env().init();
    let port: u16 = std::env::args().nth(1).and_then(|p| p.parse().ok()).unwrap_or(18080);
    let s = Bound::new("127.0.0.1", 0).unwrap();
    let a = s.address();
    let cfg = move |k: &str| -> Option<String> {
        match k {
            "argo_url" => Some(format!("http://{a}{CHAT_PATH}")),
            "argo_stream_url" => Some(format!("http://{a}{STREAM_CHAT_PATH}")),
            "argo_embedding_url" => Some(format!("http://{a}{EMBED_PATH}")),
            _ => None,
        }
    };
    let table = match Table::load("routes.yaml", BUILT_IN, &Variables { config: &cfg, environment: &|_| None }) {
        Ok(t) => t,
        Err(p) => {
            for p in p {
                eprintln!("{p}");
            }
            return;
        }
    };
    let f = InFlight::default();
    let settings = Settings {
        user: "demo".into(),
        timeout: Duration::from_secs(600),
        connect_timeout: Duration::from_secs(5),
        max_body: 32 << 20,
        max_answer: 64 << 20,
        allows_origin: Arc::new(|_| true),
        verbose: true,
    };
    let mut r = Runner::new(1, Duration::from_secs(30), f.clone());
    let p = Proxy::new(Arc::new(table), settings, f);
    let b = Bound::new("127.0.0.1", port).unwrap();
    eprintln!("{}", b.address());
    r.add(pingora_proxy::http_proxy_service(&r.configuration(), p), b);
    r.add(pingora::services::listening::Service::new("stand-in".into(), StandIn::new(Options::default())), s);
    r.run();
}

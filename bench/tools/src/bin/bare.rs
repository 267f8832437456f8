//! A pingora proxy that only forwards bytes, for comparison with this project.
//!
//! `bare UPSTREAM` listens on a free port of this machine and displays the address. It uses pingora's default runtime.
//! With `alone` after the address it uses the single-threaded runtime, as this project does with one thread.

use async_trait::async_trait;
use pingora::Result;
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::upstreams::peer::HttpPeer;
use pingora_proxy::{ProxyHttp, Session, http_proxy_service};
use std::net::{SocketAddr, TcpListener};

struct Bare(SocketAddr);

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.0, false, String::new())))
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let upstream: SocketAddr = std::env::args().nth(1).ok_or("usage: bare UPSTREAM [alone]")?.parse()?;
    // pingora binds later. The port is still free then if the machine does nothing else.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let work_stealing = std::env::args().nth(2).as_deref() != Some("alone");
    let conf = ServerConf { threads: 1, work_stealing, upstream_keepalive_pool_size: 512, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut service = http_proxy_service(&server.configuration, Bare(upstream));
    service.add_tcp(&address.to_string());
    server.add_service(service);
    eprintln!("listening on http://{address}");
    server.run_forever()
}

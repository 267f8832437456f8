//! Tests of names that lead to one place when they are checked, and to another when they are connected to.

use super::*;
use crate::access::Caller;
use crate::proxy::images::ImageFetcher;
use crate::proxy::images::names::NameThreads;
use crate::proxy::memory::{MemoryBudget, MemoryShare};
use crate::table::ImageHost;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

const LONG: Duration = Duration::from_secs(20);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n one";

/// A getter whose names have the addresses that `look_up` says, and the number of look-ups.
fn getter(
    allowed: &str,
    look_up: impl Fn(&str, u16, usize) -> Vec<SocketAddr> + Send + Sync + 'static,
) -> (Getter, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let look_up = move |host: &str, port: u16| Ok(look_up(host, port, counter.fetch_add(1, Ordering::SeqCst)));
    let names = NameThreads::new(4, Arc::new(look_up));
    let all = Arc::new(ImageFetcher { names, ..ImageFetcher::new(Arc::new(client::UpstreamClient::default())) });
    let fetcher = all.of(&Caller::nameless("tester"));
    let allowed = ImageHost::parse(allowed).into_iter().collect();
    let options = Arc::new(Images { allowed, ..Images::default() });
    let room = Room::new(0, 1 << 20, MemoryShare::new(Arc::new(MemoryBudget::default()), 1 << 30));
    (Getter { fetcher, options, connect: LONG, room }, asked)
}

fn url(text: &str) -> HttpUrl {
    url::parse(text).unwrap()
}

/// A server that answers each connection by these bytes, and counts them.
fn answering(bytes: Vec<u8>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counter = connections.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            lines.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
            // The proxy may have left.
            let _ = stream.write_all(&bytes);
        }
    });
    (address, connections)
}

fn png() -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", PNG.len()).as_bytes(), PNG].concat()
}

#[tokio::test]
async fn of_a_names_addresses_only_the_outer_ones_are_left() {
    let (outer, other): (IpAddr, IpAddr) = ([8, 8, 8, 8].into(), "2606:4700::1111".parse().unwrap());
    let inner = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1"];
    let inner = inner.map(|ip| ip.parse::<IpAddr>().unwrap());
    let (getter, _) = getter("allowed.test", move |host, port, _| {
        let ips: Vec<IpAddr> = match host {
            "mixed.test" => inner.into_iter().chain([outer]).chain(inner).chain([other]).collect(),
            _ => inner.into(),
        };
        ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()
    });
    let found = getter.addresses(&url("https://mixed.test/")).await.unwrap();
    assert_eq!(found, [SocketAddr::new(outer, 443), SocketAddr::new(other, 443)]);
    let refused = getter.addresses(&url("https://inner.test/")).await.unwrap_err();
    assert!(matches!(&refused, FetchFault::Hidden(why) if why.contains("is not fetched from")), "{refused:?}");
    assert_eq!(getter.addresses(&url("https://allowed.test/")).await.unwrap().len(), inner.len());
}

#[tokio::test]
async fn a_name_is_looked_up_once_for_each_request_so_that_what_was_checked_is_connected_to() {
    let (first, second) = (answering(png()), answering(png()));
    let (one, two) = (first.0, second.0);
    let (getter, asked) = getter("allowed.test", move |_, _, number| vec![if number == 0 { one } else { two }]);
    let image = getter.get(url(&format!("http://allowed.test:{}/", one.port()))).await;
    assert!(image.is_ok_and(|image| image.bytes == PNG));
    assert_eq!(asked.load(Ordering::SeqCst), 1, "another look-up could give another address");
    assert_eq!((first.1.load(Ordering::SeqCst), second.1.load(Ordering::SeqCst)), (1, 0));
}

#[tokio::test]
async fn a_redirect_to_a_name_that_has_turned_inner_is_refused() {
    for location in ["http://turned.test/", "//turned.test/", "http://turned.test:80/x"] {
        let moved = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let (address, _) = answering(moved.into_bytes());
        let (getter, asked) = getter("allowed.test", move |host, port, _| {
            vec![if host == "allowed.test" { address } else { SocketAddr::new([127, 0, 0, 1].into(), port) }]
        });
        let refused = getter.get(url(&format!("http://allowed.test:{}/", address.port()))).await.err();
        let is_inner = |fault: &FetchFault| matches!(fault, FetchFault::Hidden(why) if why.contains("is loopback"));
        assert!(refused.as_ref().is_some_and(is_inner), "{location}: {refused:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 2, "each name is looked up for itself: {location}");
    }
}

//! Recognizes addresses that are not public, so that a client cannot make the proxy fetch from internal machines.
//!
//! The ranges are those of IANA's special-purpose registries for IPv4 and IPv6. An IPv6 address that contains an IPv4
//! address is classified by the IPv4 address. The addresses of this machine are no place to fetch from either, public or not.

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns the addresses of this machine's interfaces; `None` if the system does not tell.
pub fn own() -> Option<Vec<IpAddr>> {
    Some(getifaddrs().ok()?.filter_map(|interface| ip(&interface.address?)).collect())
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|address| address.ip().into());
    v4.or_else(|| address.as_sockaddr_in6().map(|address| address.ip().into()))
}

/// Returns the IPv4 address that an IPv6 address contains, or else the address itself.
pub fn innermost(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => contained(v6).map_or(ip, IpAddr::V4),
    }
}

fn contained(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match ip.segments() {
        // IPv4-mapped, IPv4-translated, and NAT64's well-known prefix.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        // 6to4.
        [0x2002, high, low, ..] => v4(high, low),
        _ => None,
    }
}

/// Returns the kind of an address that is not public, or `None` for a public one.
pub fn inner(ip: IpAddr) -> Option<&'static str> {
    match innermost(ip) {
        IpAddr::V4(ip) => inner_v4(ip),
        IpAddr::V6(ip) => inner_v6(ip),
    }
}

fn inner_v4(ip: Ipv4Addr) -> Option<&'static str> {
    Some(match ip.octets() {
        [0, ..] => "unspecified",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "private",
        [100, 64..=127, ..] => "shared (CGNAT)",
        [127, ..] => "loopback",
        [169, 254, ..] => "link-local",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "for documentation",
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18 | 19, ..] | [240..=255, ..] => "reserved",
        [224..=239, ..] => "multicast",
        _ => return None,
    })
}

fn inner_v6(ip: Ipv6Addr) -> Option<&'static str> {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("unspecified"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("loopback"),
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Some("for documentation"),
        // Teredo and other assignments for protocols.
        [0x2001, 0..=0x01ff, ..] => Some("reserved"),
        [0xfc00..=0xfdff, ..] => Some("unique-local"),
        [0xfe80..=0xfebf, ..] => Some("link-local"),
        [0xff00..=0xffff, ..] => Some("multicast"),
        [0x2000..=0x3fff, ..] => None,
        _ => Some("reserved"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_inner_networks_are_known_in_every_form() {
        for (what, addresses) in [
            ("unspecified", "0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0 64:ff9b::"),
            (
                "loopback",
                "127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:0001:: 2002:7f00:1:5::9",
            ),
            ("loopback", "::ffff:0:127.0.0.1"),
            (
                "private",
                "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 ::ffff:10.1.2.3 2002:c0a8:101::1 64:ff9b::a00:1",
            ),
            ("shared (CGNAT)", "100.64.0.1 100.127.255.255 ::ffff:100.64.0.1"),
            ("link-local", "169.254.169.254 ::ffff:169.254.169.254 fe80::1 febf::1 2002:a9fe:a9fe::"),
            ("unique-local", "fc00::1 fd00::1 fd00:ec2::254 fdff::"),
            ("multicast", "224.0.0.1 239.255.255.250 ff02::1 ff0e::1"),
            ("for documentation", "192.0.2.1 198.51.100.7 203.0.113.9 2001:db8::1 3fff:fff::1"),
            ("reserved", "192.0.0.170 192.88.99.1 198.18.0.1 198.19.255.255 240.0.0.1 255.255.255.255"),
            ("reserved", "::7f00:1 ::2 64:ff9b:1::7f00:1 2001::1 2001:20::1 fec0::1 100::1 5f00::1 4000::1 1::1"),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(inner(address.parse().unwrap()), Some(what), "{address}");
            }
        }
    }

    #[test]
    fn the_addresses_of_this_machine_are_known() {
        let own = own().unwrap();
        assert!(own.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)), "{own:?}");
        assert!(!own.contains(&"8.8.8.8".parse().unwrap()), "{own:?}");
    }

    #[test]
    fn public_addresses_pass() {
        for address in "8.8.8.8 1.1.1.1 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.167.1.1 169.253.0.1 198.20.0.1 \
             223.255.255.255 126.0.0.1 11.0.0.1 2606:4700::1111 2001:4860:4860::8888 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808 \
             2002:808:808::1 3fff:1000::1"
            .split_whitespace()
        {
            assert_eq!(inner(address.parse().unwrap()), None, "{address}");
        }
    }
}

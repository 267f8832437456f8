//! A proxy that clients on this machine are told to use. Their calls for this program would go there, and fail.

use std::net::IpAddr;

/// Returns the sentence for people, if a variable of the environment names such a proxy for `scheme` and leaves out no calls to `ip`.
pub fn warning(scheme: &str, ip: IpAddr, env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if !ip.is_loopback() {
        return None;
    }
    let set = |name: &str| env(name).is_some_and(|value| !value.trim().is_empty());
    let own = format!("{scheme}_proxy");
    let names = [own.clone(), own.to_ascii_uppercase(), "all_proxy".to_owned(), "ALL_PROXY".to_owned()];
    let name = names.into_iter().find(|name| set(name))?;
    let excepted = ["no_proxy", "NO_PROXY"].into_iter().find_map(|name| env(name).filter(|list| !list.is_empty()));
    let host = ip.to_string();
    if excepted.is_some_and(|list| leaves_out(&list, &host)) {
        return None;
    }
    Some(format!(
        "{name} is set without {host} in no_proxy: clients would send their calls for this program there. \
         In their shells: export no_proxy=\"{host},localhost,$no_proxy\""
    ))
}

/// Returns true if a list such as `localhost,127.0.0.1,.example.org` leaves out the host.
fn leaves_out(list: &str, host: &str) -> bool {
    list.split([',', ' ']).map(str::trim).any(|entry| entry == "*" || entry == host || is_network_of(entry, host))
}

/// Returns true for the networks of loopback that people write: clients differ in whether they understand them.
fn is_network_of(entry: &str, host: &str) -> bool {
    host.starts_with("127.") && matches!(entry, "127.0.0.0/8" | "127.0.0.1/8" | "127.*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_told_unless_calls_to_this_machine_are_left_out() {
        let (here, v6, elsewhere) = ("127.0.0.1", "::1", "192.0.2.1");
        for (scheme, ip, vars, told) in [
            ("http", here, &[("http_proxy", "http://gate:3128")][..], Some("http_proxy")),
            ("http", here, &[("HTTP_PROXY", "http://gate:3128"), ("no_proxy", ".anl.gov")], Some("HTTP_PROXY")),
            ("http", here, &[("all_proxy", "socks5://gate")], Some("all_proxy")),
            ("https", here, &[("https_proxy", "http://gate"), ("NO_PROXY", "localhost")], Some("https_proxy")),
            ("http", v6, &[("http_proxy", "http://gate"), ("no_proxy", "127.0.0.1")], Some("without ::1")),
            ("http", here, &[("http_proxy", "http://gate")], Some("without 127.0.0.1")),
            ("http", here, &[("https_proxy", "http://gate")], None),
            ("http", here, &[("http_proxy", "")], None),
            ("http", here, &[("http_proxy", "http://gate"), ("no_proxy", "localhost, 127.0.0.1")], None),
            ("http", here, &[("http_proxy", "http://gate"), ("no_proxy", "127.0.0.0/8")], None),
            ("http", here, &[("http_proxy", "http://gate"), ("NO_PROXY", "*")], None),
            ("http", elsewhere, &[("http_proxy", "http://gate")], None),
            ("http", here, &[], None),
        ] {
            let env = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            let found = warning(scheme, ip.parse().unwrap(), &env);
            assert_eq!(found.is_some(), told.is_some(), "{vars:?}: {found:?}");
            assert!(found.unwrap_or_default().contains(told.unwrap_or_default()), "{vars:?}");
        }
    }
}

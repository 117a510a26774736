//! Which hosts git may be sent to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::settings::GitRules;
use crate::{AnalysisError, ErrorKind};

/// The addresses of the host, once all of them are known to be public (or private ones are allowed). A repository on this
/// machine has no `endpoint`.
pub(super) async fn resolve(
    endpoint: Option<(&str, u16)>,
    rules: &GitRules,
) -> Result<Vec<IpAddr>, AnalysisError> {
    let Some((host, port)) = endpoint else { return Ok(Vec::new()) };
    if rules.allow_private_hosts {
        // Nothing to compare: git asks the resolver (or a proxy) itself.
        return Ok(Vec::new());
    }
    let unreachable = |why: String| {
        AnalysisError::new(
            ErrorKind::Upstream,
            "git_unreachable",
            format!("the host {host} of the git repository cannot be found: {why}"),
            "Check the spelling and the network, then resume.",
        )
    };
    let found =
        tokio::time::timeout(std::time::Duration::from_secs(20), tokio::net::lookup_host((host, port)))
            .await
            .map_err(|_| unreachable("no answer from the name server".to_owned()))?
            .map_err(|error| unreachable(error.to_string()))?;
    let addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    if addresses.is_empty() {
        return Err(unreachable("it has no address".to_owned()));
    }
    match addresses.iter().find(|address| !is_public(**address)) {
        Some(address) => Err(private(host, &address.to_string())),
        None => Ok(addresses),
    }
}

/// Refuses hosts that are private by their very name, before anything is looked up.
pub(super) fn check_literal(host: &str, shown: &str, rules: &GitRules) -> Result<(), AnalysisError> {
    if rules.allow_private_hosts {
        return Ok(());
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    let address = bare.parse::<IpAddr>().ok().or_else(|| legacy(&bare));
    let is_local = bare == "localhost" || bare.ends_with(".localhost");
    match address {
        Some(address) if !is_public(address) => Err(private(shown, &address.to_string())),
        None if is_local => Err(private(shown, "this machine")),
        _ => Ok(()),
    }
}

fn private(host: &str, address: &str) -> AnalysisError {
    AnalysisError::new(
        ErrorKind::Forbidden,
        "git_private_host",
        format!("{host} leads to {address}, which is not a public address"),
        "Clone it yourself and give the folder, or set ALLOW_PRIVATE_GIT=true if you trust the host.",
    )
}

/// The forms that `inet_aton` takes (`2130706433`, `0x7f.1`, `127.1`), which the system's resolver takes too.
fn legacy(host: &str) -> Option<IpAddr> {
    let parts = host
        .split('.')
        .map(|part| match part.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None if part.len() > 1 && part.starts_with('0') => u32::from_str_radix(part, 8).ok(),
            None => part.parse().ok(),
        })
        .collect::<Option<Vec<u32>>>()?;
    let (last, leading) = parts.split_last()?;
    if leading.len() > 3 || leading.iter().any(|part| *part > 255) {
        return None;
    }
    let mut bits = 0_u32;
    for (place, part) in leading.iter().enumerate() {
        bits |= part << (24 - 8 * place);
    }
    Some(IpAddr::V4(Ipv4Addr::from(bits | last)))
}

pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4() {
        // Also the deprecated `::a.b.c.d`, of which `::` and `::1` are the first.
        return !address.is_loopback() && !address.is_unspecified() && is_public_v4(mapped);
    }
    let segments = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        // NAT64 and 6to4 lead to the IPv4 address within.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(embedded(high, low)),
        [0x64, 0xff9b, ..] | [0x100, 0, 0, 0, ..] => false,
        [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        // Teredo and documentation.
        [0x2001, 0 | 0xdb8, ..] => false,
        [first, ..] => {
            let is_unique_local = first & 0xfe00 == 0xfc00;
            let is_link_or_site_local = first & 0xff80 == 0xfe80 || first & 0xffc0 == 0xfec0;
            !(is_unique_local || is_link_or_site_local || address.is_multicast())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.0.8",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fec0::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in
            ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }
}

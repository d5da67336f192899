//! Balancers: how a service's traffic is dealt over the endpoints believed ready.

/// Shares of `count` endpoints under round robin over many requests: equal.
///
/// Source: kube-proxy picks an endpoint at random with equal probability (iptables mode, statistic
/// module) or in turn (IPVS `rr`); as a rate both are equal shares.
pub fn equal_share(count: u32) -> f64 {
    if count == 0 {
        0.0
    } else {
        1.0 / f64::from(count)
    }
}

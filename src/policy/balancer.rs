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

/// Which of `count` endpoints gets the n-th request, from 0, under round robin; `None` where there is
/// none. Each gets [`equal_share`] of many.
pub fn in_turn(n: u64, count: u32) -> Option<u32> {
    (count > 0).then(|| (n % u64::from(count)) as u32)
}

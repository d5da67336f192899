//! How late the control plane sees and acts, and how fast the mock machines are.

use crate::time::Duration;

/// Settings of the simulated world. Times for which neither Kubernetes nor anybody else gives a
/// default are zero: measure yours and set them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Time between a node's lease renewals.
    ///
    /// 10 s: the kubelet renews at a quarter of `nodeLeaseDurationSeconds` (40 s) (Kubernetes
    /// documentation, "Nodes", v1.34).
    pub heartbeat: Duration,
    /// Time one scheduling decision takes. Zero unless set.
    pub scheduling: Duration,
    /// From a command until the node acts on it (watch, kubelet sync). Zero unless set.
    pub command: Duration,
    /// From a container's news until the control plane hears it. Zero unless set.
    pub status: Duration,
    /// From a change of endpoints until traffic follows (kube-proxy). Zero unless set.
    pub endpoints: Duration,
    /// From the end of a measuring interval until its sample can be read.
    ///
    /// 10 s: the kubelet refreshes container statistics every 10 s (`--housekeeping-interval`,
    /// kubelet command line reference, v1.34), so a sample is up to that old.
    pub metrics: Duration,
    /// Time to create and start a container once its image is there. Zero unless set.
    pub create: Duration,
    /// From a failed node's return until it takes part again (boot). Zero unless set.
    pub boot: Duration,
    /// Bytes per second at which a node pulls images; `None`: images are taken to be on every node.
    pub pull_bandwidth: Option<u64>,
    /// Longest graceful stop before a container is killed.
    ///
    /// 30 s: `terminationGracePeriodSeconds` (Kubernetes documentation, "Pod Lifecycle", v1.34).
    pub grace: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            heartbeat: Duration::from_secs(10),
            scheduling: Duration::ZERO,
            command: Duration::ZERO,
            status: Duration::ZERO,
            endpoints: Duration::ZERO,
            metrics: Duration::from_secs(10),
            create: Duration::ZERO,
            boot: Duration::ZERO,
            pull_bandwidth: None,
            grace: Duration::from_secs(30),
        }
    }
}

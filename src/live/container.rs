//! What a container is made with: what its pod asks for, and nothing that could do harm.

use std::collections::BTreeMap;

use bollard::models::{
    HostConfig, HostConfigLogConfig, PortBinding, RestartPolicy, RestartPolicyNameEnum,
};
use serde_json::Value;

use super::engine::Body;
use super::image::{Image, PORT, digest};
use super::labels;
use crate::cluster::catalog::{NodeSpec, Shape};
use crate::script::service::Behaviour;
use crate::time::Duration;
use crate::units::{Bytes, MilliCpu};

/// Nobody's user and group on Debian and most others.
const NOBODY: &str = "65534:65534";
/// Most processes and threads in a container: the workload has one thread per connection, at most 96.
const PIDS_MAX: i64 = 128;
/// Shares of a CPU that one core gets (cgroups(7), `cpu.shares`).
const SHARES_PER_CORE: u64 = 1024;
/// Fewest shares that are possible (kubelet `MinShares`, `pkg/kubelet/cm`, v1.34).
const SHARES_MIN: u64 = 2;

/// Which container it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The cluster.
    pub cluster: String,
    /// The run that makes it.
    pub run: String,
    /// The service, or [`labels::JOB`].
    pub service: String,
    /// The n-th pod of the service, or the number of the job.
    pub slot: u32,
    /// Which of the pod's containers.
    pub incarnation: u32,
}

/// A container to be made.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name.
    pub name: String,
    /// Whether it listens on a port of 127.0.0.1 of its engine's machine.
    pub published: bool,
    /// Fingerprint of all that it is made with.
    pub hash: String,
    /// What the engine is told.
    pub body: Body,
}

impl Identity {
    /// The container's name.
    pub fn name(&self) -> String {
        labels::container(&self.cluster, &self.service, self.slot, self.incarnation)
    }

    fn labels(&self, hash: &str) -> BTreeMap<String, String> {
        let labels = [
            (labels::CLUSTER, self.cluster.clone()),
            (labels::RUN, self.run.clone()),
            (labels::SERVICE, self.service.clone()),
            (labels::SLOT, self.slot.to_string()),
            (labels::INCARNATION, self.incarnation.to_string()),
            (labels::SPEC_HASH, hash.to_owned()),
        ];
        labels.map(|(key, value)| (key.to_owned(), value)).into()
    }
}

/// What the workload of a service's replica is told.
pub fn replica_words(behaviour: &Behaviour, startup: Duration) -> Vec<String> {
    let memory = behaviour.memory;
    words(&[
        ("--work", behaviour.work.map_or(0, Duration::nanos)),
        ("--startup", startup.nanos()),
        ("--memory", memory.map_or(0, |memory| memory.base.0)),
        (
            "--growth",
            memory.map_or(0, |memory| memory.growth_per_hour.0),
        ),
    ])
}

/// What the workload of a job is told; [`Duration::MAX`]: it runs for ever.
pub fn job_words(duration: Duration) -> Vec<String> {
    match duration {
        Duration::MAX => Vec::new(),
        duration => words(&[("--run-for", duration.nanos())]),
    }
}

fn words(options: &[(&str, u64)]) -> Vec<String> {
    let given = options.iter().filter(|(_, value)| *value > 0);
    given
        .flat_map(|(key, value)| [(*key).to_owned(), value.to_string()])
        .collect()
}

/// A container for a pod of this shape on this node.
pub fn spec(
    identity: &Identity,
    image: &Image,
    words: Vec<String>,
    shape: &Shape,
    node: &NodeSpec,
) -> Spec {
    let body = Body {
        image: Some(image.name.clone()),
        cmd: Some(words),
        user: Some(NOBODY.to_owned()),
        // The first process of a container hears no other signal unless it asks for it, and the
        // workload does not: its grace is waited for before.
        stop_signal: Some("SIGKILL".to_owned()),
        host_config: Some(host_config(&identity.cluster, shape, node)),
        ..Body::default()
    };
    // A JSON value has its keys in order, which the map of the model has not.
    let told = serde_json::to_value(&body).unwrap_or(Value::Null);
    let hash = digest(format!("{} {told}", image.config).as_bytes());
    let labels = identity.labels(&hash).into_iter().collect();
    Spec {
        name: identity.name(),
        published: false,
        body: Body {
            labels: Some(labels),
            ..body
        },
        hash,
    }
}

impl Spec {
    /// CPU in thousandths of a core, if it is limited, and memory.
    pub fn limits(&self) -> (Option<MilliCpu>, Bytes) {
        let host = self.body.host_config.as_ref();
        let number = |number: Option<i64>| u64::try_from(number.unwrap_or(0)).unwrap_or(0);
        let cpu = host.and_then(|host| host.nano_cpus);
        let memory = number(host.and_then(|host| host.memory));
        let cpu = cpu.map(|nanos| MilliCpu(number(Some(nanos)) / 1_000_000));
        (cpu, Bytes(memory))
    }

    /// The same, listening on a port of 127.0.0.1 that the engine chooses. It is another container than the
    /// one that does not.
    pub fn published(mut self) -> Spec {
        let port = format!("{PORT}/tcp");
        let binding = PortBinding {
            host_ip: Some("127.0.0.1".to_owned()),
            host_port: None,
        };
        let bindings = [(port, Some(vec![binding]))];
        self.hash = digest(format!("{} published", self.hash).as_bytes());
        let hash = (labels::SPEC_HASH.to_owned(), self.hash.clone());
        self.body.labels.get_or_insert_default().extend([hash]);
        let host = self.body.host_config.get_or_insert_default();
        host.port_bindings = Some(bindings.into_iter().collect());
        self.published = true;
        self
    }
}

fn host_config(cluster: &str, shape: &Shape, node: &NodeSpec) -> HostConfig {
    let running = shape.running();
    let memory = shape.limits.memory.unwrap_or(node.allocatable.memory);
    let bytes = |Bytes(bytes)| i64::try_from(bytes).unwrap_or(i64::MAX);
    let nano_cpus = shape.limits.cpu.map(|cpu| cpu.0 as i64 * 1_000_000);
    let shares = (running.weight.0 * SHARES_PER_CORE / 1000).max(SHARES_MIN);
    let log = [("max-size", "1m"), ("max-file", "1")];
    let log = log.map(|(key, value)| (key.to_owned(), value.to_owned()));
    HostConfig {
        // No more than there is: swap would only hide that memory is short.
        memory: Some(bytes(memory)),
        memory_swap: Some(bytes(memory)),
        nano_cpus,
        cpu_shares: i64::try_from(shares).ok(),
        pids_limit: Some(PIDS_MAX),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        readonly_rootfs: Some(true),
        privileged: Some(false),
        ipc_mode: Some("none".to_owned()),
        network_mode: Some(labels::network(cluster)),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(log.into_iter().collect()),
        }),
        // Restarts are the healer's to decide.
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        ..HostConfig::default()
    }
}

//! What a pod requests in sum, from what its containers request.
//!
//! Containers run together, and so do restartable init containers (sidecars) once started; other
//! init containers run one after the other, beside the sidecars started before them. A pod needs
//! the larger of both, and its overhead. A request for the pod as a whole replaces that sum,
//! resource by resource.
//!
//! Source: Kubernetes v1.34, `k8s.io/component-helpers/resource` (`PodRequests`), and
//! "Init Containers", "Sidecar Containers", "Pod-level resources".

use std::collections::BTreeMap;

use crate::ids::ExtendedId;
use crate::units::{Bytes, MilliCpu, Resources};

/// CPU that a container without a request for CPU counts for in scores: 100 milli-cores
/// (`schedutil.DefaultMilliCPURequest`, kube-scheduler v1.34).
pub const CPU_UNREQUESTED: MilliCpu = MilliCpu(100);

/// Memory that a container without a request for memory counts for in scores: 200 MiB
/// (`schedutil.DefaultMemoryRequest`, kube-scheduler v1.34).
pub const MEMORY_UNREQUESTED: Bytes = Bytes::from_mib(200);

/// What one container requests. `None` is "not said", which scorers tell from zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// CPU.
    pub cpu: Option<MilliCpu>,
    /// Memory.
    pub memory: Option<Bytes>,
    /// Extended resources.
    pub extended: BTreeMap<ExtendedId, u64>,
}

/// An init container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Init {
    /// What it requests.
    pub request: Request,
    /// Whether it runs on beside the containers (`restartPolicy: Always`).
    pub sidecar: bool,
}

/// What the parts of a pod request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Its containers.
    pub containers: Vec<Request>,
    /// Its init containers, in order.
    pub inits: Vec<Init>,
    /// What is said for the pod as a whole (`spec.resources`).
    pub pod: Option<Request>,
    /// What running the pod itself takes (`spec.overhead`).
    pub overhead: Request,
}

/// CPU and memory that scorers count for a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assumed {
    /// CPU.
    pub cpu: MilliCpu,
    /// Memory.
    pub memory: Bytes,
}

/// What a pod requests in sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// What filters look at.
    pub cpu: MilliCpu,
    /// What filters look at.
    pub memory: Bytes,
    /// What filters and scorers look at.
    pub extended: BTreeMap<ExtendedId, u64>,
    /// What scorers count for the pod once it is on a node.
    pub assumed: Assumed,
    /// What NodeResourcesFit counts for it while it is being placed: not what is said for the pod as
    /// a whole.
    ///
    /// Source: kube-scheduler v1.34.1, `noderesources/fit.go`, whose scorers are made without
    /// `enablePodLevelResources`.
    pub placing: Assumed,
}

/// What the containers that run in a pod are entitled to, in CPU and memory. The main container is the first: the one
/// that serves, has limits and fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Running {
    /// What the main container requests.
    pub main: Resources,
    /// What the containers and sidecars beside it request in sum.
    pub beside: Resources,
    /// What running the pod itself takes.
    pub overhead: Resources,
    /// CPU by which the main container gets its part of a node that has not enough: what the scheduler
    /// reserves, less what is taken to be used beside it.
    ///
    /// Source: kubelet v1.34, `pkg/kubelet/cm` (`ResourceConfigForPod`): the pod's cgroup has the
    /// shares of what the scheduler reserves.
    pub weight: MilliCpu,
    /// CPU of which a HorizontalPodAutoscaler takes its use to be a share: what its containers and
    /// sidecars request, or all that is reserved where anything is said for the pod as a whole.
    ///
    /// Source: Kubernetes v1.34, `pkg/controller/podautoscaler` (`calculateRequests`).
    pub scaled_by: MilliCpu,
    /// Memory that protects the main container from the kernel's OOM kill: its own request, and its
    /// equal part of what is said for the pod as a whole beyond what containers request.
    ///
    /// Source: kubelet v1.34, `pkg/kubelet/qos` (`GetContainerOOMScoreAdjust`).
    pub protected: Bytes,
    /// Whether there is no other container, and nothing is said for the pod as a whole: else the pod
    /// cannot be Guaranteed, because limits are known of the main container only.
    pub alone: bool,
}

impl Running {
    /// A pod of one container that requests this, and nothing else.
    pub const fn of_one(requests: Resources) -> Running {
        Running {
            main: Resources::new(requests.cpu, requests.memory),
            beside: Resources::NONE,
            overhead: Resources::NONE,
            weight: requests.cpu,
            scaled_by: requests.cpu,
            protected: requests.memory,
            alone: true,
        }
    }

    /// What is taken to be in use beside the main container.
    pub fn unsimulated(&self) -> Resources {
        let mut sum = self.beside;
        sum += self.overhead;
        sum
    }
}

impl Request {
    /// What is said of CPU and memory; what is not said is none.
    fn said(&self) -> Resources {
        Resources::new(
            self.cpu.unwrap_or_default(),
            self.memory.unwrap_or_default(),
        )
    }
}

impl Assumed {
    /// What a pod of one container counts for that requests this, where zero is "not said".
    pub const fn of_one(cpu: MilliCpu, memory: Bytes) -> Assumed {
        Assumed {
            cpu: if cpu.0 == 0 { CPU_UNREQUESTED } else { cpu },
            memory: if memory.0 == 0 {
                MEMORY_UNREQUESTED
            } else {
                memory
            },
        }
    }
}

impl std::ops::AddAssign for Assumed {
    fn add_assign(&mut self, other: Assumed) {
        self.cpu.0 += other.cpu.0;
        self.memory.0 += other.memory.0;
    }
}

/// Panics when `other` is larger: a bookkeeping error of ours.
impl std::ops::SubAssign for Assumed {
    fn sub_assign(&mut self, other: Assumed) {
        let less = |ours: u64, other: u64| ours.checked_sub(other).expect("given back once");
        self.cpu.0 = less(self.cpu.0, other.cpu.0);
        self.memory.0 = less(self.memory.0, other.memory.0);
    }
}

impl Parts {
    /// What the pod requests in sum.
    pub fn sum(&self) -> Sum {
        let cpu = |request: &Request| request.cpu.map(|cpu| cpu.0);
        let memory = |request: &Request| request.memory.map(|memory| memory.0);
        let names = self.all().flat_map(|request| request.extended.keys());
        let extended: BTreeMap<ExtendedId, u64> = names
            .map(|&name| {
                let of = |request: &Request| request.extended.get(&name).copied();
                (name, self.sum_of(of, 0))
            })
            .filter(|&(_, amount)| amount > 0)
            .collect();
        Sum {
            cpu: MilliCpu(self.sum_of(cpu, 0)),
            memory: Bytes(self.sum_of(memory, 0)),
            extended,
            assumed: Assumed {
                cpu: MilliCpu(self.assumed_of(cpu, CPU_UNREQUESTED.0)),
                memory: Bytes(self.assumed_of(memory, MEMORY_UNREQUESTED.0)),
            },
            placing: Assumed {
                cpu: MilliCpu(self.of_containers(cpu, CPU_UNREQUESTED.0)),
                memory: Bytes(self.of_containers(memory, MEMORY_UNREQUESTED.0)),
            },
        }
    }

    /// CPU and memory that its containers and init containers request: what is said for the pod as a
    /// whole must not be less.
    pub fn asked_of_containers(&self) -> (MilliCpu, Bytes) {
        let overhead = self.overhead.said();
        let cpu = self.of_containers(|request| request.cpu.map(|cpu| cpu.0), 0);
        let memory = self.of_containers(|request| request.memory.map(|memory| memory.0), 0);
        (
            MilliCpu(cpu - overhead.cpu.0),
            Bytes(memory - overhead.memory.0),
        )
    }

    /// What its running containers are entitled to. Panics when it has no container.
    pub fn running(&self) -> Running {
        let (main, others) = self.containers.split_first().expect("a main container");
        let sidecars = || self.inits.iter().filter(|init| init.sidecar);
        let beside = others.iter().chain(sidecars().map(|init| &init.request));
        let beside = beside.fold(Resources::NONE, |mut sum, request| {
            sum += request.said();
            sum
        });
        let (main, overhead, reserved) = (main.said(), self.overhead.said(), self.sum().cpu);
        let used = beside.cpu.0 + overhead.cpu.0;
        let whole = self.pod.as_ref();
        let spare = whole.and_then(|whole| whole.memory).map_or(0, |whole| {
            let (_, asked) = self.asked_of_containers();
            let containers = self.containers.len() + self.inits.len();
            whole.0.saturating_sub(asked.0) / containers as u64
        });
        Running {
            main,
            beside,
            overhead,
            weight: MilliCpu(reserved.0.saturating_sub(used)),
            scaled_by: match whole {
                Some(_) => reserved,
                None => MilliCpu(main.cpu.0 + beside.cpu.0),
            },
            protected: Bytes(main.memory.0 + spare),
            alone: others.is_empty() && self.inits.is_empty() && whole.is_none(),
        }
    }

    /// What scorers count of one resource. Where anything is said for the pod as a whole, containers
    /// that say nothing count only if nobody says anything of the resource
    /// (`getNonMissingContainerRequests` of kube-scheduler v1.34.1).
    fn assumed_of(&self, of: impl Fn(&Request) -> Option<u64>, unrequested: u64) -> u64 {
        let is_said = self.pod.is_some() && self.all().any(|request| of(request).is_some());
        self.sum_of(of, if is_said { 0 } else { unrequested })
    }

    fn all(&self) -> impl Iterator<Item = &Request> {
        let inits = self.inits.iter().map(|init| &init.request);
        let whole = self.pod.iter().chain([&self.overhead]);
        self.containers.iter().chain(inits).chain(whole)
    }

    /// What is said for the pod as a whole of one resource, otherwise the sum of what its containers
    /// say; and its overhead.
    fn sum_of(&self, of: impl Fn(&Request) -> Option<u64>, unsaid: u64) -> u64 {
        let whole = self.pod.as_ref().and_then(&of);
        let overhead = of(&self.overhead).unwrap_or(0);
        whole.map_or_else(|| self.of_containers(of, unsaid), |whole| whole + overhead)
    }

    /// The sum of one resource over containers, of which those that say nothing count as `unsaid`,
    /// and the overhead.
    fn of_containers(&self, of: impl Fn(&Request) -> Option<u64>, unsaid: u64) -> u64 {
        let said = |request: &Request| of(request).unwrap_or(unsaid);
        let mut together: u64 = self.containers.iter().map(said).sum();
        let (mut sidecars, mut starting) = (0, 0);
        for init in &self.inits {
            let request = said(&init.request);
            if init.sidecar {
                together += request;
                sidecars += request;
                starting = starting.max(sidecars);
            } else {
                starting = starting.max(sidecars + request);
            }
        }
        together.max(starting) + of(&self.overhead).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(milli: u64) -> Request {
        Request {
            cpu: Some(MilliCpu(milli)),
            ..Request::default()
        }
    }

    fn init(milli: u64, sidecar: bool) -> Init {
        Init {
            request: cpu(milli),
            sidecar,
        }
    }

    #[test]
    fn a_pod_needs_the_larger_of_starting_and_running() {
        let mut parts = Parts {
            containers: vec![cpu(100), cpu(200)],
            ..Parts::default()
        };
        assert_eq!(parts.sum().cpu.0, 300);
        parts.inits = vec![init(250, false)];
        assert_eq!(parts.sum().cpu.0, 300);
        // The sidecar runs beside both: 300 + 50, and 300 + 50 while the second starts.
        parts.inits = vec![init(50, true), init(300, false)];
        assert_eq!(parts.sum().cpu.0, 350);
        parts.inits = vec![init(400, false), init(50, true)];
        assert_eq!(parts.sum().cpu.0, 400);
        parts.overhead = cpu(10);
        assert_eq!(parts.sum().cpu.0, 410);
        parts.pod = Some(cpu(500));
        assert_eq!(parts.sum().cpu.0, 510);
        assert_eq!(parts.sum().placing.cpu.0, 410);
        // Nobody says anything of memory: two containers and a sidecar.
        assert_eq!(parts.sum().placing.memory, Bytes::from_mib(3 * 200));
    }

    #[test]
    fn a_main_container_is_entitled_to_its_own_and_to_what_nobody_uses() {
        let mut parts = Parts {
            containers: vec![cpu(1000), cpu(200)],
            inits: vec![init(2500, false), init(300, true)],
            overhead: cpu(50),
            ..Parts::default()
        };
        let running = parts.running();
        let of = |amount: Resources| amount.cpu.0;
        assert_eq!(of(running.main), 1000);
        assert_eq!((of(running.beside), of(running.unsimulated())), (500, 550));
        // Reserved are the 2500 of the init container and 50; 550 of them are used beside it.
        assert_eq!(running.weight.0, 2550 - 550);
        assert_eq!(running.scaled_by.0, 1500);
        assert!(!running.alone);
        // With anything said for the pod as a whole, an hpa goes by all that is reserved.
        parts.pod = Some(Request {
            memory: Some(Bytes(900)),
            ..Request::default()
        });
        parts.containers[0].memory = Some(Bytes(100));
        let running = parts.running();
        assert_eq!(running.scaled_by.0, 2550);
        // 900 − 100 are nobody's: 200 for each of two containers and two init containers.
        assert_eq!(running.protected, Bytes(300));
    }

    #[test]
    fn overhead_alone_leaves_a_container_alone() {
        let requests = cpu(1000);
        let parts = Parts {
            overhead: cpu(250),
            containers: vec![requests],
            ..Parts::default()
        };
        let of_one = Running::of_one(Resources::new(MilliCpu(1000), Bytes(0)));
        let overhead = Resources::new(MilliCpu(250), Bytes(0));
        assert_eq!(parts.running(), Running { overhead, ..of_one });
    }

    #[test]
    fn scorers_count_each_container_that_says_nothing() {
        let parts = Parts {
            containers: vec![cpu(0), Request::default()],
            ..Parts::default()
        };
        let sum = parts.sum();
        // Zero is said by the first: 0 + 100 milli-cores, 2 x 200 MiB.
        assert_eq!((sum.cpu.0, sum.memory.0), (0, 0));
        assert_eq!(sum.assumed.cpu, MilliCpu(100));
        assert_eq!(sum.assumed.memory, Bytes::from_mib(400));
        assert_eq!(sum.placing, sum.assumed);
    }

    #[test]
    fn on_its_node_a_pod_counts_for_what_is_said_of_it_as_a_whole() {
        let parts = Parts {
            containers: vec![cpu(300), Request::default()],
            pod: Some(Request {
                memory: Some(Bytes::from_mib(50)),
                ..Request::default()
            }),
            ..Parts::default()
        };
        let sum = parts.sum();
        // CPU is said by one container, so that the other counts for nothing.
        assert_eq!(sum.assumed.cpu, MilliCpu(300));
        assert_eq!(sum.assumed.memory, Bytes::from_mib(50));
        assert_eq!(sum.placing.cpu, MilliCpu(300 + 100));
        assert_eq!(sum.placing.memory, Bytes::from_mib(2 * 200));
    }
}

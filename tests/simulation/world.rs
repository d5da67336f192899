//! A small world to be set up in a line.

use std::ops::ControlFlow;
use std::sync::Arc;

use plimsoll::cluster::Cluster;
use plimsoll::cluster::catalog::{Catalog, Limits, NodeSpec, ServiceSpec, Shape};
use plimsoll::cluster::gpu::GpuRequest;
use plimsoll::cluster::pod::Exit;
use plimsoll::cluster::requests::{Init, Parts, Request};
use plimsoll::cluster::rules::Traits;
use plimsoll::control::{Control, Settings};
use plimsoll::dist::Distribution;
use plimsoll::ids::{GroupId, NodeId, ServiceId, ShapeId, ZoneId};
use plimsoll::policy::params::{Params, Value};
use plimsoll::policy::registry::{Choice, Named};
use plimsoll::record::{Flow, Memory, Record, Recorder, Truth};
use plimsoll::rng::Seed;
use plimsoll::runtime;
use plimsoll::script::failure::{Failure, Target, When};
use plimsoll::script::jobs::{Job, Jobs};
use plimsoll::script::load::Load;
use plimsoll::script::service::{Behaviour, Image, MemoryUse};
use plimsoll::script::{NodeEvent, NodeEventKind, Outline};
use plimsoll::sim::Sim;
use plimsoll::sim::config::{Config, Delay};
use plimsoll::time::{Duration, Time};
use plimsoll::units::{Bytes, MilliCpu, Resources};

/// The instant of that second.
pub(crate) fn at(seconds: u64) -> Time {
    Time::from_secs(seconds)
}

/// That many seconds.
pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Nodes of 4 cores and 8 GiB, each in a zone of its own; jobs of 3 cores; one service of pods that
/// request 1 core and 1 GiB, their limits too, and take 1 ms of CPU per request.
pub(crate) struct World {
    catalog: Catalog,
    jobs: Jobs,
    events: Vec<NodeEvent>,
    failures: Vec<Failure>,
    behaviours: Vec<Behaviour>,
    config: Config,
}

/// What came of it.
pub(crate) struct Ran {
    pub(crate) records: Vec<(Time, Record)>,
}

/// Checks the indexes of belief at every turn.
struct Checked;

impl Recorder for Checked {
    fn record(&mut self, _at: Time, _record: Record) {}

    fn turn(&mut self, _now: Time, belief: &Cluster) -> ControlFlow<()> {
        belief.check();
        ControlFlow::Continue(())
    }
}

impl World {
    pub(crate) fn new(nodes: u32) -> World {
        let mut catalog = Catalog::default();
        catalog.groups.push("worker".into());
        for index in 0..nodes {
            catalog.zones.push(format!("zone-{index}"));
            catalog.nodes.push(NodeSpec {
                name: format!("worker-{index}"),
                group: GroupId(0),
                zone: ZoneId(index),
                allocatable: Resources::new(MilliCpu(4000), Bytes(8 * Bytes::GIB)),
                gpus: 0,
                gpu_model: None,
                max_pods: 110,
                price_per_hour: None,
                at_start: true,
                traits: Traits::default(),
            });
        }
        let requests = Resources::new(MilliCpu(1000), Bytes(Bytes::GIB));
        let limits = Limits {
            cpu: Some(requests.cpu),
            memory: Some(requests.memory),
        };
        let shape = Shape {
            requests,
            limits,
            gpus: GpuRequest::default(),
            priority: 0,
            ..Shape::default()
        };
        catalog.shapes.push(shape.clone());
        catalog.shapes.push(Shape {
            requests: Resources::new(MilliCpu(3000), Bytes(Bytes::GIB)),
            limits: Limits::default(),
            ..shape
        });
        World {
            catalog,
            jobs: Jobs::default(),
            events: Vec::new(),
            failures: Vec::new(),
            behaviours: Vec::new(),
            config: Config::default(),
        }
    }

    /// The pods of services also have a sidecar that requests this, and no limits.
    pub(crate) fn beside(mut self, cpu: MilliCpu, memory: Bytes) -> World {
        let shape = &mut self.catalog.shapes[ShapeId(0)];
        let request = |cpu, memory| Request {
            cpu: Some(cpu),
            memory: Some(memory),
            ..Request::default()
        };
        let sidecar = Init {
            request: request(cpu, memory),
            sidecar: true,
        };
        let parts = Parts {
            containers: vec![request(shape.requests.cpu, shape.requests.memory)],
            inits: vec![sidecar],
            ..Parts::default()
        };
        let sum = parts.sum();
        shape.requests = Resources::new(sum.cpu, sum.memory);
        shape.running = Some(parts.running());
        shape.limits = Limits::default();
        self
    }

    pub(crate) fn job(mut self, arrival: Time, duration: Duration) -> World {
        let name = format!("job-{}", self.jobs.len());
        self.jobs.push(Job {
            name: &name,
            arrival,
            duration,
            shape: ShapeId(1),
            replace: true,
        });
        self
    }

    pub(crate) fn service(mut self, replicas: u32, load: Load) -> World {
        self.catalog.services.push(ServiceSpec {
            name: "web".into(),
            shape: ShapeId(0),
            replicas,
            min_available: replicas,
            slo: None,
            hpa: None,
        });
        self.behaviours.push(Behaviour {
            image: None,
            startup: None,
            probe_period: None,
            shutdown: Duration::ZERO,
            work: Some(Duration::from_millis(1)),
            memory: None,
            load,
        });
        self
    }

    pub(crate) fn event(mut self, at: Time, node: u32, event: NodeEventKind) -> World {
        self.events.push(NodeEvent {
            at,
            node: NodeId(node),
            event,
        });
        self
    }

    /// Something of a `[[failures]]` table: down from `at` on, for so many seconds.
    pub(crate) fn failure(mut self, target: Target, at: Time, down: f64) -> World {
        self.failures.push(Failure {
            name: format!("failure-{}", self.failures.len()),
            target,
            when: When::At { at, count: None },
            down: Some(Distribution::constant(down).expect("a length")),
        });
        self
    }

    pub(crate) fn pull_bandwidth(&mut self, bandwidth: u64, size: Bytes) {
        self.config.pull_bandwidth = Some(bandwidth);
        self.behaviours[0].image = Some(Image {
            name: "web:1".into(),
            size,
        });
    }

    /// Replicas take so long to start, and are probed so often.
    pub(crate) fn startup(&mut self, startup: Duration, probes: Duration) {
        let length = Distribution::constant(startup.secs_f64()).expect("a length");
        self.behaviours[0].startup = Some(length);
        self.behaviours[0].probe_period = Some(probes);
    }

    pub(crate) fn boot(&mut self, length: Duration) {
        self.config.boot = Delay::Always(length);
    }

    /// How late the control plane hears and machines act.
    pub(crate) fn delays(&mut self) -> &mut Config {
        &mut self.config
    }

    pub(crate) fn memory(&mut self, memory: MemoryUse) {
        self.behaviours[0].memory = Some(memory);
    }

    /// Runs without a healer; belief must equal truth at the end.
    pub(crate) fn run(self, end: Time) -> Ran {
        let (ran, differences) = self.simulate(end);
        assert_eq!(
            differences,
            Vec::<String>::new(),
            "belief differs from the truth at the end"
        );
        ran
    }

    /// Runs without a healer where something stays broken: belief may differ at the end.
    pub(crate) fn run_unhealed(self, end: Time) -> Ran {
        self.simulate(end).0
    }

    fn simulate(self, end: Time) -> (Ran, Vec<String>) {
        let seed = Seed {
            seed: 1,
            replication: 1,
        };
        let outline = Outline {
            trace: Arc::new(self.jobs),
            sources: Vec::new(),
            node_events: self.events.into(),
            services: self.behaviours.into_iter().collect(),
            failures: self.failures,
            strike: None,
            resample: None,
        };
        let named = |name| Named {
            name,
            params: Params::default(),
        };
        let word = |word: &str| Value::Choice(word.to_owned());
        let choice = Choice {
            scheduler: Named {
                name: "least-allocated",
                params: Params::new([("search", word("scan")), ("resources", word("cpu,memory"))]),
            },
            autoscaler: named("fixed"),
            healer: named("none"),
        };
        let catalog = Arc::new(self.catalog);
        let mut control = Control::new(catalog.clone(), &choice, Settings::default(), seed);
        let mut sim = Sim::new(catalog, outline.script(seed, end), self.config);
        let mut recorder = (Memory::default(), Checked);
        runtime::drive(&mut control, &mut sim, &mut recorder, end).expect("simulations go on");
        let differences = sim.audit(control.cluster());
        (
            Ran {
                records: recorder.0.records,
            },
            differences,
        )
    }
}

impl Ran {
    fn truths(&self) -> impl Iterator<Item = (Time, Truth)> {
        self.records.iter().filter_map(|(at, record)| match record {
            Record::Truth(truth) => Some((*at, *truth)),
            _ => None,
        })
    }

    /// When containers began to run.
    pub(crate) fn starts(&self) -> Vec<Time> {
        let started = |truth| matches!(truth, Truth::ContainerStarted { .. });
        self.truths()
            .filter(|&(_, truth)| started(truth))
            .map(|(at, _)| at)
            .collect()
    }

    /// When the service's traffic was first served.
    pub(crate) fn served_since(&self) -> Time {
        let mut flows = self.truths().filter_map(|(at, truth)| match truth {
            Truth::Traffic { flow, .. } if flow.served > 0.0 => Some(at),
            _ => None,
        });
        flows.next().expect("it was served at some time")
    }

    /// When and how containers ended.
    pub(crate) fn exits(&self) -> Vec<(Time, Exit)> {
        let exits = self.truths().filter_map(|(at, truth)| match truth {
            Truth::ContainerExited { exit, .. } => Some((at, exit)),
            _ => None,
        });
        exits.collect()
    }

    /// When the control plane heard facts of that name.
    pub(crate) fn heard(&self, name: &str) -> Vec<Time> {
        let heard = self.records.iter().filter(|(_, record)| match record {
            Record::Heard(fact) => format!("{fact:?}").starts_with(name),
            _ => false,
        });
        heard.map(|&(at, _)| at).collect()
    }

    /// How the service's traffic flows at the end.
    pub(crate) fn last_flow(&self) -> Flow {
        let flows = self.truths().filter_map(|(_, truth)| match truth {
            Truth::Traffic {
                service: ServiceId(0),
                flow,
            } => Some(flow),
            _ => None,
        });
        flows.last().expect("the service has traffic")
    }
}

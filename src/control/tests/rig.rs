//! A control plane and nodes that do at once what they are told, unless they are dead.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::cluster::catalog::{Catalog, Hpa, Limits, NodeSpec, ServiceSpec, Shape};
use crate::cluster::change::Change;
use crate::cluster::gpu::GpuRequest;
use crate::cluster::pod::{Deletion, Exit};
use crate::cluster::rules::Traits;
use crate::cluster::service::Usage;
use crate::control::command::Command;
use crate::control::fact::Fact;
use crate::control::{Control, Settings, Step};
use crate::ids::{GroupId, Id, JobId, NodeId, PodId, ServiceId, ShapeId, ZoneId};
use crate::policy::Plan;
use crate::policy::autoscaler::{Scaling, WhyScaled};
use crate::policy::healer::{NodeAction, PodAction};
use crate::policy::params::{Kind, Param, Params, Value};
use crate::policy::registry::{self, Choice, Entry, Named};
use crate::rng::Seed;
use crate::time::{Duration, Time};
use crate::units::{Bytes, MilliCpu, Resources};

/// Time between lease renewals.
const HEARTBEAT: Duration = Duration::from_secs(10);

pub(super) struct Rig {
    control: Control,
    now: Time,
    dead: BTreeSet<NodeId>,
    forgetful: bool,
    late: Duration,
    /// Whether containers are ready as soon as they run.
    ready: bool,
    /// Whether containers that are to stop go on until that is told.
    lingers: bool,
    log: Vec<String>,
}

/// The parameters of a policy that are not left at their defaults.
type Set<'a> = &'a [(&'a str, Value)];

/// The instant of that second.
pub(super) fn at(seconds: f64) -> Time {
    Time::from_secs_f64(seconds)
}

impl Rig {
    /// A cluster with that many nodes in each zone, numbered through, and the healer of that name.
    /// Nodes have room for 10 pods. The first revision of nodes has room for 11.
    pub(super) fn new(healer: &'static str, zones: &[u32]) -> Rig {
        Rig::with(healer, zones, &[])
    }

    /// The same with some parameters of the healer set.
    pub(super) fn with(healer: &'static str, zones: &[u32], set: Set) -> Rig {
        let healer = chosen(registry::HEALERS, healer, set);
        let autoscaler = chosen(registry::AUTOSCALERS, "fixed", &[]);
        Rig::build(zones, healer, autoscaler, zones.iter().sum(), None)
    }

    /// A service of so many replicas, scaled by `hpa` with some parameters set, on ten nodes in one
    /// zone.
    pub(super) fn scaled(replicas: u32, target: Hpa, set: Set) -> Rig {
        let healer = chosen(registry::HEALERS, "kubernetes", &[]);
        let autoscaler = chosen(registry::AUTOSCALERS, "hpa", set);
        Rig::build(&[10], healer, autoscaler, replicas, Some(target)).service()
    }

    fn build(
        zones: &[u32],
        healer: Named,
        autoscaler: Named,
        replicas: u32,
        hpa: Option<Hpa>,
    ) -> Rig {
        let scheduler = chosen(registry::SCHEDULERS, "least-allocated", &[]);
        let choice = Choice {
            scheduler,
            autoscaler,
            healer,
        };
        Rig::start(catalog(zones, replicas, hpa), &choice)
    }

    /// One zone of so many nodes under kube-scheduler, ties by name; the catalogue is changed first.
    pub(super) fn kube(nodes: u32, set: Set, change: impl FnOnce(&mut Catalog)) -> Rig {
        let ties = [("ties", Value::Choice("name".into()))];
        let choice = Choice {
            scheduler: chosen(registry::SCHEDULERS, "kube", &[&ties, set].concat()),
            autoscaler: chosen(registry::AUTOSCALERS, "fixed", &[]),
            healer: chosen(registry::HEALERS, "kubernetes", &[]),
        };
        let mut catalog = catalog(&[nodes], nodes, None);
        change(&mut catalog);
        Rig::start(catalog, &choice)
    }

    fn start(catalog: Catalog, choice: &Choice) -> Rig {
        let catalog = Arc::new(catalog);
        let seed = Seed {
            seed: 1,
            replication: 1,
        };
        let mut rig = Rig {
            control: Control::new(catalog.clone(), choice, Settings::default(), seed),
            now: Time::ZERO,
            dead: BTreeSet::new(),
            forgetful: false,
            late: Duration::ZERO,
            ready: true,
            lingers: false,
            log: Vec::new(),
        };
        rig.tell(Time::ZERO, catalog.nodes.ids().map(Fact::NodeAdded));
        rig
    }

    /// Drops the caches of all policies after every decision.
    pub(super) fn forgetful(mut self) -> Rig {
        self.forgetful = true;
        self
    }

    /// Acts so much later than is due, as a live runtime may.
    pub(super) fn late(mut self, by: Duration) -> Rig {
        self.late = by;
        self
    }

    /// Containers that start from now on become ready only when that is told.
    pub(super) fn unready(&mut self) {
        self.ready = false;
    }

    /// A pod becomes ready.
    pub(super) fn becomes_ready(&mut self, time: f64, pod: u32) {
        self.pass(at(time), |due| due < at(time));
        let fact = Fact::ProbeChanged {
            pod: PodId(pod),
            incarnation: self.cluster().pods()[PodId(pod)].incarnation,
            ready: true,
        };
        self.hear([fact]);
    }

    /// So many pods of the service use so much together, in thousandths of a core.
    pub(super) fn uses(&mut self, time: f64, pods: u32, cpu_milli: u32) {
        let usage = Usage {
            sampled: at(time),
            pods,
            cpu_milli,
            memory_mib: 0,
        };
        let service = ServiceId(0);
        self.tell(at(time), [Fact::ServiceUsage { service, usage }]);
    }

    /// As many replicas as there are nodes: one on each, pod n on node n.
    pub(super) fn service(mut self) -> Rig {
        self.tell(self.now, [Fact::ServiceSubmitted(ServiceId(0))]);
        self.log.clear();
        self
    }

    /// A job.
    pub(super) fn job(mut self, replace: bool) -> Rig {
        let fact = Fact::JobSubmitted {
            job: JobId(0),
            shape: ShapeId(0),
            replace,
        };
        self.tell(self.now, [fact]);
        self.log.clear();
        self
    }

    /// So many jobs of a shape are asked for.
    pub(super) fn jobs(&mut self, time: f64, shape: u32, count: u32) {
        let fact = Fact::JobSubmitted {
            job: JobId(0),
            shape: ShapeId(shape),
            replace: true,
        };
        self.tell(at(time), vec![fact; count as usize]);
    }

    /// Containers stop from now on only when that is told.
    pub(super) fn linger(&mut self) {
        self.lingers = true;
    }

    /// Nodes die whose leases were last renewed at `last`; that is noticed one heartbeat later.
    pub(super) fn lose(&mut self, last: f64, nodes: impl IntoIterator<Item = u32>) {
        let last = at(last);
        let nodes: Vec<NodeId> = nodes.into_iter().map(NodeId).collect();
        self.pass(last.max(self.now), |due| due < last);
        self.dead.extend(&nodes);
        let missed = nodes.into_iter();
        let missed = missed.map(|node| Fact::HeartbeatMissed { node, last });
        self.tell(last + HEARTBEAT, missed);
    }

    /// Nodes renew their leases again; their containers are gone.
    pub(super) fn back(&mut self, time: f64, nodes: impl IntoIterator<Item = u32>) {
        let mut facts = Vec::new();
        for node in nodes.into_iter().map(NodeId) {
            self.dead.remove(&node);
            facts.extend([
                Fact::HeartbeatSeen(node),
                Fact::RelistBegun(node),
                Fact::RelistEnded(node),
            ]);
        }
        self.tell(at(time), facts);
    }

    /// The container of a pod ends.
    pub(super) fn crash(&mut self, time: f64, pod: u32, exit: Exit) {
        self.pass(at(time), |due| due < at(time));
        let incarnation = self.cluster().pods()[PodId(pod)].incarnation;
        let fact = Fact::ContainerExited {
            pod: PodId(pod),
            incarnation,
            exit,
        };
        self.hear([fact]);
    }

    /// Lets time pass and then tells facts, together with what is due at that instant.
    pub(super) fn tell(&mut self, time: Time, facts: impl IntoIterator<Item = Fact>) {
        self.pass(time, |due| due < time);
        self.hear(facts);
    }

    fn hear(&mut self, facts: impl IntoIterator<Item = Fact>) {
        for fact in facts {
            self.control.observe(self.now, fact);
        }
        self.decide();
    }

    /// Lets time pass, with everything that is due until then and at that instant.
    pub(super) fn until(&mut self, end: Time) {
        self.pass(end, |due| due <= end);
    }

    fn pass(&mut self, end: Time, wanted: impl Fn(Time) -> bool) {
        assert!(self.now <= end, "time runs forward");
        while let Some(due) = self
            .control
            .next_deadline(self.now)
            .filter(|&due| wanted(due))
        {
            self.now = due + self.late;
            self.decide();
        }
        self.now = self.now.max(end);
    }

    /// What is believed.
    pub(super) fn cluster(&self) -> &Cluster {
        self.control.cluster()
    }

    /// When something is due next.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.control.next_deadline(self.now)
    }

    /// What happened since the last call, up to that second: one line each.
    pub(super) fn log(&mut self, end: f64) -> Vec<String> {
        self.until(at(end));
        std::mem::take(&mut self.log)
    }

    /// The same, only lines that contain one of the words.
    pub(super) fn log_of(&mut self, end: f64, words: &[&str]) -> Vec<String> {
        let mut lines = self.log(end);
        lines.retain(|line| words.iter().any(|word| line.contains(word)));
        lines
    }

    fn decide(&mut self) {
        loop {
            self.control.decide(self.now);
            if self.forgetful {
                self.control.forget();
            }
            self.control.cluster().check();
            let steps: Vec<Step> = self.control.steps().collect();
            let mut news = Vec::new();
            for step in steps {
                if let Some(line) = line(&step) {
                    self.log.push(format!("{} {line}", self.now));
                }
                if let Step::Command(command) = step {
                    news.extend(self.carry_out(command));
                }
            }
            if news.is_empty() {
                return;
            }
            for fact in news {
                self.control.observe(self.now, fact);
            }
        }
    }

    fn carry_out(&self, command: Command) -> Option<Fact> {
        match command {
            Command::Start {
                pod,
                incarnation,
                node,
                ..
            } => (!self.dead.contains(&node)).then_some(Fact::ContainerStarted {
                pod,
                incarnation,
                ready: self.ready,
            }),
            Command::Stop {
                pod,
                incarnation,
                node,
                ..
            } => (!self.lingers && !self.dead.contains(&node)).then_some(Fact::ContainerExited {
                pod,
                incarnation,
                exit: Exit::Stopped,
            }),
            Command::Route { .. } | Command::Unroute { .. } | Command::Sample { .. } => None,
        }
    }
}

/// What is worth a line in the log.
fn line(step: &Step) -> Option<String> {
    match step {
        Step::Planned(Plan::HealNode { node, action }) => {
            let action = match action {
                NodeAction::NotReady => "not ready",
                NodeAction::Ready => "ready",
                NodeAction::Taint { .. } => "tainted",
                NodeAction::Untaint => "untainted",
            };
            Some(format!("n{} {action}", node.index()))
        }
        Step::Planned(Plan::HealZone {
            zone, disruption, ..
        }) => Some(format!("z{} {disruption:?}", zone.index())),
        Step::Planned(Plan::HealPod { pod, action }) => match action {
            PodAction::Evict(_) => None,
            PodAction::RestartAt { at, step } => {
                Some(format!("p{} restart {step} at {at}", pod.index()))
            }
            PodAction::Restart => Some(format!("p{} restarted", pod.index())),
            PodAction::Fail => Some(format!("p{} failed", pod.index())),
        },
        Step::Planned(Plan::Scale { scaling, .. }) => {
            let Scaling { from, to, why, .. } = scaling;
            let why = match why {
                WhyScaled::Use { limit: None, .. } => "use".to_owned(),
                WhyScaled::Use {
                    limit: Some(limit), ..
                } => format!("{limit:?}"),
                WhyScaled::OutOfBounds | WhyScaled::NoMetrics => format!("{why:?}"),
            };
            (from != to).then(|| format!("web {from} to {to}: {why}"))
        }
        Step::Changed(Change::PodDeleting { pod, deletion }) => {
            let why = match deletion {
                Deletion::Unreachable => "evicted",
                Deletion::Drained => "drained",
                Deletion::NodeRemoved => "removed",
                Deletion::ScaledDown => "scaled down",
                Deletion::Requested => "deleted",
                Deletion::Preempted => "preempted",
            };
            Some(format!("p{} {why}", pod.index()))
        }
        Step::Changed(Change::PodCreated { pod, .. }) => Some(format!("p{} created", pod.index())),
        Step::Changed(Change::PodBound { pod, node, .. }) => {
            Some(format!("p{} bound to n{}", pod.index(), node.index()))
        }
        Step::Changed(Change::PodNominated { pod, node }) => {
            Some(format!("p{} nominated to n{}", pod.index(), node.index()))
        }
        Step::Changed(Change::PodUnnominated(pod)) => Some(format!("p{} unnominated", pod.index())),
        Step::Changed(Change::PodGone { pod, .. }) => Some(format!("p{} gone", pod.index())),
        Step::Command(Command::Route { pod, .. }) => Some(format!("p{} routed", pod.index())),
        Step::Command(Command::Unroute { pod, .. }) => Some(format!("p{} unrouted", pod.index())),
        Step::Changed(_) | Step::Planned(_) | Step::Command(_) => None,
    }
}

fn catalog(zones: &[u32], replicas: u32, hpa: Option<Hpa>) -> Catalog {
    let mut catalog = Catalog::default();
    catalog.groups.push("worker".into());
    for &nodes in zones {
        let zone = catalog.zones.push(format!("zone-{}", catalog.zones.len()));
        (0..nodes).for_each(|_| add_node(&mut catalog, zone));
    }
    let mut larger = catalog.nodes[NodeId(0)].clone();
    larger.allocatable.cpu.0 += 100;
    catalog.revisions.push(larger);
    catalog.shapes.push(Shape {
        requests: Resources::new(MilliCpu(100), Bytes(0)),
        limits: Limits::default(),
        gpus: GpuRequest::default(),
        priority: 0,
        ..Shape::default()
    });
    catalog.services.push(ServiceSpec {
        name: "web".into(),
        shape: ShapeId(0),
        replicas,
        min_available: 1,
        slo: None,
        hpa,
    });
    catalog
}

fn add_node(catalog: &mut Catalog, zone: ZoneId) {
    let name = format!("worker-{}", catalog.nodes.len());
    catalog.nodes.push(NodeSpec {
        name,
        group: GroupId(0),
        zone,
        allocatable: Resources::new(MilliCpu(1000), Bytes(Bytes::GIB)),
        gpus: 0,
        gpu_model: None,
        max_pods: 110,
        price_per_hour: None,
        at_start: true,
        traits: Traits::default(),
    });
}

/// The policy of that name, with the declared defaults where nothing is set.
fn chosen<P: ?Sized>(entries: &'static [Entry<P>], name: &'static str, set: Set) -> Named {
    let entry = registry::find(entries, name).expect("the policy is registered");
    let values = entry.params.iter().map(|param| {
        let set = set.iter().find(|&&(name, _)| name == param.name);
        let value = set.map_or_else(|| default(param), |(_, value)| value.clone());
        (param.name, value)
    });
    Named {
        name,
        params: Params::new(values),
    }
}

fn default(param: &Param) -> Value {
    let text = param.default;
    match param.kind {
        Kind::Integer { .. } => Value::Integer(text.parse().unwrap()),
        Kind::Number { .. } => Value::Number(text.parse().unwrap()),
        Kind::Duration | Kind::Period => {
            let seconds = text.strip_suffix('s').unwrap();
            Value::Duration(Duration::from_secs_f64(seconds.parse().unwrap()))
        }
        Kind::Choice(_) => Value::Choice(text.into()),
        Kind::Shape { .. } => Value::Shape(text.parse().unwrap()),
    }
}

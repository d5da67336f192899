//! Properties of whole runs over random worlds: belief meets the truth, runs repeat themselves,
//! every job is accounted for, and policies meet the same world.

use std::fmt::Write as _;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use plimsoll::cluster::Cluster;
use plimsoll::cluster::pod::{Deletion, Exit, Outcome, Owner, Phase, Pod};
use plimsoll::cluster::queue::Group;
use plimsoll::ids::PodId;
use plimsoll::metrics::fold::Options;
use plimsoll::policy::View;
use plimsoll::policy::queue::{Event, Waking};
use plimsoll::policy::registry::{self, SCHEDULERS};
use plimsoll::policy::scheduler::explanation::Explanation;
use plimsoll::policy::scheduler::{Placement, Scheduler};
use plimsoll::record::{Memory, Record, Recorder, Truth};
use plimsoll::rng::Seed;
use plimsoll::run::{self, Finished};
use plimsoll::scenario::policies::PolicyKind;
use plimsoll::scenario::problem::Problem;
use plimsoll::scenario::{self, Scenario};
use plimsoll::time::{Duration, Time};
use proptest::prelude::*;

/// Nothing happens from outside after this second: every node is back, the last job has arrived,
/// nothing fails and the load stays.
const QUIET: u32 = 3000;

/// Long after that nothing is on its way any more. Twenty jobs of at most 60 s, one after another,
/// take 1,200 s; before that, the longest back-off of restarts takes 300 s, the longest stay among
/// the unschedulable pods 300 s, the autoscaler's stabilization 300 s, and the evictions 55 s of
/// detection, 300 s of toleration and 10 s for each of 9 nodes.
const END: u32 = QUIET + 3000;

const SEED: Seed = Seed {
    seed: 7,
    replication: 1,
};

/// What happens in a random world.
#[derive(Clone, Debug)]
struct World {
    nodes: u32,
    zones: u32,
    replicas: u32,
    /// Arrival and duration in seconds, CPU in millicores, priority; the service's is zero.
    jobs: Vec<(u32, u32, u32, i32)>,
    /// Second, node and event.
    events: Vec<(u32, u32, &'static str)>,
    /// Seconds at which all replicas of the service crash.
    crashes: Vec<u32>,
    /// When a zone drawn by lot fails, and for how many seconds: none does for zero.
    outage: (u32, u32),
    /// Whole seconds until a container can serve: often the instant of a probe.
    startup: u32,
}

fn worlds() -> impl Strategy<Value = World> {
    let event = prop_oneof![
        4 => Just("fail"),
        4 => Just("recover"),
        1 => Just("drain"),
        1 => Just("undrain"),
        1 => Just("remove"),
        1 => Just("add"),
    ];
    let job = (0..QUIET, 1..61_u32, 100..3000_u32, -1..3_i32);
    let jobs = prop::collection::vec(job, 0..20);
    let crashes = prop::collection::vec(0..QUIET, 0..4);
    let outage = (0..QUIET - 900, 1..900_u32);
    let startup = 0..21_u32;
    (
        2..10_u32,
        1..4_u32,
        1..12_u32,
        jobs,
        crashes,
        outage,
        startup,
    )
        .prop_flat_map(
            move |(nodes, zones, replicas, jobs, crashes, outage, startup)| {
                let events = prop::collection::vec((0..QUIET, 0..nodes, event.clone()), 0..25);
                events.prop_map(move |events| World {
                    nodes,
                    zones,
                    replicas,
                    jobs: jobs.clone(),
                    events: with_all_back(nodes, events),
                    crashes: crashes.clone(),
                    outage,
                    startup,
                })
            },
        )
}

/// Those of the events that can happen, in order of time, and then what brings every node back.
fn with_all_back(
    nodes: u32,
    mut drawn: Vec<(u32, u32, &'static str)>,
) -> Vec<(u32, u32, &'static str)> {
    drawn.sort_unstable();
    let mut events = Vec::new();
    for node in 0..nodes {
        let of_node = || drawn.iter().filter(|event| event.1 == node);
        let first = of_node().next().map(|event| event.2);
        let (mut present, mut up, mut drained) = (first != Some("add"), true, false);
        let mut then = |event: (u32, u32, &'static str)| {
            let (possible, after) = match event.2 {
                "add" => (!present, (true, true, false)),
                "fail" => (present && up, (true, false, drained)),
                "recover" => (present && !up, (true, true, drained)),
                "drain" => (present && !drained, (true, up, true)),
                "undrain" => (present && drained, (true, up, false)),
                _ => (present, (false, up, drained)),
            };
            if possible {
                events.push(event);
                (present, up, drained) = after;
            }
        };
        of_node().copied().for_each(&mut then);
        for event in ["recover", "undrain", "add"] {
            then((QUIET, node, event));
        }
    }
    events.sort_by_key(|event| event.0);
    events
}

impl World {
    /// The same without what is random: no node fails.
    fn without_chance(&self) -> World {
        let mut world = self.clone();
        let fails = |event: &str| matches!(event, "fail" | "recover");
        world.events.retain(|event| !fails(event.2));
        world.outage = (0, 0);
        world
    }

    fn scenario(&self, scheduler: &str, healer: &str) -> Scenario {
        let text = self.text(scheduler, healer);
        let mut events = "time_s,node,event\n".to_owned();
        for (at, node, event) in &self.events {
            writeln!(events, "{at},worker-{node},{event}").unwrap();
        }
        let mut pods = "name,arrival_s,duration_s,cpu_milli,memory_mib,priority\n".to_owned();
        let mut jobs = self.jobs.clone();
        jobs.sort_unstable();
        for (job, (arrival, duration, cpu, priority)) in jobs.iter().enumerate() {
            writeln!(pods, "job-{job},{arrival},{duration},{cpu},512,{priority}").unwrap();
        }
        let read = |path: &Path| -> io::Result<Vec<u8>> {
            match path.to_str() {
                Some("events.csv") => Ok(events.clone().into_bytes()),
                Some("pods.csv") => Ok(pods.clone().into_bytes()),
                _ => Err(io::ErrorKind::NotFound.into()),
            }
        };
        parse(&text, &read)
    }

    fn text(&self, scheduler: &str, healer: &str) -> String {
        let World {
            nodes,
            replicas,
            outage: (at, length),
            startup,
            ..
        } = self;
        let outage = (*length > 0).then(|| {
            format!(
                "[[failures]]\nname = \"outage\"\nzones = \"*\"\ncount = 1\nat = \"{at}s\"\n\
                 down = \"{length}s\"\n"
            )
        });
        let zones: Vec<String> = (0..self.zones).map(|zone| format!("\"z{zone}\"")).collect();
        let crashes = self.crashes.iter().enumerate().map(|(number, at)| {
            format!("[[failures]]\nname = \"crash-{number}\"\ncontainers = \"*\"\nat = \"{at}s\"\n")
        });
        format!(
            r#"
            duration = "{END}s"
            [policy]
            scheduler = "{scheduler}"
            autoscaler = "hpa"
            healer = "{healer}"
            [[nodes]]
            name = "worker"
            count = {nodes}
            cpu = "4"
            memory = "8Gi"
            zones = [{}]
            [[services]]
            name = "web"
            image = {{ name = "web", size = "100Mi" }}
            replicas = {replicas}
            requests = {{ cpu = "500m", memory = "512Mi" }}
            limits = {{ cpu = "1" }}
            work = {{ cpu = "5ms" }}
            startup = "{startup}s"
            readiness = {{}}
            shutdown = "5s"
            load = {{ spike = {{ base = 30, peak = 600, at = "500s", rise = "2m", hold = "1500s" }} }}
            hpa = {{ min = 1, max = 12, cpu = 0.6 }}
            [delays]
            status = "200ms"
            command = "100ms"
            endpoints = "1s"
            create = "1s"
            boot = "20s"
            pull_bandwidth = "20Mi/s"
            [trace]
            node_events = "events.csv"
            pods = "pods.csv"
            excluded = {{ "no request" = 3 }}
            {}
            {}
            "#,
            zones.join(", "),
            outage.unwrap_or_default(),
            crashes.collect::<String>(),
        )
    }
}

fn parse(text: &str, read: &dyn Fn(&Path) -> io::Result<Vec<u8>>) -> Scenario {
    let loaded = scenario::parse(Path::new("world.toml"), text, read);
    let loaded = loaded.unwrap_or_else(|problems| {
        let messages: Vec<&str> = problems.iter().map(Problem::message).collect();
        panic!("{messages:#?}\n{text}")
    });
    loaded.scenario
}

fn records(scenario: &Scenario) -> Vec<(Time, Record)> {
    records_under(SEED, scenario)
}

fn records_under(seed: Seed, scenario: &Scenario) -> Vec<(Time, Record)> {
    let mut memory = Memory::default();
    run::record(scenario, seed, &mut memory).expect("simulations go on");
    memory.records
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn belief_meets_the_truth(world in worlds(), restart: bool) {
        let healer = if restart { "restart" } else { "kubernetes" };
        for scheduler in SCHEDULERS {
            let scenario = world.scenario(scheduler.name, healer);
            let mut recorder = (Memory::default(), Checked);
            let finished = run::record(&scenario, SEED, &mut recorder).expect("simulations go on");
            let differences = finished.sim.audit(finished.control.cluster());
            prop_assert_eq!(differences, Vec::<String>::new(), "{} {}", scheduler.name, healer);
            all_is_well(&world, &finished, &recorder.0.records)?;
        }
    }

    #[test]
    fn same_seed_same_records(world in worlds(), scheduler in 0..SCHEDULERS.len()) {
        let scenario = world.scenario(SCHEDULERS[scheduler].name, "kubernetes");
        prop_assert!(records(&scenario) == records(&scenario));
    }

    #[test]
    fn an_exact_scenario_gives_the_same_records_under_every_seed(world in worlds(), seed: u64) {
        let other = Seed { seed, replication: 2 };
        for scheduler in SCHEDULERS {
            let scenario = world.without_chance().scenario(scheduler.name, "kubernetes");
            prop_assert!(!scenario.is_exact(), "rollouts throw dice where services scale");
            let scenario = scenario.with_policy(PolicyKind::Autoscaler, "fixed").unwrap();
            prop_assert_eq!(scenario.is_exact(), !(scheduler.dice)(&scenario.policy.scheduler.params));
            if scenario.is_exact() {
                prop_assert!(records(&scenario) == records_under(other, &scenario));
            }
        }
    }

    #[test]
    fn forgetting_caches_changes_no_record(world in worlds(), scheduler in 0..SCHEDULERS.len()) {
        let scenario = world.scenario(SCHEDULERS[scheduler].name, "kubernetes");
        let inner = registry::build(SCHEDULERS, &scenario.policy.scheduler);
        let forgetful = Some(Box::new(Forgetful(inner)) as Box<dyn Scheduler>);
        let mut memory = Memory::default();
        run::record_with(&scenario, SEED, forgetful, &mut memory).expect("simulations go on");
        prop_assert!(memory.records == records(&scenario));
    }

    #[test]
    fn every_job_is_accounted_for(world in worlds(), end in 1..END, restart: bool) {
        let healer = if restart { "restart" } else { "kubernetes" };
        let mut scenario = world.scenario("spread", healer);
        scenario.end = Time::from_secs(u64::from(end));
        let arrived = world.jobs.iter().filter(|job| job.0 < end).count() as u64;
        let watch = &mut |_| ControlFlow::Continue(());
        let measured = run::simulate(&scenario, SEED, Options::default(), watch);
        let account = measured.expect("nobody interrupts").accounting;
        // Three rows were excluded when the trace was made.
        prop_assert_eq!(account.total, world.jobs.len() as u64 + 3);
        prop_assert_eq!(account.not_arrived, world.jobs.len() as u64 - arrived);
        prop_assert_eq!(account.truth.total(), arrived);
        prop_assert_eq!(account.belief.total(), arrived);
    }
}

/// Long after everything is repaired every job has run to its end, and every wanted replica
/// serves.
fn all_is_well(
    world: &World,
    finished: &Finished,
    records: &[(Time, Record)],
) -> Result<(), TestCaseError> {
    let completed = |(_, record): &&(Time, Record)| match record {
        Record::Truth(Truth::ContainerExited { exit, .. }) => *exit == Exit::Completed,
        _ => false,
    };
    // A node can die before it has told that a job is done, which then runs once more.
    prop_assert!(records.iter().filter(completed).count() >= world.jobs.len());
    let cluster = finished.control.cluster();
    let pods = cluster.pods().as_slice();
    let succeeded = |pod: &&Pod| pod.phase == Phase::Gone(Outcome::Succeeded);
    prop_assert_eq!(pods.iter().filter(succeeded).count(), world.jobs.len());
    let left: Vec<_> = pods.iter().filter(|pod| !pod.gone()).collect();
    let serves = |pod: &&Pod| matches!(pod.owner, Owner::Service(_)) && pod.ready && pod.routed;
    let wanted = cluster.services().as_slice()[0].replicas as usize;
    prop_assert_eq!(left.iter().copied().filter(serves).count(), wanted);
    prop_assert_eq!(left.len(), wanted);
    Ok(())
}

/// A scheduler that forgets before every decision.
struct Forgetful(Box<dyn Scheduler>);

impl Scheduler for Forgetful {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        self.0.forget();
        self.0.place(view, pod)
    }

    fn explain(&mut self, view: &View, pod: PodId) -> Explanation {
        self.0.explain(view, pod)
    }

    fn forget(&mut self) {
        self.0.forget();
    }

    fn waking(&self) -> Waking {
        self.0.waking()
    }

    fn hint(&self, view: &View, event: &Event, group: Group) -> bool {
        self.0.hint(view, event, group)
    }

    fn wake(&self, view: &View) -> Option<Time> {
        self.0.wake(view)
    }
}

#[test]
fn a_cluster_that_preempts_all_day_is_believed_to_be_as_it_is() {
    let text = include_str!("../scenarios/shop-and-batch.toml");
    let scenario = shortened(text, Duration::from_secs(16 * 3600));
    let mut recorder = (Memory::default(), Checked);
    let finished = run::record(&scenario, SEED, &mut recorder).expect("simulations go on");
    let belief = finished.control.cluster();
    assert_eq!(finished.sim.audit(belief), Vec::<String>::new());
    let preempted = |pod: &&Pod| pod.deletion == Some(Deletion::Preempted);
    let preempted: Vec<_> = belief.pods().as_slice().iter().filter(preempted).collect();
    assert!(preempted.len() > 20, "{}", preempted.len());
    // Each of them stopped before its end, and was replaced by its owner.
    let jobs = preempted.iter().filter(|pod| pod.service().is_none());
    for pod in jobs {
        let same = |other: &&Pod| other.owner == pod.owner && other.index == pod.index + 1;
        assert!(
            belief.pods().as_slice().iter().any(|other| same(&other)),
            "{pod:?}"
        );
    }
}

/// Whether each pod of a service is on a node after an hour.
fn placed(scheduler: &str, service: &str) -> Vec<bool> {
    let text = format!(
        r#"
        duration = "1h"
        policy.scheduler = "{scheduler}"
        [[nodes]]
        name = "worker"
        cpu = "16"
        memory = "64Gi"
        [[services]]
        name = "web"
        {service}"#
    );
    let scenario = parse(&text, &|_| Err(io::ErrorKind::NotFound.into()));
    let finished = run::record(&scenario, SEED, &mut Checked).expect("simulations go on");
    let pods = finished.control.cluster().pods().as_slice().iter();
    let active = pods.filter(|pod| pod.active());
    active.map(|pod| pod.node.is_some()).collect()
}

#[test]
fn a_sidecars_request_decides_whether_a_pod_fits_whatever_the_scheduler() {
    // Two pods of 8 cores fit on 16; with 100 more thousandths for each sidecar only one does, and so
    // with overhead. An init container needs no more than the container after it.
    for scheduler in SCHEDULERS {
        let placed = |pod: &str| {
            let service =
                "replicas = 2\nrequests = { cpu = \"8\", memory = \"1Gi\" }\n[services.pod]\n";
            placed(scheduler.name, &format!("{service}{pod}"))
        };
        let requests = r#"requests = { cpu = "100m" }"#;
        let sidecar = format!(r#"init_containers = [{{ {requests}, restart_policy = "Always" }}]"#);
        let both = [true, true];
        assert_eq!(placed(""), both, "{}", scheduler.name);
        let init = format!("init_containers = [{{ {requests} }}]");
        assert_eq!(placed(&init), both, "{}", scheduler.name);
        for more in [sidecar, r#"overhead = { cpu = "100m" }"#.to_owned()] {
            let one = placed(&more).iter().filter(|&&placed| placed).count();
            assert_eq!(one, 1, "{}: {more}", scheduler.name);
        }
    }
}

#[test]
fn an_hpa_takes_use_as_a_share_of_what_containers_and_sidecars_request() {
    let replicas = |pod: &str| {
        let service = format!(
            r#"
            replicas = 4
            requests = {{ cpu = "1", memory = "1Gi" }}
            work = {{ cpu = "1ms" }}
            load = 800
            hpa = {{ max = 4, cpu = 0.6 }}
            [services.pod]
            {pod}"#
        );
        placed("kube", &service).len()
    };
    // 800 requests of 1 ms are 0.2 cores for each of 4 replicas, 20 % of a core: 4 · 20 ÷ 60 = 1.3.
    assert_eq!(replicas(""), 2);
    // The sidecar uses the core that it requests: 1.2 of 2 cores are 60 %. The init container's 3
    // cores are reserved and do not count; 1.2 of 3 would be 40 %: 4 · 40 ÷ 60 = 2.7.
    let sidecar = r#"{ requests = { cpu = "1" }, restart_policy = "Always" }"#;
    let init = r#"{ requests = { cpu = "3" } }"#;
    assert_eq!(
        replicas(&format!("init_containers = [{init}, {sidecar}]")),
        4
    );
    // They do where anything is said for the pod as a whole.
    let whole = r#"requests = { memory = "8Gi" }"#;
    let pod = format!("init_containers = [{init}, {sidecar}]\n{whole}");
    assert_eq!(replicas(&pod), 3);
}

#[test]
fn two_policies_meet_the_same_world_in_a_shop_that_loses_zones() {
    // In six hours each of 12 nodes fails about six times, and each of three zones about twice.
    let failures = "
        [[failures]]
        name = \"nodes\"
        nodes = \"*\"
        after = { exponential = { mean = \"50m\" } }
        down = { lognormal = { median = \"5m\", sigma = 1.0 } }
        [[failures]]
        name = \"zones\"
        zones = \"*\"
        after = { exponential = { mean = \"3h\" } }
        down = { uniform = { low = \"1m\", high = \"20m\" } }";
    let shop = include_str!("../scenarios/zone-outage.toml");
    let scenario = shortened(&format!("{shop}{failures}"), Duration::from_secs(6 * 3600));
    let world = what_policies_meet(&scenario);
    let downs = count(&world, |truth| matches!(truth, Truth::NodeDown { .. }));
    // 12 nodes × 6 h ÷ (50 m + 8 m) = 74 failures of nodes, fewer while their zones are down.
    assert!(downs > 40, "{downs}");
}

#[test]
fn two_policies_meet_the_same_world_on_gpus() {
    let failures = "
        [[failures]]
        nodes = \"*\"
        after = { weibull = { shape = 0.7, scale = \"5h\" } }
        down = \"20m\"";
    let batch = include_str!("../scenarios/gpu-batch.toml");
    let scenario = shortened(&format!("{batch}{failures}"), Duration::from_secs(6 * 3600));
    let world = what_policies_meet(&scenario);
    let downs = count(&world, |truth| matches!(truth, Truth::NodeDown { .. }));
    let arrivals = count(&world, |truth| matches!(truth, Truth::JobArrived(_)));
    // 0.06 jobs per second × 21,600 s = 1,300; 35 nodes × 6 h ÷ 6.7 h = 31 failures.
    assert!(
        downs > 10 && arrivals > 800,
        "{downs} failures, {arrivals} jobs"
    );
}

fn shortened(text: &str, length: Duration) -> Scenario {
    let mut scenario = parse(text, &|_| Err(io::ErrorKind::NotFound.into()));
    scenario.end = Time::ZERO + length;
    scenario.warm_up = Time::ZERO;
    scenario
}

/// What the world does by itself, checked to be the same under different policies, though what they
/// make of it differs.
fn what_policies_meet(scenario: &Scenario) -> Vec<(Time, Truth)> {
    let [first, others @ ..] = [
        ["spread", "hpa", "kubernetes"],
        ["binpack", "hpa", "kubernetes"],
        ["spread", "fixed", "restart"],
        ["random", "fixed", "none"],
    ]
    .map(|[scheduler, autoscaler, healer]| {
        let with = |scenario: Scenario, kind, name| scenario.with_policy(kind, name).unwrap();
        let scenario = with(scenario.clone(), PolicyKind::Scheduler, scheduler);
        let scenario = with(scenario, PolicyKind::Autoscaler, autoscaler);
        records(&with(scenario, PolicyKind::Healer, healer))
    });
    let world = exogenous(&first);
    for other in others {
        assert!(exogenous(&other) == world);
        assert!(other != first, "the policies make no difference");
    }
    world
}

fn exogenous(records: &[(Time, Record)]) -> Vec<(Time, Truth)> {
    let truths = records.iter().filter_map(|(at, record)| match *record {
        Record::Truth(
            truth @ (Truth::JobArrived(_) | Truth::NodeUp(_) | Truth::NodeDown { .. }),
        ) => Some((*at, truth)),
        _ => None,
    });
    truths.collect()
}

fn count(world: &[(Time, Truth)], which: impl Fn(&Truth) -> bool) -> usize {
    world.iter().filter(|(_, truth)| which(truth)).count()
}

//! One run of a scenario on real engines.

pub(super) mod behind;
pub mod rehearsal;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::{Ended, Settings, Watched, subject};
use crate::cluster::Cluster;
use crate::cluster::catalog::{Catalog, Shape};
use crate::control::Control;
use crate::live::journal::{self, Journal};
use crate::live::labels;
use crate::live::load::tally::{Requests, Tally};
use crate::live::seen::{About, Seen};
use crate::live::trouble::Trouble;
use crate::live::world::{Live, Setup};
use crate::metrics::fold::{Fold, Options};
use crate::metrics::measured::Measured;
use crate::record::standing::Follow;
use crate::record::{Record, Recorder};
use crate::rng::Seed;
use crate::runtime::{self, Stop};
use crate::scenario::Scenario;
use crate::script::failure::Target;
use crate::script::{NodeEventKind, Script};
use crate::sim::config::Config;
use crate::time::Time;
use crate::units::{Bytes, MilliCpu};
use behind::Behind;

/// Least memory that a container can be limited to.
///
/// 6 MiB: `linuxMinMemory` (moby v20.10, `daemon/daemon_unix.go`).
const MEMORY_MIN: Bytes = Bytes::from_mib(6);
/// Least CPU that a container can be limited to.
///
/// 10 m: of Docker's period of 100 ms a quota of 1 ms, the kernel's least (`min_cfs_quota_period`,
/// kernel/sched/core.c).
const CPU_MIN: MilliCpu = MilliCpu(10);

/// What came of a live run.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What was measured.
    pub measured: Measured,
    /// What became of the requests, by service.
    pub requests: Vec<Requests>,
    /// What a reader of the results must know of the engines.
    pub notes: Vec<String>,
}

/// Whose the engines of a run are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engines {
    /// Plimsoll's own: they may be made to fail.
    Private,
    /// Somebody's.
    Given,
}

/// What a scenario asks for that cannot be had on real engines; empty where all can.
pub fn impossible(scenario: &Scenario, engines: Engines) -> Vec<String> {
    let (catalog, outline) = (&scenario.catalog, &scenario.outline);
    let mut found = Vec::new();
    let nodes = catalog.nodes.as_slice().iter().map(|node| &node.name);
    let services = catalog
        .services
        .as_slice()
        .iter()
        .map(|service| &service.name);
    let odd = nodes
        .chain(services)
        .filter(|name| !labels::is_possible(name));
    found.extend(odd.map(|name| format!("`{name}`: names on engines are {}", labels::FORM)));
    found.extend(too_small(catalog));
    if catalog.has_gpus() {
        found.push("GPUs: the workload does not use them".to_owned());
    }
    let strikes_nodes = |target: &Target| match target {
        Target::Nodes(_) | Target::Zones(_) => true,
        Target::Containers(_) => false,
    };
    let ends_nodes = |kind: NodeEventKind| match kind {
        NodeEventKind::Remove | NodeEventKind::Fail => true,
        NodeEventKind::Add
        | NodeEventKind::Recover
        | NodeEventKind::Drain
        | NodeEventKind::Undrain => false,
    };
    let ends = outline
        .failures
        .iter()
        .any(|failure| strikes_nodes(&failure.target))
        || outline.strike.is_some()
        || outline
            .node_events
            .iter()
            .any(|event| ends_nodes(event.event));
    found.extend(added_again(scenario));
    if ends && engines == Engines::Given {
        found.push(
            "failures of nodes and zones: only private engines (--sandbox) are made to fail"
                .to_owned(),
        );
    }
    found
}

/// Nodes that come back after they were removed.
fn added_again(scenario: &Scenario) -> Option<String> {
    let mut removed = BTreeSet::new();
    let again = scenario
        .outline
        .node_events
        .iter()
        .find(|event| match event.event {
            NodeEventKind::Remove => {
                removed.insert(event.node);
                false
            }
            NodeEventKind::Add => removed.contains(&event.node),
            NodeEventKind::Fail
            | NodeEventKind::Recover
            | NodeEventKind::Drain
            | NodeEventKind::Undrain => false,
        })?;
    let name = &scenario.catalog.nodes[again.node].name;
    Some(format!(
        "node {name} is removed and added again: an engine that is given up stays so"
    ))
}

/// What a scenario says that real engines pay no attention to.
pub fn unheeded(scenario: &Scenario) -> Vec<String> {
    let (sim, none) = (&scenario.sim, Config::default());
    let delays = [
        ("command", sim.command != none.command),
        ("status", sim.status != none.status),
        ("endpoints", sim.endpoints != none.endpoints),
        ("metrics", sim.metrics != none.metrics),
        ("create", sim.create != none.create),
        ("ready", sim.ready != none.ready),
        ("stop", sim.stop != none.stop),
        ("boot", sim.boot != none.boot),
        ("pull_bandwidth", sim.pull_bandwidth != none.pull_bandwidth),
    ];
    let delays: Vec<&str> = delays
        .iter()
        .filter_map(|&(name, is_set)| is_set.then_some(name))
        .collect();
    let mut found = Vec::new();
    if !delays.is_empty() {
        found.push(format!(
            "the scenario's delays are not heeded ({}): engines take the time that they take",
            delays.join(", ")
        ));
    }
    let images = scenario.outline.services.as_slice().iter();
    if images.clone().any(|service| service.image.is_some()) {
        found.push("images are not heeded: every container is plimsoll's workload".to_owned());
    }
    let has_more = |shape: &Shape| shape.running.is_some();
    if scenario.catalog.shapes.as_slice().iter().any(has_more) {
        found.push(
            "init and further containers are not heeded: a pod is one container here".to_owned(),
        );
    }
    found
}

/// Limits that Docker refuses.
fn too_small(catalog: &Catalog) -> Vec<String> {
    let mut found = Vec::new();
    for (id, shape) in catalog.shapes.iter() {
        let services = catalog.services.iter();
        let services = services.filter(|(_, service)| service.shape == id);
        let mut names: Vec<String> = services
            .map(|(_, service)| format!("`{}`", service.name))
            .collect();
        if names.is_empty() {
            names.push("jobs".to_owned());
        }
        let names = names.join(", ");
        if shape.limits.memory.is_some_and(|limit| limit < MEMORY_MIN) {
            found.push(format!("{names}: Docker takes memory limits from 6Mi on"));
        }
        if shape.limits.cpu.is_some_and(|limit| limit < CPU_MIN) {
            found.push(format!("{names}: Docker takes CPU limits from 10m on"));
        }
    }
    found
}

/// What the outside world does in a run.
pub fn script(scenario: &Scenario, seed: Seed) -> Script {
    scenario.outline.script(seed, scenario.end)
}

/// Runs a scenario on engines and measures it. `watch` is told the time now and then; its break
/// ends the run. However it ends, nothing of it is left on the engines.
///
/// # Errors
/// When the engines cannot go on, or `watch` ended the run.
pub fn run(
    scenario: &Scenario,
    setup: Setup,
    options: Options,
    watch: &mut dyn FnMut(Time) -> ControlFlow<()>,
) -> Result<Ran, Ended> {
    seen(scenario, setup, options, &see(scenario), watch)
}

/// What can be seen of a live run, before it begins.
pub fn see(scenario: &Scenario) -> Seen {
    let policy = &scenario.policy;
    let about = About {
        scenario: scenario.name.clone(),
        scheduler: policy.scheduler.name.to_owned(),
        autoscaler: policy.autoscaler.name.to_owned(),
        healer: policy.healer.name.to_owned(),
    };
    Seen::new(about, scenario.catalog.clone(), scenario.end)
}

/// The same as [`run`] while others look on: they see what is seen of a run that has not begun
/// before ([`see`]).
///
/// # Errors
/// As [`run`].
pub fn seen(
    scenario: &Scenario,
    setup: Setup,
    options: Options,
    seen: &Seen,
    watch: &mut dyn FnMut(Time) -> ControlFlow<()>,
) -> Result<Ran, Ended> {
    let jobs = setup.script.jobs.clone();
    let subject = subject(scenario, &jobs);
    // Turns of a live run are far between.
    let watched = Watched {
        every: 1,
        ..Watched::new(watch)
    };
    let mut recorder = (
        Behind::new(Fold::new(&subject, options)),
        (Follow::new(&seen.board), watched),
    );
    let tally = Arc::clone(&seen.tally);
    let played = play(scenario, setup, tally, &mut recorder).map_err(Ended::Stopped)?;
    let (fold, (_, watched)) = recorder;
    let Played {
        mut control,
        events,
        requests,
        notes,
    } = played;
    if watched.broken {
        return Err(Ended::Interrupted);
    }
    let measured = Measured {
        waiting: super::explain::waiting(&mut control),
        ..fold.finish().finish(control.cluster(), events)
    };
    Ok(Ran {
        measured,
        requests,
        notes,
    })
}

/// What is left when a live run is over.
pub struct Played {
    /// The control plane, with what it believes.
    pub control: Control,
    /// Pieces of news that the engines told.
    pub events: u64,
    /// What became of the requests, by service.
    pub requests: Vec<Requests>,
    /// What a reader of the results must know of the engines.
    pub notes: Vec<String>,
}

/// Runs a scenario on engines and tells `recorder` everything. However it ends, nothing of it is left on
/// the engines.
///
/// # Errors
/// When the engines cannot go on, or something is left on one.
pub fn record(
    scenario: &Scenario,
    setup: Setup,
    recorder: &mut impl Recorder,
) -> Result<Played, Stop> {
    let tally = Arc::new(Tally::new(setup.catalog.services.len(), scenario.warm_up));
    play(scenario, setup, tally, recorder)
}

pub(super) fn play(
    scenario: &Scenario,
    setup: Setup,
    tally: Arc<Tally>,
    recorder: &mut impl Recorder,
) -> Result<Played, Stop> {
    let seed = setup.script.seed;
    let settings = Settings {
        scheduling: scenario.sim.scheduling,
    };
    let stopped = |trouble: Trouble| Stop {
        reason: trouble.to_string(),
    };
    let (sizes, journal) = journal(&setup).map_err(stopped)?;
    let (mut live, believed) = Live::start(setup, tally).map_err(stopped)?;
    let mut catalog = scenario.catalog.clone();
    if !believed.is_empty() {
        resize(Arc::make_mut(&mut catalog), &sizes);
    }
    let mut recorder = (recorder, journal);
    let mut cluster = Cluster::new(catalog);
    for change in believed {
        cluster.apply(Time::ZERO, change);
        recorder.record(Time::ZERO, Record::Believed(change));
    }
    let mut control = Control::over(cluster, &scenario.policy, settings, seed);
    let driven = runtime::drive(&mut control, &mut live, &mut recorder, scenario.end);
    let (events, requests, notes) = (live.events(), live.requests(), live.notes());
    let finished = live.finish();
    driven?;
    recorder
        .1
        .map_or(Ok(()), Journal::finish)
        .map_err(stopped)?;
    finished.map_err(stopped)?;
    Ok(Played {
        control,
        events,
        requests,
        notes,
    })
}

/// How large the services were when a run before this one ended, and where this one writes that down.
fn journal(setup: &Setup) -> Result<(BTreeMap<String, u32>, Option<Journal>), Trouble> {
    let Some(path) = &setup.journal else {
        return Ok((BTreeMap::new(), None));
    };
    let sizes = journal::sizes(path)?;
    let journal = Journal::open(path, setup.catalog.clone())?;
    Ok((sizes, Some(journal)))
}

/// The services have the sizes that they had, not those of a start.
fn resize(catalog: &mut Catalog, sizes: &BTreeMap<String, u32>) {
    for (_, service) in catalog.services.iter_mut() {
        if let Some(&replicas) = sizes.get(&service.name) {
            service.replicas = replicas;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;
    use crate::scenario;
    use crate::script::NodeEvent;

    /// One with these limits.
    fn scenario(cpu: &str, memory: &str) -> Scenario {
        let text = format!(
            "duration = \"1m\"\n\n[[services]]\nname = \"web\"\nreplicas = 1\n\
             requests = {{ cpu = \"5m\", memory = \"1Mi\" }}\n\
             limits = {{ cpu = \"{cpu}\", memory = \"{memory}\" }}\n\n\
             [[nodes]]\nname = \"node\"\ncpu = \"2\"\nmemory = \"1Gi\"\n"
        );
        let read = |path: &std::path::Path| panic!("{} is not to be read", path.display());
        let loaded = scenario::parse(std::path::Path::new("live.toml"), &text, &read);
        loaded
            .unwrap_or_else(|problems| panic!("{problems:?}"))
            .scenario
    }

    #[test]
    fn a_node_that_comes_back_after_it_was_removed_is_refused() {
        let found = |events: &[NodeEventKind]| {
            let mut scenario = scenario("10m", "6Mi");
            let event = |(second, &event)| NodeEvent {
                at: Time::from_secs(second),
                node: NodeId(0),
                event,
            };
            scenario.outline.node_events = (0..).zip(events).map(event).collect();
            impossible(&scenario, Engines::Private)
        };
        use NodeEventKind::{Add, Fail, Recover, Remove};
        assert_eq!(found(&[Add, Fail, Recover, Remove]), [""; 0]);
        let refused = "node node-0 is removed and added again: an engine that is given up stays so";
        assert_eq!(found(&[Add, Remove, Add]), [refused]);
    }

    #[test]
    fn limits_that_docker_refuses_are_refused_before_the_start() {
        let found = |cpu: &str, memory: &str| impossible(&scenario(cpu, memory), Engines::Given);
        assert_eq!(found("10m", "6Mi"), [""; 0]);
        let refused = [
            "`web`: Docker takes memory limits from 6Mi on",
            "`web`: Docker takes CPU limits from 10m on",
        ];
        assert_eq!(found("9m", "5Mi"), refused);
    }
}

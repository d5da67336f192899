//! When the failures of a script strike, what they strike, and how long that lasts: the same in every
//! runtime.

use super::Script;
use super::failure::{Target, When};
use crate::cluster::catalog::Catalog;
use crate::dist::Distribution;
use crate::ids::{NodeId, ServiceId, ZoneId};
use crate::rng::{self, Purpose};
use crate::time::{Duration, Time};

/// How often each target of each failure has been struck so far.
#[derive(Clone, Debug)]
pub struct Strikes {
    struck: Vec<Vec<u64>>,
}

/// One strike: the n-th failure of the script, and the n-th of its targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// The failure.
    pub failure: u32,
    /// The target.
    pub target: u32,
}

/// One thing that a failure can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// A node.
    Node(NodeId),
    /// A zone with all its nodes.
    Zone(ZoneId),
    /// All running containers of a service.
    Containers(ServiceId),
}

impl Strikes {
    /// None yet.
    pub fn new(script: &Script) -> Strikes {
        let targets = script.failures.iter().map(|failure| failure.target.len());
        Strikes {
            struck: targets.map(|targets| vec![0; targets]).collect(),
        }
    }

    /// The first strike of every failure, with its time. Failures by age strike containers as they
    /// start: see [`lives`].
    pub fn first(&self, script: &Script, catalog: &Catalog) -> Vec<(Time, Strike)> {
        let mut strikes = Vec::new();
        for (index, failure) in script.failures.iter().enumerate() {
            let targets = failure.target.len() as u32;
            let strike = |target| Strike {
                failure: index as u32,
                target,
            };
            match (&failure.when, &failure.target) {
                (When::At { at, count }, _) => {
                    let chosen = choose(script, &failure.name, targets, *count);
                    strikes.extend(chosen.into_iter().map(|target| (*at, strike(target))));
                }
                (When::After(_), Target::Containers(_)) => {}
                (When::After(_), Target::Nodes(_) | Target::Zones(_)) => {
                    strikes.extend((0..targets).filter_map(|target| {
                        let strike = strike(target);
                        let length = self.next(script, catalog, strike)?;
                        Some((Time::ZERO + length, strike))
                    }));
                }
            }
        }
        strikes
    }

    /// How long what is struck stays down; `None`: for good.
    pub fn down(&self, script: &Script, catalog: &Catalog, strike: Strike) -> Option<Duration> {
        let law = script.failures[strike.failure as usize].down.as_ref()?;
        Some(self.draw(script, catalog, strike, law, 1))
    }

    /// What was struck is repaired. Returns the time to the next strike, if there is one.
    pub fn repaired(
        &mut self,
        script: &Script,
        catalog: &Catalog,
        strike: Strike,
    ) -> Option<Duration> {
        self.struck[strike.failure as usize][strike.target as usize] += 1;
        self.next(script, catalog, strike)
    }

    fn next(&self, script: &Script, catalog: &Catalog, strike: Strike) -> Option<Duration> {
        match &script.failures[strike.failure as usize].when {
            When::At { .. } => None,
            When::After(up) => Some(self.draw(script, catalog, strike, up, 0)),
        }
    }

    /// A draw for the present occurrence; `part` 0 is its time up, 1 its time down.
    fn draw(
        &self,
        script: &Script,
        catalog: &Catalog,
        strike: Strike,
        law: &Distribution,
        part: u64,
    ) -> Duration {
        let failure = &script.failures[strike.failure as usize];
        let target = strike.target as usize;
        let struck = self.struck[strike.failure as usize][target];
        failure.draw(law, target, struck * 2 + part, catalog, script.seed)
    }
}

impl Strike {
    /// What is struck.
    pub fn victim(self, script: &Script) -> Victim {
        let index = self.target as usize;
        match &script.failures[self.failure as usize].target {
            Target::Nodes(nodes) => Victim::Node(nodes[index]),
            Target::Zones(zones) => Victim::Zone(zones[index]),
            Target::Containers(services) => Victim::Containers(services[index]),
        }
    }
}

/// How long a container of a service lives, from its start, by every failure that strikes containers
/// by their age. `name` is that of its pod.
pub fn lives(script: &Script, service: ServiceId, name: &str, incarnation: u32) -> Vec<Duration> {
    let lives = script.failures.iter().filter_map(|failure| {
        let (Target::Containers(services), When::After(life)) = (&failure.target, &failure.when)
        else {
            return None;
        };
        let entity = format!("{}/{name}", failure.name);
        let purpose = Purpose::ContainerFailures;
        let mut stream = rng::stream(script.seed, purpose, &entity, u64::from(incarnation));
        services
            .contains(&service)
            .then(|| life.sample_duration(&mut stream))
    });
    lives.collect()
}

/// The nodes of a zone.
pub fn nodes_of(catalog: &Catalog, zone: ZoneId) -> Vec<NodeId> {
    let nodes = catalog.nodes.iter();
    nodes
        .filter(|(_, spec)| spec.zone == zone)
        .map(|(node, _)| node)
        .collect()
}

/// `count` of the targets by lot, in their order; all of them without a count.
fn choose(script: &Script, name: &str, targets: u32, count: Option<u32>) -> Vec<u32> {
    let mut all: Vec<u32> = (0..targets).collect();
    let Some(count) = count else { return all };
    let mut stream = rng::stream(script.seed, Purpose::Targets, name, 0);
    let count = (count as usize).min(all.len());
    for index in 0..count {
        let other = index + rng::below(&mut stream, (all.len() - index) as u64) as usize;
        all.swap(index, other);
    }
    all.truncate(count);
    all.sort_unstable();
    all
}

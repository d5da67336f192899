//! What fails, and when. Failures of nodes and zones run on the calendar: they are the same
//! whatever the policies. Those of containers run on each container's age.

use super::varies;
use crate::cluster::catalog::Catalog;
use crate::dist::Distribution;
use crate::ids::{NodeId, ServiceId, ZoneId};
use crate::rng::{self, Purpose, Seed};
use crate::time::{Duration, Time};

/// One `[[failures]]` table.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Names its streams: unique in a scenario.
    pub name: String,
    /// What fails.
    pub target: Target,
    /// When.
    pub when: When,
    /// Seconds until it is back; `None`: for good. Containers are back when they are restarted, so
    /// it means nothing for them.
    pub down: Option<Distribution>,
}

/// What fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nodes, each by itself.
    Nodes(Vec<NodeId>),
    /// Zones, each with all its nodes.
    Zones(Vec<ZoneId>),
    /// The containers of services, each by itself.
    Containers(Vec<ServiceId>),
}

/// When something fails.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// Once, at that time: `count` of the targets by lot, all of them when `count` is `None`.
    At {
        /// When.
        at: Time,
        /// How many.
        count: Option<u32>,
    },
    /// Again and again: seconds from the start, or from the end of the last failure, to the next.
    After(Distribution),
}

impl Target {
    /// Number of things that can be struck.
    pub fn len(&self) -> usize {
        match self {
            Target::Nodes(nodes) => nodes.len(),
            Target::Zones(zones) => zones.len(),
            Target::Containers(services) => services.len(),
        }
    }

    /// Whether there is nothing to strike.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Failure {
    /// A length of time of one of its targets, drawn from `law`: number 2n is its time up before it is
    /// struck the n-th time, from 0, and 2n + 1 its time down after that.
    pub fn draw(
        &self,
        law: &Distribution,
        target: usize,
        number: u64,
        catalog: &Catalog,
        seed: Seed,
    ) -> Duration {
        let (purpose, entity) = match &self.target {
            Target::Nodes(nodes) => (Purpose::NodeFailures, &catalog.nodes[nodes[target]].name),
            Target::Zones(zones) => (Purpose::ZoneFailures, &catalog.zones[zones[target]]),
            Target::Containers(services) => {
                let service = &catalog.services[services[target]];
                (Purpose::ContainerFailures, &service.name)
            }
        };
        let entity = format!("{}/{entity}", self.name);
        law.sample_duration(&mut rng::stream(seed, purpose, &entity, number))
    }

    /// Lets it come so many times as often, where it recurs; says whether it does.
    pub fn come_oftener(&mut self, factor: f64) -> bool {
        match &mut self.when {
            When::At { .. } => false,
            When::After(up) => {
                *up = up.scaled(1.0 / factor);
                true
            }
        }
    }

    /// Whether two seeds can give different failures, or make them be seen at different times: those
    /// of nodes and zones always can, see [`Outline::is_random`](super::Outline::is_random).
    pub fn is_random(&self) -> bool {
        match (&self.target, &self.when) {
            (Target::Nodes(_) | Target::Zones(_), _) => true,
            (Target::Containers(services), When::At { count, .. }) => {
                count.is_some_and(|count| (count as usize) < services.len())
            }
            (Target::Containers(_), When::After(life)) => varies(life),
        }
    }
}

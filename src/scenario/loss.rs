//! The scenario with one loss for good, of a node or of a zone.

use std::fmt;

use super::Scenario;
use super::drill::Drill;
use crate::ids::{NodeId, ZoneId};
use crate::script::failure::{Failure, Target, When};
use crate::script::peak::Peak;
use crate::time::Time;

/// One loss, by names: those of one scenario are those of the same with more or fewer nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Any one of the nodes of this group in this zone.
    Node {
        /// The group.
        group: String,
        /// The zone; empty where nodes have none.
        zone: String,
    },
    /// This zone.
    Zone(String),
}

impl Scenario {
    /// Everything of that kind that can be lost, in order. Empty where no node has a zone, and zones
    /// are asked for.
    pub fn losses(&self, drill: Drill) -> Vec<Loss> {
        let catalog = &self.catalog;
        let mut losses: Vec<Loss> = catalog
            .nodes
            .iter()
            .filter(|(_, node)| node.at_start)
            .map(|(_, node)| (node.group, catalog.zones[node.zone].clone()))
            .filter_map(|(group, zone)| match drill {
                Drill::Node => Some(Loss::Node {
                    group: catalog.groups[group].clone(),
                    zone,
                }),
                Drill::Zone => (!zone.is_empty()).then_some(Loss::Zone(zone)),
            })
            .collect();
        losses.sort();
        losses.dedup();
        losses
    }

    /// The scenario with this loss at `at`, for good, in place of all failures of nodes and zones that
    /// it states itself, so that what follows is owed to the loss. Failures of containers and node
    /// events of a trace stay. What has no node loses nothing.
    pub fn losing(&self, loss: &Loss, at: Time) -> Scenario {
        let mut scenario = self.clone();
        scenario.outline.strike = None;
        let failures = &mut scenario.outline.failures;
        failures.retain(|failure| match failure.target {
            Target::Nodes(_) | Target::Zones(_) => false,
            Target::Containers(_) => true,
        });
        let struck = match loss {
            Loss::Zone(name) => self
                .zone_named(name)
                .map(|zone| (Target::Zones(vec![zone]), None)),
            Loss::Node { group, zone } => {
                let nodes = self.members(group, zone);
                (!nodes.is_empty()).then_some((Target::Nodes(nodes), Some(1)))
            }
        };
        failures.extend(struck.map(|(target, count)| Failure {
            name: format!("loss of {loss}"),
            target,
            when: When::At { at, count },
            down: None,
        }));
        scenario
    }

    /// The minute in which most is asked for, of the measured window; of equal ones one at or after
    /// `rather`.
    pub fn peak(&self, rather: Time) -> Option<Peak> {
        self.outline
            .peak(&self.catalog, self.warm_up, self.end, rather)
    }

    fn zone_named(&self, name: &str) -> Option<ZoneId> {
        let mut zones = self.catalog.zones.iter();
        zones
            .find(|(_, known)| *known == name)
            .map(|(zone, _)| zone)
    }

    fn members(&self, group: &str, zone: &str) -> Vec<NodeId> {
        let catalog = &self.catalog;
        let nodes = catalog.nodes.iter().filter(|(_, node)| {
            node.at_start && catalog.groups[node.group] == group && catalog.zones[node.zone] == zone
        });
        nodes.map(|(node, _)| node).collect()
    }
}

/// As it is spoken of: `zone b`, `a worker node in zone b`.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::Zone(zone) => write!(f, "zone {zone}"),
            Loss::Node { group, zone } if zone.is_empty() => write!(f, "a {group} node"),
            Loss::Node { group, zone } => write!(f, "a {group} node in zone {zone}"),
        }
    }
}

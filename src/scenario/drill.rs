//! Drills: the scenario with one loss of a node or a zone in every run.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::Scenario;
use crate::dist::Distribution;
use crate::ids::{NodeId, ZoneId};
use crate::script::failure::{Failure, Target, When};
use crate::script::strike::{Place, Strike};
use crate::time::Duration;

/// Hours of a year: 365.25 days, the Julian year.
pub const HOURS_PER_YEAR: f64 = 8766.0;

/// Most time that is left after a loss, so that it can be seen how it is found and made good.
///
/// An hour, and never more than half of the measured window. Kubernetes takes 50 s to see a dead node
/// and 5 minutes more to evict its pods (documentation, "Nodes" and "Taints and Tolerations", v1.34);
/// an autoscaler settles within another 5 ("Horizontal Pod Autoscaling", on stabilization).
pub const ROOM: Duration = Duration::from_secs(3600);

/// What a drill takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drill {
    /// One node.
    Node,
    /// One zone with all its nodes.
    Zone,
}

/// A drill of a scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drilled {
    /// What every run loses.
    pub drill: Drill,
    /// How often that happens otherwise: what the failures of the scenario state, unless it is given;
    /// `None`: not known.
    pub frequency: Option<Frequency>,
}

/// How often something fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frequency {
    /// What fails.
    pub drill: Drill,
    /// Failures in a year of [`HOURS_PER_YEAR`] hours, of all nodes or zones together; above zero.
    pub per_year: f64,
    /// Who says so.
    pub stated_by: StatedBy,
}

/// Who states a frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatedBy {
    /// The scenario, by failures that recur.
    Scenario,
    /// The user, for this question.
    User,
}

/// Why there can be no such drill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongDrill {
    /// The scenario has no zones.
    NoZones,
    /// A frequency was given for what the drill does not take away.
    OtherFrequency {
        /// What the drill takes away; `None`: there is no drill.
        drill: Option<Drill>,
        /// What the frequency is of.
        frequency: Drill,
    },
}

impl Drill {
    /// All of them.
    pub const ALL: [Drill; 2] = [Drill::Node, Drill::Zone];

    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Drill::Node => "node",
            Drill::Zone => "zone",
        }
    }

    fn of(target: &Target) -> Option<Drill> {
        match target {
            Target::Nodes(_) => Some(Drill::Node),
            Target::Zones(_) => Some(Drill::Zone),
            Target::Containers(_) => None,
        }
    }
}

impl Scenario {
    /// The scenario with exactly one loss of a node or a zone in every run, in place of all failures of
    /// nodes and zones that it states itself, recurring or at a time, so that what follows is owed to
    /// that loss; failures of containers and node events of a trace stay.
    ///
    /// When: at any time with equal probability, from the end of the warm-up on, [`ROOM`] of the window
    /// aside. Where: where the scenario states recurring failures of that kind, each node or zone as
    /// often as it fails by them; else all with equal probability. Only what is up then is lost. How
    /// long: as the scenario's failures of that kind say; where it has none, for good. Time and place
    /// are the same for all policies.
    ///
    /// # Errors
    /// When there is no zone to lose.
    pub fn drilled(mut self, drill: Drill) -> Result<Scenario, WrongDrill> {
        let everywhere = self.everywhere(drill);
        if everywhere.is_empty() {
            return Err(WrongDrill::NoZones);
        }
        let frequency = self.frequency(drill);
        let window = self.end.since(self.warm_up);
        let room = ROOM.min(Duration::from_nanos(window.nanos() / 2));
        self.outline.strike = Some(Strike {
            from: self.warm_up,
            until: self.end.saturating_sub(room),
            places: self.places(drill, everywhere),
            absent: self.absent(),
        });
        self = self.without_losses();
        self.drill = Some(Drilled { drill, frequency });
        self.made_different_by(&format!("drill {}", drill.name()));
        Ok(self)
    }

    /// The scenario without any failure of nodes and zones, a drill's included: what a drill is
    /// compared with. Failures of containers and node events of a trace stay.
    pub fn calm(mut self) -> Scenario {
        self.outline.strike = None;
        self.drill = None;
        self.made_different_by("calm");
        self.without_losses()
    }

    /// The drill with another frequency than the scenario states.
    ///
    /// # Errors
    /// When the scenario is no drill, or one of something else.
    pub fn with_frequency(mut self, frequency: Frequency) -> Result<Scenario, WrongDrill> {
        match &mut self.drill {
            Some(drilled) if drilled.drill == frequency.drill => {
                drilled.frequency = Some(frequency);
                Ok(self)
            }
            other => Err(WrongDrill::OtherFrequency {
                drill: other.as_ref().map(|drilled| drilled.drill),
                frequency: frequency.drill,
            }),
        }
    }

    /// How often nodes or zones fail by what the scenario states: each of the targets of a recurring
    /// failure once in the mean of its time up and its time down, as renewal theory has it for long
    /// times (Cox, "Renewal Theory", 1962, §7); what is lost for good counts as replaced at once.
    /// `None` where nothing is stated, or only failures at a given time, which have no frequency.
    pub fn frequency(&self, drill: Drill) -> Option<Frequency> {
        let failures = self.outline.failures.iter();
        let stated = failures.filter(|failure| Drill::of(&failure.target) == Some(drill));
        let hourly = stated.filter_map(|failure| {
            let each = hourly(failure)?;
            Some(failure.target.len() as f64 * each)
        });
        let per_year = HOURS_PER_YEAR * hourly.sum::<f64>();
        (per_year > 0.0).then_some(Frequency {
            drill,
            per_year,
            stated_by: StatedBy::Scenario,
        })
    }

    fn without_losses(mut self) -> Scenario {
        let failures = &mut self.outline.failures;
        failures.retain(|failure| Drill::of(&failure.target).is_none());
        self
    }

    /// All nodes, or all zones that have a name, each with the nodes that are lost with it.
    fn everywhere(&self, drill: Drill) -> Vec<(Target, Vec<NodeId>)> {
        match drill {
            Drill::Node => {
                let nodes = self.catalog.nodes.ids();
                nodes
                    .map(|node| (Target::Nodes(vec![node]), vec![node]))
                    .collect()
            }
            Drill::Zone => {
                let named = self
                    .catalog
                    .zones
                    .iter()
                    .filter(|(_, name)| !name.is_empty());
                let zones = named.map(|(zone, _)| (Target::Zones(vec![zone]), self.nodes_of(zone)));
                zones.filter(|(_, nodes)| !nodes.is_empty()).collect()
            }
        }
    }

    fn nodes_of(&self, zone: ZoneId) -> Vec<NodeId> {
        let nodes = self.catalog.nodes.iter();
        let of_zone = nodes.filter(|(_, spec)| spec.zone == zone);
        of_zone.map(|(node, _)| node).collect()
    }

    /// Nodes that are not there from the start.
    fn absent(&self) -> BTreeSet<NodeId> {
        let nodes = self.catalog.nodes.iter();
        let absent = nodes.filter(|(_, spec)| !spec.at_start);
        absent.map(|(node, _)| node).collect()
    }

    /// Where a drill may strike, how probably, and for how long.
    fn places(&self, drill: Drill, everywhere: Vec<(Target, Vec<NodeId>)>) -> Vec<Place> {
        let stated = || {
            let failures = self.outline.failures.iter();
            failures.filter(|failure| Drill::of(&failure.target) == Some(drill))
        };
        let recurring: Vec<(&Failure, f64)> = stated()
            .filter_map(|failure| Some((failure, hourly(failure)?)))
            .collect();
        let mut places = Vec::new();
        let mut add =
            |(target, nodes): (Target, Vec<NodeId>), weight, down: &Option<Distribution>| {
                places.push(Place {
                    target,
                    nodes,
                    weight,
                    down: down.clone(),
                });
            };
        for (failure, hourly) in &recurring {
            for place in self.each(&failure.target) {
                add(place, *hourly, &failure.down);
            }
        }
        if recurring.is_empty() {
            let mut downs: Vec<&Option<Distribution>> =
                stated().map(|failure| &failure.down).collect();
            if downs.is_empty() {
                downs.push(&None);
            }
            for down in downs {
                everywhere
                    .iter()
                    .for_each(|place| add(place.clone(), 1.0, down));
            }
        }
        places
    }

    /// The targets of a failure, one by one.
    fn each(&self, target: &Target) -> Vec<(Target, Vec<NodeId>)> {
        match target {
            Target::Nodes(nodes) => {
                let node = |&node: &NodeId| (Target::Nodes(vec![node]), vec![node]);
                nodes.iter().map(node).collect()
            }
            Target::Zones(zones) => {
                let zone = |&zone: &ZoneId| (Target::Zones(vec![zone]), self.nodes_of(zone));
                zones.iter().map(zone).collect()
            }
            Target::Containers(_) => Vec::new(),
        }
    }
}

/// How often one target of a failure fails in an hour; `None` where it does not recur, or so rarely
/// that the mean time is infinite.
fn hourly(failure: &Failure) -> Option<f64> {
    let When::After(up) = &failure.when else {
        return None;
    };
    let down = match &failure.down {
        None => 0.0,
        Some(law) => law.mean()?,
    };
    Some(3600.0 / (up.mean()? + down))
}

/// What a frequency looks like.
const FORM: &str = "write what fails and how often, such as `node=40/year` or `zone=1/month`; \
                    units are year, month, week, day and h";

/// `node=40/year`: what fails, and how often.
impl FromStr for Frequency {
    type Err = String;

    fn from_str(text: &str) -> Result<Frequency, String> {
        let wrong = || format!("`{text}` is no frequency: {FORM}");
        let (what, rate) = text.split_once('=').ok_or_else(wrong)?;
        let drill = Drill::ALL
            .into_iter()
            .find(|drill| drill.name() == what.trim());
        let (number, unit) = rate.split_once('/').ok_or_else(wrong)?;
        let in_a_year = match unit.trim() {
            "year" => 1.0,
            "month" => 12.0,
            "week" => HOURS_PER_YEAR / (7.0 * 24.0),
            "day" => HOURS_PER_YEAR / 24.0,
            "h" => HOURS_PER_YEAR,
            _ => return Err(wrong()),
        };
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        let per_year = number * in_a_year;
        match per_year.is_finite() && per_year > 0.0 {
            true => Ok(Frequency {
                drill: drill.ok_or_else(wrong)?,
                per_year,
                stated_by: StatedBy::User,
            }),
            false => Err(format!("`{text}` is not above zero: {FORM}")),
        }
    }
}

impl fmt::Display for WrongDrill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WrongDrill::NoZones => f.write_str(
                "there is no zone to lose: the scenario's nodes have none; give `zones` in [[nodes]], \
                 or drill a node",
            ),
            WrongDrill::OtherFrequency {
                drill: Some(drill),
                frequency,
            } => write!(
                f,
                "the drill takes a {}, the frequency is that of a {}",
                drill.name(),
                frequency.name()
            ),
            WrongDrill::OtherFrequency {
                drill: None,
                frequency,
            } => write!(
                f,
                "a frequency of lost {}s is asked for without a drill",
                frequency.name()
            ),
        }
    }
}

impl std::error::Error for WrongDrill {}

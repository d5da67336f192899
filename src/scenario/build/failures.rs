//! What fails, and when.

use std::collections::BTreeSet;

use super::nodes::Machine;
use super::{Builder, instant};
use crate::dist::Distribution;
use crate::ids::{Id, NodeId};
use crate::scenario::decode::{At, Field, List};
use crate::scenario::names::Names;
use crate::scenario::problem::{Problem, Problems, Span};
use crate::scenario::raw::curves::Dist;
use crate::scenario::raw::{self, Down};
use crate::scenario::values::OneOrMore;
use crate::script::failure::{Failure, Target, When};
use crate::time::Duration;

/// Stands for all nodes, zones or services.
const ALL: &str = "*";

impl Builder<'_> {
    /// All failures; `None` once a problem has been reported.
    pub(super) fn failures(&mut self, raw: Field<List<raw::FailureTable>>) -> Option<Vec<Failure>> {
        let mut names = Names::new("failure");
        raw.elements().read(|table| {
            let name = failure_name(&table);
            if let Some(name) = &name {
                names.add(name, (), self.problems);
            }
            self.failure(name, table)
        })
    }

    fn failure(
        &mut self,
        name: Option<At<String>>,
        table: At<raw::FailureTable>,
    ) -> Option<Failure> {
        let (span, raw) = (table.span, table.value);
        let of_containers = matches!(raw.containers, Field::Given(_));
        let down = self.down(raw.down, of_containers, span);
        let target = self.target(raw.nodes, raw.zones, raw.containers, span);
        if let Some((_, 0)) = target {
            let problem = Problem::error("there is nothing that could fail");
            self.problems.push(problem.at(span, ""));
        }
        if let Some(name) = &name {
            self.outside_window(&name.value, &raw.at);
        }
        let targets = target.as_ref().map(|&(_, targets)| targets);
        let when = self.when(raw.at, raw.count, raw.after, targets, span);
        Some(Failure {
            name: name?.value,
            target: target?.0,
            when: when?,
            down: down?,
        })
    }

    /// How long it is down: `Some(None)` for good, or where that means nothing.
    fn down(
        &mut self,
        raw: Field<Down>,
        of_containers: bool,
        table: Span,
    ) -> Option<Option<Distribution>> {
        match raw {
            Field::Given(down) if of_containers => {
                let problem = Problem::error("containers are back when they are restarted");
                let problem = problem.at(down.span, "means nothing here");
                self.problems.push(problem);
                None
            }
            Field::Absent(_) if !of_containers => {
                let problem = Problem::error("how long is it down?");
                let problem = problem.at(table, "needs `down`");
                let problem = problem.note("for good: down = \"forever\"");
                self.problems.push(problem);
                None
            }
            Field::Given(At {
                value: Down::For(value),
                span,
            }) => self.distribution(At { value, span }).map(Some),
            Field::Given(_) | Field::Absent(_) => Some(None),
            Field::Broken => None,
        }
    }

    /// What fails, and how many of them there are; `None` also where that is not known because what
    /// they stand for could not be read, or is not there at all: that has been reported.
    fn target(
        &mut self,
        nodes: Field<OneOrMore<String>>,
        zones: Field<OneOrMore<String>>,
        containers: Field<OneOrMore<String>>,
        table: Span,
    ) -> Option<(Target, usize)> {
        match (nodes.optional()?, zones.optional()?, containers.optional()?) {
            (Some(names), None, None) => {
                let nodes = self.machines_of(names.value.0)?;
                let count = nodes.len();
                Some((Target::Nodes(nodes), count))
            }
            (None, Some(names), None) => {
                let all = &self.catalog.zones;
                let all = (self.zones.complete && !all.is_empty()).then(|| all.ids().collect());
                let zones = resolve(names.value.0, &self.zones, all, self.problems)?;
                let count = zones.len();
                Some((Target::Zones(zones), count))
            }
            (None, None, Some(names)) => {
                let all = self.catalog.services.ids();
                let all = self.services_whole.then(|| all.collect());
                let services = resolve(names.value.0, &self.services, all, self.problems)?;
                let count = services.len();
                Some((Target::Containers(services), count))
            }
            _ => {
                let problem = Problem::error("what fails?");
                let label = "needs one of `nodes`, `zones` and `containers`";
                self.problems.push(problem.at(table, label));
                None
            }
        }
    }

    /// The nodes that names of nodes and groups stand for.
    fn machines_of(&mut self, names: List<String>) -> Option<Vec<NodeId>> {
        let found = names.read(|name| {
            let nodes = if name.value == ALL {
                let known = self.machines.complete;
                known.then(|| self.catalog.nodes.ids().collect())?
            } else {
                match self.machines.find(&name, self.problems)? {
                    Machine::Node(node) => vec![node],
                    Machine::Group(group) => self.members[group].clone(),
                }
            };
            // A group that could be read has nodes, and so has a cluster.
            (!nodes.is_empty()).then_some(nodes)
        });
        Some(once_each(found?))
    }

    fn when(
        &mut self,
        at: Field<Duration>,
        count: Field<u64>,
        after: Field<Dist>,
        targets: Option<usize>,
        table: Span,
    ) -> Option<When> {
        match (at.optional()?, after.optional()?) {
            (Some(at), None) => {
                let most = targets.map_or(u64::MAX, |targets| targets as u64);
                let count = count.if_given(|count| self.within("count", Some(count), 1, most));
                Some(When::At {
                    at: instant(at.value),
                    count: count?.map(|count| count as u32),
                })
            }
            (None, Some(after)) => {
                let span = after.span;
                let between = self.distribution(after);
                if let Some(count) = count.optional()? {
                    let problem = Problem::error("`count` belongs to `at`");
                    let problem = problem.at(count.span, "");
                    self.problems
                        .push(problem.note("with `after`, each of them fails by itself"));
                    return None;
                }
                let between = between?;
                if between.mean() == Some(0.0) {
                    let problem = Problem::error("`after` must be above zero");
                    self.problems.push(problem.at(span, ""));
                    return None;
                }
                Some(When::After(between))
            }
            _ => {
                let problem = Problem::error("when does it fail?");
                let label = "needs one of `at` and `after`";
                self.problems.push(problem.at(table, label));
                None
            }
        }
    }

    /// Warns of a failure that the metrics do not see.
    fn outside_window(&mut self, name: &str, at: &Field<Duration>) {
        let (Field::Given(at), Some((end, warm_up))) = (at, self.window) else {
            return;
        };
        let (time, words) = (instant(at.value), at.value.words());
        let message = match time {
            _ if time >= end => format!(
                "the failure `{name}` at {words} never comes: the run ends at {}",
                end.since_start().words()
            ),
            _ if time < warm_up => format!(
                "the failure `{name}` at {words} lies inside the warm-up of {}: \
                 the metrics miss its start",
                warm_up.since_start().words()
            ),
            _ => return,
        };
        self.problems
            .push(Problem::warning(message).at(at.span, ""));
    }
}

/// The name of a failure: its own, or what fails.
fn failure_name(table: &At<raw::FailureTable>) -> Option<At<String>> {
    let raw = &table.value;
    if let Some(name) = raw.name.clone().optional()? {
        return Some(name);
    }
    let names = |given: &Field<OneOrMore<String>>| {
        let names = given.clone().optional()?;
        let list = |names: At<OneOrMore<String>>| {
            let names = names.value.0.items.into_iter().map(|name| name.value);
            names.collect::<Vec<_>>().join(", ")
        };
        Some(names.map(list))
    };
    let (nodes, zones) = (names(&raw.nodes)?, names(&raw.zones)?);
    let containers = names(&raw.containers)?;
    Some(At {
        value: raw::failure_name(nodes, zones, containers),
        span: table.span,
    })
}

/// The things that names stand for, in order, each once; `all` of them where that is known.
fn resolve<I: Id>(
    names: List<String>,
    known: &Names<I>,
    all: Option<Vec<I>>,
    problems: &mut Problems,
) -> Option<Vec<I>> {
    let found = names.read(|name| match name.value == ALL {
        true => all.clone(),
        false => known.find(&name, problems).map(|id| vec![id]),
    });
    Some(once_each(found?))
}

/// All of them in order, each once.
fn once_each<I: Ord>(lists: Vec<Vec<I>>) -> Vec<I> {
    let all: BTreeSet<I> = lists.into_iter().flatten().collect();
    all.into_iter().collect()
}

//! What every exporter is given.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cluster::pod::{Deletion, Outcome, Owner};
use crate::experiment::summary::{Line, Rare, Summary};
use crate::ids::ZoneId;
use crate::metrics::measured::{Entity, Measured};
use crate::policy::registry::Choice;
use crate::report::figure::{self, Unit};
use crate::rng::{self, Seed};
use crate::scenario::Scenario;
use crate::script::jobs::Jobs;
use crate::time::Duration;

/// What came out of one scenario under one seed.
#[derive(Clone, Copy, Debug)]
pub struct Results<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// The user's seed.
    pub seed: u64,
    /// What all replications say together.
    pub summary: &'a Summary,
    /// What each replication measured; the first is replication 1.
    pub runs: &'a [Measured],
}

/// The metrics of a run, and how readers see them.
pub(crate) trait Numbers {
    /// One line per metric and entity, in the order of the dictionary.
    fn lines(&self) -> &[Line];

    /// The currency of all money.
    fn currency(&self) -> &str;

    /// One metric of one entity.
    fn line(&self, metric: &str, entity: &Entity) -> Option<&Line> {
        let mut lines = self.lines().iter();
        lines.find(|line| line.metric.name == metric && line.entity == *entity)
    }

    /// The best single number of one metric of one entity.
    fn value(&self, metric: &str, entity: &Entity) -> Option<f64> {
        self.line(metric, entity).map(|line| line.estimate.value)
    }

    /// One metric of one entity, for readers: with its unit, and its interval if there is one.
    fn show(&self, metric: &str, entity: &Entity) -> Option<String> {
        self.line(metric, entity).map(|line| self.show_line(line))
    }

    /// One metric of one entity, for readers, with another name for its unit.
    fn show_as(&self, metric: &str, entity: &Entity, unit: &str) -> Option<String> {
        let line = self.line(metric, entity)?;
        Some(figure::estimate(&line.estimate, Unit::Plain(unit)))
    }

    /// A count for readers, with what is counted in the singular and in the plural: `1 node`.
    fn counted(&self, metric: &str, entity: &Entity, [one, many]: [&str; 2]) -> Option<String> {
        let line = self.line(metric, entity)?;
        let number = figure::estimate(&line.estimate, Unit::Plain(""));
        let thing = if number == "1" { one } else { many };
        Some(format!("{number} {thing}"))
    }

    /// One line for readers: with its unit, and its interval if there is one.
    fn show_line(&self, line: &Line) -> String {
        figure::estimate(&line.estimate, self.unit(line))
    }

    /// The share or time of one line without its interval, in no more digits than that supports.
    fn show_value(&self, line: &Line) -> String {
        let shown = self.show_line(line);
        let (value, _) = figure::apart(&shown);
        value.to_owned()
    }

    /// How a line's numbers are shown.
    fn unit(&self, line: &Line) -> Unit<'_> {
        Unit::of(line.metric.unit, self.currency())
    }
}

impl Numbers for Results<'_> {
    fn lines(&self) -> &[Line] {
        &self.summary.lines
    }

    fn currency(&self) -> &str {
        &self.scenario.currency
    }
}

impl Results<'_> {
    /// The fingerprint of the reference mix, which is that of the scenario in every run.
    pub(crate) fn mix_hash(&self) -> String {
        let text = self.runs.first().map(|run| run.mix.canonical());
        format!(
            "{:032x}",
            rng::fnv1a_128(text.unwrap_or_default().as_bytes())
        )
    }

    /// Zones that have nodes.
    pub(crate) fn zones(&self) -> usize {
        let nodes = self.scenario.catalog.nodes.as_slice();
        let zones: BTreeSet<ZoneId> = nodes.iter().map(|node| node.zone).collect();
        zones.len()
    }

    /// How often a service had outages, where they are rare.
    pub(crate) fn rare(&self, service: &Entity) -> Option<&Rare> {
        self.summary
            .outages
            .iter()
            .find(|rare| rare.entity == *service)
    }

    /// Whether all pods are jobs of a trace that stay: nothing ever leaves but by failure.
    pub(crate) fn only_arrivals(&self) -> bool {
        let outline = &self.scenario.outline;
        let stays = |&duration: &Duration| duration == Duration::MAX;
        !outline.trace.is_empty()
            && outline.trace.durations.iter().all(stays)
            && outline.sources.is_empty()
            && outline.services.is_empty()
    }

    /// All jobs of one replication, from 1.
    pub(crate) fn jobs(&self, replication: u32) -> Arc<Jobs> {
        let seed = Seed {
            seed: self.seed,
            replication,
        };
        self.scenario.outline.script(seed, self.scenario.end).jobs
    }
}

/// The name of a choice of policies, as in the path of its results: `spread-hpa-kubernetes`.
pub fn policy_name(choice: &Choice) -> String {
    let Choice {
        scheduler,
        autoscaler,
        healer,
    } = choice;
    format!("{}-{}-{}", scheduler.name, autoscaler.name, healer.name)
}

/// How a pod ended, in one word.
pub(crate) const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Deleted => "deleted",
        Outcome::Lost => "lost",
    }
}

/// Why a pod was deleted, in a few words.
pub(crate) const fn deletion_name(deletion: Deletion) -> &'static str {
    match deletion {
        Deletion::ScaledDown => "scaled down",
        Deletion::Requested => "requested",
        Deletion::Unreachable => "unreachable",
        Deletion::Drained => "drained",
        Deletion::NodeRemoved => "node removed",
        Deletion::Preempted => "preempted",
    }
}

/// What owns a pod, in one word, and its name.
pub(crate) fn owner_parts<'a>(
    owner: Owner,
    scenario: &'a Scenario,
    jobs: &'a Jobs,
) -> (&'static str, &'a str) {
    match owner {
        Owner::Service(service) => ("service", &scenario.catalog.services[service].name),
        Owner::Job(job) => ("job", jobs.names.get(job)),
    }
}

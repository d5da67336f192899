//! What can be run but deserves a second look, and the last things that cannot.

use std::collections::BTreeMap;

use super::Builder;
use crate::cluster::catalog::{NodeSpec, Shape};
use crate::cluster::gpu::Gpus;
use crate::ids::{Arena, ServiceId, ShapeId};
use crate::scenario::problem::Problem;
use crate::script::jobs::{JobSource, Jobs};
use crate::script::load::Load;
use crate::sim::config::Config;
use crate::time::Duration;
use crate::units;

impl Builder<'_> {
    /// Looks at the whole, as far as it is known.
    pub(super) fn check(
        &mut self,
        pods: Option<&Jobs>,
        sources: Option<&[JobSource]>,
        sim: Option<&Config>,
    ) {
        if self.machines.complete && self.catalog.nodes.is_empty() {
            self.problems.push(
                Problem::error("there are no nodes")
                    .note("a cluster is [[nodes]] with a count above zero, or [trace] nodes"),
            );
        }
        let idle = self.services_whole
            && self.catalog.services.is_empty()
            && pods.is_some_and(Jobs::is_empty)
            && sources.is_some_and(<[JobSource]>::is_empty);
        if idle {
            self.problems.push(
                Problem::error("nothing runs on the nodes")
                    .note("give at least one of [[services]], [[jobs]] and [trace] pods"),
            );
        }
        if self.machines.complete && !self.catalog.nodes.is_empty() {
            self.check_fit(pods);
        }
        self.check_services();
        self.check_periods();
        self.check_arrivals(pods, sources);
        if self.machines.complete {
            self.check_prices();
        }
        if let Some(sim) = sim {
            self.check_timing(sim);
        }
    }

    /// Warns of pods that no node could hold even if it were empty.
    fn check_fit(&mut self, pods: Option<&Jobs>) {
        let mut kinds: Vec<&NodeSpec> = self.catalog.nodes.as_slice().iter().collect();
        let kind = |node: &NodeSpec| {
            let extended = node.traits.extended.clone();
            (node.allocatable, node.gpu_model, extended)
        };
        kinds.sort_by_cached_key(|node| kind(node));
        kinds.dedup_by_key(|node| kind(node));
        let fits = |shape: &Shape| kinds.iter().any(|node| holds(node, shape));
        let shapes = self.catalog.shapes.as_slice().iter();
        let fitting: Arena<ShapeId, bool> = shapes.map(fits).collect();
        for (asks, shape) in &self.asked {
            if !fitting[*shape] {
                let message = format!("`{}` fits on no node, even empty", asks.value);
                self.problems
                    .push(Problem::warning(message).at(asks.span, ""));
            }
        }
        let shapes = pods.map_or(&[][..], |pods| &pods.shapes);
        let homeless = shapes.iter().filter(|&&shape| !fitting[shape]).count();
        if homeless > 0 {
            let message = format!("pods of the trace that fit on no node, even empty: {homeless}");
            self.problems.push(Problem::warning(message));
        }
    }

    /// Warns of services that behave in a way that is rarely meant.
    fn check_services(&mut self) {
        for (id, service) in self.catalog.services.iter() {
            let behaviour = &self.behaviours[id];
            let mut warn = |what: &str| {
                let message = format!("`{}` {what}", service.name);
                let problem = Problem::warning(message).at(self.service_spans[id], "");
                self.problems.push(problem);
            };
            let loaded = behaviour.load != Load::Zero;
            if loaded && behaviour.work.is_none() {
                warn("has a load but no `work`: its requests cost nothing, it is never overloaded");
            }
            if service.hpa.is_some() && behaviour.work.is_none() {
                warn("has an hpa but no `work`: it uses no CPU and is scaled down to the least");
            }
            let running = self.catalog.shapes[service.shape].running();
            if service.hpa.is_some() && running.beside.cpu.0 > 0 {
                warn("has an hpa, and containers whose use is taken to be what they request");
            }
            if service.slo.is_some() && !loaded {
                warn("has an objective but no load: there is nothing to judge it by");
            }
            let limit = self.catalog.shapes[service.shape].limits.memory;
            if let (Some(used), Some(limit)) = (&behaviour.memory, limit)
                && used.base > limit
            {
                warn("uses more memory than its limit: each container is killed at once");
            }
        }
    }

    /// Warns of loads of which the metrics see a part of a period more often than the rest. A window
    /// that a warm-up makes a little shorter than whole periods is what scenarios of a day have.
    fn check_periods(&mut self) {
        let Some((end, warm_up)) = self.window else {
            return;
        };
        let window = end.since(warm_up);
        let mut partial: BTreeMap<Duration, Vec<ServiceId>> = BTreeMap::new();
        for id in self.catalog.services.ids() {
            let periods = self.behaviours[id].load.periods().into_iter();
            for period in periods.filter(|&period| is_partial(window, period)).take(1) {
                partial.entry(period).or_default().push(id);
            }
        }
        for (period, services) in partial {
            let names = services.iter().map(|&id| &self.catalog.services[id].name);
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            let (have, loads) = match names.len() {
                1 => ("has", "a load"),
                _ => ("have", "loads"),
            };
            let message = format!(
                "{} {have} {loads} with a period of {}, of which no whole number is measured: means \
                 are those of the part that is seen",
                units::and(&names),
                period.words()
            );
            let problem =
                Problem::warning(message).note(format!("{} are measured", window.words()));
            let places = services.iter().map(|&id| self.service_spans[id]);
            self.problems
                .push(places.fold(problem, |problem, place| problem.at(place, "")));
        }
    }

    /// Warns of jobs that never arrive.
    fn check_arrivals(&mut self, pods: Option<&Jobs>, sources: Option<&[JobSource]>) {
        let Some((end, _)) = self.window else {
            return;
        };
        let late = pods.map_or(0, |pods| {
            pods.len() - pods.arrivals.partition_point(|&at| at < end)
        });
        if late > 0 {
            let end = end.since_start().words();
            let message = format!("pods of the trace that arrive after the end, {end}: {late}");
            self.problems.push(Problem::warning(message));
        }
        for source in sources.unwrap_or_default() {
            if source.from >= end {
                let message = format!("no job of `{}` arrives before the end", source.name);
                self.problems.push(Problem::warning(message));
            }
        }
    }

    /// Warns where the price of some nodes is known and that of others is not.
    fn check_prices(&mut self) {
        let priced = |node: &&NodeSpec| node.price_per_hour.is_some();
        let nodes = self.catalog.nodes.as_slice();
        let (all, priced) = (nodes.len(), nodes.iter().filter(priced).count());
        if 0 < priced && priced < all {
            let message = format!(
                "{} of {all} nodes have no price: costs leave them out",
                all - priced
            );
            self.problems.push(Problem::warning(message));
        }
    }

    /// Warns of images and stops that the delays make meaningless.
    fn check_timing(&mut self, sim: &Config) {
        let image = self.images.values().next();
        if let (Some(image), None) = (image, sim.pull_bandwidth) {
            let message = "sizes of images mean nothing without `delays.pull_bandwidth`: \
                           all images are taken to be on every node";
            self.problems
                .push(Problem::warning(message).at(image.span, ""));
        }
        for (id, service) in self.catalog.services.iter() {
            if self.behaviours[id].shutdown > sim.grace {
                let message = format!(
                    "`{}` takes longer to stop than `delays.grace`: it is killed after {}",
                    service.name,
                    sim.grace.words()
                );
                let problem = Problem::warning(message).at(self.service_spans[id], "");
                self.problems.push(problem);
            }
        }
    }
}

/// Share of a period by which a measured window may differ from whole periods unseen.
const PERIOD_SLACK: f64 = 0.1;

/// Whether a window differs from whole periods, one at least, by more than [`PERIOD_SLACK`].
fn is_partial(window: Duration, period: Duration) -> bool {
    let periods = window.secs_f64() / period.secs_f64();
    (periods - periods.round().max(1.0)).abs() > PERIOD_SLACK
}

/// Whether an empty node could hold a pod.
fn holds(node: &NodeSpec, shape: &Shape) -> bool {
    let has = |resource| {
        let all = node.traits.extended.iter();
        let mut amounts = all.filter(move |(other, _)| *other == resource);
        amounts.next().map_or(0, |&(_, amount)| amount)
    };
    let mut extended = shape.extended.iter();
    shape.requests.fits(&node.allocatable)
        && extended.all(|&(resource, asked)| asked <= has(resource))
        && (shape.gpus.count == 0
            || (shape.gpus.models.allow(node.gpu_model) && Gpus::new(node.gpus).fit(shape.gpus)))
}

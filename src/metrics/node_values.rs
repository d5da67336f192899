//! The values and time series of nodes.

use super::measured::Entity;
use super::nodes::{Nodes, Pool, level};
use super::output::Output;
use super::window::Window;
use crate::ids::NodeId;
use crate::units::Resource;

/// Seconds in one hour.
const HOUR: f64 = 3600.0;

/// Requests in a million.
const MILLION: f64 = 1e6;

/// All values of nodes: those of the cluster, and of each group where there are several.
pub(super) fn values(nodes: &Nodes, window: Window, out: &mut Output) {
    let length = window.length().secs_f64();
    pool_values(
        nodes,
        nodes.cluster(),
        length,
        &|| Entity::Cluster,
        &|_| true,
        out,
    );
    for (id, pool) in nodes.groups().iter() {
        let entity = || Entity::Group(nodes.catalog.groups[id].clone());
        let within = |node: NodeId| nodes.catalog.nodes[node].group == id;
        pool_values(nodes, pool, length, &entity, &within, out);
    }
}

/// The price of what was served, where all prices are known.
pub(super) fn cost_of_requests(nodes: &Nodes, served: f64, out: &mut Output) {
    if let Some(cost) = cost(nodes.cluster()) {
        let name = "cost.per_million_requests";
        out.ratio(name, Entity::Cluster, cost, served / MILLION);
    }
}

fn pool_values(
    nodes: &Nodes,
    pool: &Pool,
    length: f64,
    entity: &impl Fn() -> Entity,
    within: &impl Fn(NodeId) -> bool,
    out: &mut Output,
) {
    for (place, resource) in resources(nodes) {
        let [base, bound] = [level::BASE, level::BOUND].map(|first| pool.sum(first + place));
        let open = [level::OPEN_BASE, level::OPEN_BOUND].map(|first| pool.sum(first + place));
        let name = resource.name();
        out.ratio(&format!("allocated.{name}"), entity(), bound, base);
        out.ratio(
            &format!("allocated.schedulable.{name}"),
            entity(),
            open[1],
            open[0],
        );
        if nodes.use_is_known(resource, within) {
            let used = pool.sum(level::USED + place);
            out.ratio(&format!("used.{name}"), entity(), used, base);
            out.ratio(&format!("slack.{name}"), entity(), bound - used, bound);
        }
    }
    let hours = |quantity| pool.sum(quantity) / HOUR;
    out.number("nodes.used", entity(), pool.sum(level::HOLDING) / length);
    out.number("nodes.up", entity(), pool.sum(level::UP) / length);
    out.number("node_hours", entity(), hours(level::PROVISIONED));
    if let Some(cost) = cost(pool) {
        out.number("cost", entity(), cost);
        // Sums of steps up and down end within rounding of zero, on either side.
        out.number("cost.idle", entity(), hours(level::IDLE_PRICE).max(0.0));
    }
}

/// What the nodes of a pool cost; absent unless all that were there have a price.
fn cost(pool: &Pool) -> Option<f64> {
    let priced = pool.sum(level::PROVISIONED) > 0.0 && pool.sum(level::UNPRICED) == 0.0;
    priced.then(|| pool.sum(level::PRICE) / HOUR)
}

/// The resources that are told of: GPUs where a node has some.
pub(super) fn resources(nodes: &Nodes) -> impl Iterator<Item = (usize, Resource)> + use<> {
    let has_gpus = nodes.catalog.has_gpus();
    let all = Resource::ALL.into_iter().enumerate();
    all.filter(move |&(_, resource)| has_gpus || resource != Resource::Gpu)
}

/// Time series of the cluster, of groups and zones where there are several, and of nodes where that
/// was asked for.
pub(super) fn series(nodes: &Nodes, out: &mut Output) {
    pool_series(nodes, nodes.cluster(), &|| Entity::Cluster, &|_| true, out);
    let catalog = &nodes.catalog;
    for (id, pool) in nodes.groups().iter() {
        let within = |node: NodeId| catalog.nodes[node].group == id;
        pool_series(
            nodes,
            pool,
            &|| Entity::Group(catalog.groups[id].clone()),
            &within,
            out,
        );
    }
    for (id, pool) in nodes.zones().iter() {
        let within = |node: NodeId| catalog.nodes[node].zone == id;
        pool_series(
            nodes,
            pool,
            &|| Entity::Zone(catalog.zones[id].clone()),
            &within,
            out,
        );
    }
    for (id, track) in nodes.single().iter() {
        for (place, resource) in resources(nodes) {
            let entity = Entity::Node(catalog.nodes[id].name.clone());
            out.ratio_series(entity, &format!("allocated.{}", resource.name()), |cell| {
                let cell = track.cells()[cell];
                (cell[level::BOUND + place], cell[level::BASE + place])
            });
        }
    }
}

fn pool_series(
    nodes: &Nodes,
    pool: &Pool,
    entity: &impl Fn() -> Entity,
    within: &impl Fn(NodeId) -> bool,
    out: &mut Output,
) {
    let cells = pool.cells();
    for (place, resource) in resources(nodes) {
        let base = |cell: usize| cells[cell][level::BASE + place];
        let name = resource.name();
        out.ratio_series(entity(), &format!("allocated.{name}"), |cell| {
            (cells[cell][level::BOUND + place], base(cell))
        });
        if nodes.use_is_known(resource, within) {
            out.ratio_series(entity(), &format!("used.{name}"), |cell| {
                (cells[cell][level::USED + place], base(cell))
            });
        }
    }
    let plain = [
        ("nodes.provisioned", "nodes", level::PROVISIONED),
        ("nodes.up", "nodes", level::UP),
        ("nodes.used", "nodes", level::HOLDING),
        ("pods.bound", "pods", level::PODS),
    ];
    for (name, unit, quantity) in plain {
        out.mean_series(entity(), name, unit, |cell| cells[cell][quantity]);
    }
}

//! Services: traffic, ready replicas, outages, scaling.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::healing::Failures;
use super::measured::Incident;
use super::outages::{Outages, Stop};
use super::track::Track;
use super::window::Window;
use crate::cluster::catalog::Catalog;
use crate::ids::{Arena, NodeId, ServiceId, ZoneId};
use crate::record::Flow;
use crate::time::Time;

/// Losses below this share of the offered rate are rounding of the shares it was dealt in.
const ROUNDING: f64 = 1e-9;

/// The quantities kept of each service.
pub(super) mod level {
    /// Requests per second asked for.
    pub(in crate::metrics) const OFFERED: usize = 0;
    /// Requests per second lost because no endpoint was known.
    pub(in crate::metrics) const NO_ENDPOINT: usize = 1;
    /// Requests per second lost at endpoints that could not serve.
    pub(in crate::metrics) const STALE: usize = 2;
    /// Requests per second lost for want of capacity.
    pub(in crate::metrics) const OVER_CAPACITY: usize = 3;
    /// 1 while enough replicas are ready.
    pub(in crate::metrics) const ENOUGH: usize = 4;
    /// 1 while the ready replicas could answer everything.
    pub(in crate::metrics) const CAPABLE: usize = 5;
    /// Replicas truly ready.
    pub(in crate::metrics) const READY: usize = 6;
    /// Replicas wanted.
    pub(in crate::metrics) const WANTED: usize = 7;
    /// Pods bound.
    pub(in crate::metrics) const BOUND: usize = 8;
    /// Fewest replicas that could answer everything.
    pub(in crate::metrics) const DEMAND: usize = 9;
    /// Ready replicas short of it.
    pub(in crate::metrics) const UNDER: usize = 10;
    /// Ready replicas beyond it.
    pub(in crate::metrics) const OVER: usize = 11;
    /// 1 while short of it.
    pub(in crate::metrics) const IS_UNDER: usize = 12;
    /// 1 while beyond it.
    pub(in crate::metrics) const IS_OVER: usize = 13;
    /// 1 while it is known.
    pub(in crate::metrics) const DEMAND_KNOWN: usize = 14;
    /// How many there are.
    pub(in crate::metrics) const COUNT: usize = 15;
}

/// One service.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) track: Track<{ level::COUNT }>,
    flow: Flow,
    wanted: u32,
    bound: u32,
    pub(super) ready: u32,
    pub(super) ready_on: BTreeMap<NodeId, u32>,
    pub(super) ready_in: Vec<u32>,
    min_available: u32,
    /// When anything about it changed last.
    since: Time,
    outages: Outages,
    /// Largest difference of ready replicas between two zones.
    pub(super) skew: u32,
    /// Autoscaling decisions that changed its size, in the window.
    pub(super) adaptations: u64,
    /// Demand and supply at the last step of the autoscaler's grid, where the demand was known.
    last_step: Option<(f64, f64)>,
    /// Steps of the grid, and those in which demand and supply moved in opposite directions.
    pub(super) steps: [u64; 2],
}

/// All services.
#[derive(Debug)]
pub(super) struct Services {
    window: Window,
    catalog: Arc<Catalog>,
    all: Arena<ServiceId, Service>,
    /// Zones that have nodes.
    zones: Vec<ZoneId>,
}

impl Service {
    fn new(min_available: u32, zones: usize) -> Service {
        let mut service = Service {
            track: Track::new(),
            flow: Flow::default(),
            wanted: 0,
            bound: 0,
            ready: 0,
            ready_on: BTreeMap::new(),
            ready_in: vec![0; zones],
            min_available,
            since: Time::ZERO,
            outages: Outages::default(),
            skew: 0,
            adaptations: 0,
            last_step: None,
            steps: [0; 2],
        };
        service.track.set(Time::ZERO, &service.levels());
        service
    }

    /// Requests per second that are lost.
    pub(super) fn lost(&self, sum: impl Fn(usize) -> f64) -> f64 {
        sum(level::NO_ENDPOINT) + sum(level::STALE) + sum(level::OVER_CAPACITY)
    }

    /// Fewest replicas that could answer everything, where that is known.
    fn demand(&self) -> Option<f64> {
        let Flow {
            offered,
            per_replica,
            ..
        } = self.flow;
        if offered == 0.0 {
            return Some(0.0);
        }
        // A replica without CPU of its own could answer nothing on paper: nothing is known then.
        (per_replica > 0.0).then(|| (offered / per_replica * (1.0 - ROUNDING)).ceil().max(1.0))
    }

    fn levels(&self) -> [f64; level::COUNT] {
        let mut levels = [0.0; level::COUNT];
        let flag = |condition: bool| if condition { 1.0 } else { 0.0 };
        let loss = |rate: f64| {
            if rate > ROUNDING * self.flow.offered {
                rate
            } else {
                0.0
            }
        };
        let ready = f64::from(self.ready);
        levels[level::OFFERED] = self.flow.offered;
        levels[level::NO_ENDPOINT] = loss(self.flow.no_endpoint);
        levels[level::STALE] = loss(self.flow.stale_endpoint);
        levels[level::OVER_CAPACITY] = loss(self.flow.over_capacity);
        levels[level::ENOUGH] = flag(self.ready >= self.min_available);
        levels[level::CAPABLE] = flag(self.flow.capacity >= self.flow.offered * (1.0 - ROUNDING));
        levels[level::READY] = ready;
        levels[level::WANTED] = f64::from(self.wanted);
        levels[level::BOUND] = f64::from(self.bound);
        if let Some(demand) = self.demand() {
            levels[level::DEMAND] = demand;
            levels[level::UNDER] = (demand - ready).max(0.0);
            levels[level::OVER] = (ready - demand).max(0.0);
            levels[level::IS_UNDER] = flag(ready < demand);
            levels[level::IS_OVER] = flag(ready > demand);
            levels[level::DEMAND_KNOWN] = 1.0;
        }
        levels
    }

    fn lost_so_far(&self) -> f64 {
        self.lost(|quantity| self.track.sum(quantity))
    }
}

impl Services {
    /// Services of which nothing is there yet.
    pub(super) fn new(window: Window, catalog: Arc<Catalog>) -> Services {
        let zones = catalog.zones.len();
        let specs = catalog.services.as_slice().iter();
        let all = specs
            .map(|spec| Service::new(spec.min_available, zones))
            .collect();
        let has_nodes = |zone: &ZoneId| {
            catalog
                .nodes
                .as_slice()
                .iter()
                .any(|node| node.zone == *zone)
        };
        let zones = catalog.zones.ids().filter(has_nodes).collect();
        Services {
            window,
            all,
            zones,
            catalog,
        }
    }

    /// All services.
    pub(super) fn all(&self) -> &Arena<ServiceId, Service> {
        &self.all
    }

    /// Requests served so far in the window.
    pub(super) fn served(&self) -> f64 {
        let served = |service: &Service| service.track.sum(level::OFFERED) - service.lost_so_far();
        self.all.as_slice().iter().map(served).sum()
    }

    /// Zones that have nodes.
    pub(super) fn zones(&self) -> &[ZoneId] {
        &self.zones
    }

    /// Changes one service at `now`. What held until now is judged first, so that what holds for no
    /// time at all counts for nothing.
    fn change(&mut self, now: Time, id: ServiceId, edit: impl FnOnce(&mut Service)) {
        self.judge(now, id);
        let service = &mut self.all[id];
        edit(service);
        let levels = service.levels();
        service.track.set(now, &levels);
        service.since = now;
    }

    /// Judges what has held since the last change, if that is longer ago than `now`. To be called
    /// before anything is integrated: losses are taken as they stood at that change.
    fn judge(&mut self, now: Time, id: ServiceId) {
        let service = &mut self.all[id];
        if now == service.since {
            return;
        }
        let lost = service.lost_so_far();
        let enough = service.ready >= service.min_available;
        service.outages.holds(service.since, enough, lost);
        if service.ready >= service.wanted {
            service.outages.whole();
        }
        if now > self.window.from {
            let ready = || {
                self.zones
                    .iter()
                    .map(|zone| service.ready_in[zone.0 as usize])
            };
            let skew = ready().max().unwrap_or(0) - ready().min().unwrap_or(0);
            service.skew = service.skew.max(skew);
        }
    }

    /// The window opens.
    pub(super) fn open(&mut self, now: Time) {
        for id in self.all.ids() {
            self.judge(now, id);
            let service = &mut self.all[id];
            service.track.open(now);
            service.outages.open();
        }
    }

    /// A cell ends.
    pub(super) fn end_cell(&mut self, now: Time) {
        for id in self.all.ids() {
            self.judge(now, id);
            self.all[id].track.end_cell(now);
        }
    }

    /// A step of the autoscaler's grid, for services that it scales, where the demand is known.
    pub(super) fn sync(&mut self) {
        let specs = self.catalog.services.as_slice();
        for ((_, service), spec) in self.all.iter_mut().zip(specs) {
            if spec.hpa.is_none() {
                continue;
            }
            let step = service
                .demand()
                .map(|demand| (demand, f64::from(service.ready)));
            if let (Some((demand, supply)), Some((before, supplied))) = (step, service.last_step) {
                service.steps[0] += 1;
                let opposite = (demand - before) * (supply - supplied) < 0.0;
                service.steps[1] += u64::from(opposite);
            }
            service.last_step = step;
        }
    }

    /// Its traffic flows differently.
    pub(super) fn traffic(&mut self, now: Time, id: ServiceId, flow: Flow) {
        self.change(now, id, |service| service.flow = flow);
    }

    /// Another number of replicas is wanted.
    pub(super) fn wanted(&mut self, now: Time, id: ServiceId, replicas: u32) {
        self.change(now, id, |service| service.wanted = replicas);
    }

    /// An autoscaler changed the number of replicas wanted.
    pub(super) fn adapted(&mut self, now: Time, id: ServiceId) {
        self.all[id].adaptations += u64::from(self.window.contains(now));
    }

    /// A pod of it is bound.
    pub(super) fn bound(&mut self, now: Time, id: ServiceId) {
        self.change(now, id, |service| service.bound += 1);
    }

    /// A bound pod of it is gone.
    pub(super) fn unbound(&mut self, now: Time, id: ServiceId) {
        self.change(now, id, |service| service.bound -= 1);
    }

    /// A replica is truly ready.
    pub(super) fn ready(&mut self, now: Time, id: ServiceId, node: NodeId) {
        let zone = self.catalog.nodes[node].zone;
        self.change(now, id, |service| {
            service.ready += 1;
            *service.ready_on.entry(node).or_default() += 1;
            service.ready_in[zone.0 as usize] += 1;
        });
    }

    /// A replica is truly ready no more.
    pub(super) fn unready(&mut self, now: Time, id: ServiceId, node: NodeId, stop: Stop) {
        let zone = self.catalog.nodes[node].zone;
        self.change(now, id, |service| {
            service.ready -= 1;
            service.ready_in[zone.0 as usize] -= 1;
            let count = service.ready_on.get_mut(&node).expect("it was ready there");
            *count -= 1;
            if *count == 0 {
                service.ready_on.remove(&node);
            }
            service.outages.hurt(stop);
        });
    }

    /// Most services that losing any one node, and any one zone, would take below their
    /// `min_available` at once.
    pub(super) fn endangered(&self) -> (u32, u32) {
        let mut nodes: BTreeMap<NodeId, u32> = BTreeMap::new();
        let mut zones: BTreeMap<usize, u32> = BTreeMap::new();
        for (_, service) in self.all.iter() {
            let Some(spare) = service.ready.checked_sub(service.min_available) else {
                continue;
            };
            for (&node, _) in service.ready_on.iter().filter(|&(_, &ready)| ready > spare) {
                *nodes.entry(node).or_default() += 1;
            }
            let zone_counts = service.ready_in.iter().enumerate();
            for (zone, _) in zone_counts.filter(|&(_, &ready)| ready > spare) {
                *zones.entry(zone).or_default() += 1;
            }
        }
        let most = |counts: Option<&u32>| counts.copied().unwrap_or(0);
        (most(nodes.values().max()), most(zones.values().max()))
    }

    /// The run is over: what is still going on is closed.
    pub(super) fn finish(&mut self, failures: &Failures) -> Vec<Incident> {
        let end = self.window.to;
        let mut incidents = Vec::new();
        for id in self.all.ids() {
            self.judge(end, id);
            let service = &mut self.all[id];
            service.track.advance(end);
            let lost = service.lost_so_far();
            for outage in service.outages.finish(lost) {
                if outage.reaches_into(self.window) {
                    incidents.push(outage.incident(id, self.window, failures, &self.catalog));
                }
            }
        }
        incidents.sort_by_key(|incident| (incident.start, incident.service));
        incidents
    }
}

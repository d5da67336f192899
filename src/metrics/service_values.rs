//! The values and time series of services.

use super::measured::{Entity, Incident};
use super::output::Output;
use super::services::{Service, Services, level};
use super::window::Window;
use crate::cluster::catalog::{Catalog, ServiceSpec};

/// Seconds in one hour.
const HOUR: f64 = 3600.0;

/// Causes of lost requests.
const CAUSES: [(&str, usize); 3] = [
    ("no endpoint", level::NO_ENDPOINT),
    ("stale endpoint", level::STALE),
    ("over capacity", level::OVER_CAPACITY),
];

/// What the services of one line of the result add up to.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    offered: f64,
    lost: f64,
    /// Parts of `availability.time` and of `availability.capacity`.
    enough: [f64; 2],
    capable: [f64; 2],
    /// Parts of `slo.budget_burned`.
    burned: [f64; 2],
    demand: f64,
    demand_known: f64,
    under: f64,
    over: f64,
    is_under: f64,
    is_over: f64,
    steps: [f64; 2],
    adaptations: u64,
    bound: f64,
    skew: u32,
}

/// What the outages of one line of the result add up to.
#[derive(Clone, Copy, Debug, Default)]
struct Down {
    begun: u32,
    unseen: u32,
    /// Outages of which the window shows a part only.
    censored: u32,
    /// Outages that began and ended in the window, and their length.
    whole: f64,
    down: f64,
    /// Outages that were detected before they were over, and the time that took.
    seen: f64,
    detection: f64,
}

/// All values of services; nothing when there are none.
pub(super) fn values(
    services: &Services,
    catalog: &Catalog,
    window: Window,
    incidents: &[Incident],
    out: &mut Output,
) {
    if catalog.services.is_empty() {
        return;
    }
    let length = window.length().secs_f64();
    let anybody_asks = services
        .all()
        .iter()
        .any(|(_, service)| offered(service) > 0.0);
    let mut all = Totals::default();
    let mut all_down = Down::default();
    let mut up = 0.0;
    let mut all_met = None;
    for (id, service) in services.all().iter() {
        let spec = &catalog.services[id];
        let entity = || Entity::Service(spec.name.clone());
        let weight = if anybody_asks { offered(service) } else { 1.0 };
        let totals = Totals::of(service, spec, length, weight);
        let down = Down::of(
            window,
            incidents.iter().filter(|incident| incident.service == id),
        );
        let own_up = service.track.sum(level::ENOUGH);
        let alone = Totals::of(service, spec, length, 1.0);
        alone.write(services, &entity, out);
        down.write(own_up, &entity, out);
        for (cause, quantity) in CAUSES {
            let entity = Entity::ServicePart {
                service: spec.name.clone(),
                part: cause.to_owned(),
            };
            let lost = service.track.sum(quantity);
            out.ratio("requests.lost", entity, lost, totals.offered);
        }
        if let Some(met) = objective_met(service, spec) {
            out.ratio("slo.met", entity(), f64::from(u8::from(met)), 1.0);
            all_met = Some(all_met.unwrap_or(true) && met);
        }
        all.add(&totals);
        all_down.add(&down);
        up += own_up;
    }
    let entity = || Entity::Cluster;
    all.write(services, &entity, out);
    all_down.write(up, &entity, out);
    for (cause, quantity) in CAUSES {
        let lost = services
            .all()
            .iter()
            .map(|(_, service)| service.track.sum(quantity))
            .sum();
        out.ratio(
            "requests.lost",
            Entity::Part(cause.to_owned()),
            lost,
            all.offered,
        );
    }
    if let Some(met) = all_met {
        out.ratio("slo.met", Entity::Cluster, f64::from(u8::from(met)), 1.0);
    }
}

fn offered(service: &Service) -> f64 {
    service.track.sum(level::OFFERED)
}

/// Whether there is a demand to measure supply by: somebody asks, and what a replica can answer is
/// known.
fn has_demand(service: &Service) -> bool {
    service.track.sum(level::DEMAND) > 0.0
}

/// Whether the service kept its promise in this run; absent without a promise or requests.
fn objective_met(service: &Service, spec: &ServiceSpec) -> Option<bool> {
    let slo = spec.slo?;
    let (offered, lost) = (
        offered(service),
        service.lost(|quantity| service.track.sum(quantity)),
    );
    (offered > 0.0).then_some(lost <= (1.0 - slo.availability) * offered)
}

impl Totals {
    /// Those of one service, of that weight among all.
    fn of(service: &Service, spec: &ServiceSpec, length: f64, weight: f64) -> Totals {
        let sum = |quantity| service.track.sum(quantity);
        let (offered, lost) = (offered(service), service.lost(sum));
        let burned = spec.slo.map_or([0.0; 2], |slo| {
            let window = slo.window.secs_f64();
            [lost * length / (window * (1.0 - slo.availability)), offered]
        });
        let scaling = |quantity| match has_demand(service) {
            true => sum(quantity),
            false => 0.0,
        };
        Totals {
            offered,
            lost,
            enough: [weight * sum(level::ENOUGH), weight * length],
            capable: match offered > 0.0 {
                true => [weight * sum(level::CAPABLE), weight * length],
                false => [0.0; 2],
            },
            burned,
            demand: scaling(level::DEMAND),
            demand_known: scaling(level::DEMAND_KNOWN),
            under: scaling(level::UNDER),
            over: scaling(level::OVER),
            is_under: scaling(level::IS_UNDER),
            is_over: scaling(level::IS_OVER),
            steps: service.steps.map(|steps| steps as f64),
            adaptations: service.adaptations,
            bound: sum(level::BOUND),
            skew: service.skew,
        }
    }

    fn add(&mut self, other: &Totals) {
        let pairs = |mine: &mut [f64; 2], other: [f64; 2]| {
            mine[0] += other[0];
            mine[1] += other[1];
        };
        pairs(&mut self.enough, other.enough);
        pairs(&mut self.capable, other.capable);
        pairs(&mut self.burned, other.burned);
        pairs(&mut self.steps, other.steps);
        self.offered += other.offered;
        self.lost += other.lost;
        self.demand += other.demand;
        self.demand_known += other.demand_known;
        self.under += other.under;
        self.over += other.over;
        self.is_under += other.is_under;
        self.is_over += other.is_over;
        self.adaptations += other.adaptations;
        self.bound += other.bound;
        self.skew = self.skew.max(other.skew);
    }

    fn write(&self, services: &Services, entity: &impl Fn() -> Entity, out: &mut Output) {
        let mut ratio = |metric: &str, over: f64, under: f64| {
            out.ratio(metric, entity(), over, under);
        };
        ratio(
            "availability.requests",
            self.offered - self.lost,
            self.offered,
        );
        ratio("availability.time", self.enough[0], self.enough[1]);
        ratio("availability.capacity", self.capable[0], self.capable[1]);
        ratio("requests.lost", self.lost, self.offered);
        ratio("slo.budget_burned", self.burned[0], self.burned[1]);
        ratio("scaling.under", self.under, self.demand);
        ratio("scaling.over", self.over, self.demand);
        ratio("scaling.under_time", self.is_under, self.demand_known);
        ratio("scaling.over_time", self.is_over, self.demand_known);
        ratio("scaling.instability", self.steps[1], self.steps[0]);
        out.number("scaling.adaptations", entity(), self.adaptations as f64);
        out.number("replica_hours", entity(), self.bound / HOUR);
        if services.zones().len() > 1 {
            out.number("zone_skew.max", entity(), f64::from(self.skew));
        }
    }
}

impl Down {
    /// Those of these incidents.
    fn of<'a>(window: Window, incidents: impl Iterator<Item = &'a Incident>) -> Down {
        let mut down = Down::default();
        for incident in incidents {
            down.censored += u32::from(incident.censored);
            if incident.start <= window.from {
                continue;
            }
            let over = incident.recovered.unwrap_or(window.to);
            let detected = incident.detected.filter(|&at| at <= over);
            down.begun += 1;
            match (detected, incident.recovered) {
                (Some(at), _) => {
                    down.seen += 1.0;
                    down.detection += (at - incident.start).secs_f64();
                }
                (None, Some(_)) => down.unseen += 1,
                (None, None) => {}
            }
            if !incident.censored {
                down.whole += 1.0;
                down.down += (over - incident.start).secs_f64();
            }
        }
        down
    }

    fn add(&mut self, other: &Down) {
        self.begun += other.begun;
        self.unseen += other.unseen;
        self.censored += other.censored;
        self.whole += other.whole;
        self.down += other.down;
        self.seen += other.seen;
        self.detection += other.detection;
    }

    /// Writes the values; `up` is the time with enough replicas.
    fn write(&self, up: f64, entity: &impl Fn() -> Entity, out: &mut Output) {
        out.number("outages", entity(), f64::from(self.begun));
        out.number("outages.unseen", entity(), f64::from(self.unseen));
        out.number("outages.censored", entity(), f64::from(self.censored));
        out.ratio("outage.time_to_detect", entity(), self.detection, self.seen);
        out.ratio("outage.time_to_recover", entity(), self.down, self.whole);
        out.ratio("outage.time_between", entity(), up, self.whole);
    }
}

/// Time series of services.
pub(super) fn series(services: &Services, catalog: &Catalog, out: &mut Output) {
    for (id, service) in services.all().iter() {
        let entity = || Entity::Service(catalog.services[id].name.clone());
        let cells = service.track.cells();
        let lost = |cell: usize| service.lost(|quantity| cells[cell][quantity]);
        let offered = |cell: usize| cells[cell][level::OFFERED];
        out.mean_series(entity(), "requests.offered", "1/s", offered);
        out.mean_series(entity(), "requests.served", "1/s", |cell| {
            offered(cell) - lost(cell)
        });
        let replicas = [
            ("replicas.ready", level::READY),
            ("replicas.wanted", level::WANTED),
        ];
        for (name, quantity) in replicas {
            out.mean_series(entity(), name, "replicas", |cell| cells[cell][quantity]);
        }
        let measured = has_demand(service);
        out.series(entity(), "replicas.needed", "replicas", |cell| {
            let known = cells[cell][level::DEMAND_KNOWN];
            (measured && known > 0.0).then(|| cells[cell][level::DEMAND] / known)
        });
        out.ratio_series(entity(), "availability.requests", |cell| {
            (offered(cell) - lost(cell), offered(cell))
        });
        out.ratio_series(entity(), "requests.lost", |cell| {
            (lost(cell), offered(cell))
        });
    }
}

//! From what was written to what it means: every check that needs more than one value.

mod asked;
mod curves;
mod delays;
mod failures;
mod gpus;
mod growth;
mod jobs;
mod limits;
mod live;
mod nodes;
mod objectives;
mod parts;
mod rules;
mod selectors;
mod services;
mod stationary;
mod trace;
mod warnings;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Scenario;
use super::decode::{At, Field};
use super::edits::Edits;
use super::files::{Files, Home, Read};
use super::names::Names;
use super::objective::Tolerance;
use super::policies::{PolicyKind, Registry, Written};
use super::problem::{Problem, Problems, Severity, Span};
use super::raw;
use super::values::{self, Name};
use crate::cluster::catalog::{Catalog, Shape};
use crate::cluster::rules::Rules;
use crate::ids::{Arena, GpuModelId, NodeId, RulesId, ServiceId, ShapeId, ZoneId};
use crate::policy::registry::{Choice, Named};
use crate::script::Outline;
use crate::script::jobs::Jobs;
use crate::script::service::Behaviour;
use crate::time::{Duration, Time};
use crate::units::Bytes;
use nodes::Machine;
use selectors::PriorityClass;

/// A scenario under construction.
struct Builder<'a> {
    problems: &'a mut Problems,
    files: Files<'a>,
    /// What a reader of the results must know, beside the warnings.
    notes: Vec<String>,
    catalog: Catalog,
    shapes: BTreeMap<Shape, ShapeId>,
    known_rules: BTreeMap<Rules, RulesId>,
    classes: Names<PriorityClass>,
    default_class: Option<PriorityClass>,
    gpu_models: BTreeMap<String, GpuModelId>,
    /// Names of nodes and of groups of nodes.
    machines: Names<Machine>,
    /// The nodes of each group.
    members: Vec<Vec<NodeId>>,
    zones: Names<ZoneId>,
    services: Names<ServiceId>,
    /// Whether every service could be read: else the ids of their names say nothing.
    services_whole: bool,
    behaviours: Arena<ServiceId, Behaviour>,
    service_spans: Arena<ServiceId, Span>,
    /// How much less availability is not worse, by service.
    slo_tolerances: BTreeMap<String, Tolerance>,
    /// Sizes of images, and where they were given.
    images: BTreeMap<String, At<Bytes>>,
    /// Shapes that stand in the file: what asks for each, and where.
    asked: Vec<(At<String>, ShapeId)>,
    /// What the scheduler must obey beyond room, and where that was given.
    rules_asked: Vec<(&'static str, Span)>,
    /// Memory that everything so far needs.
    memory: u128,
    /// How many times the load of the file there is.
    load_factor: f64,
    /// When the run ends and when measuring begins, where that can be said.
    window: Option<(Time, Time)>,
}

/// What stands beside the document itself.
pub(super) struct Context<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    pub(super) edits: &'a Edits,
    /// The texts of the overlays.
    pub(super) overlays: &'a [&'a str],
    /// The scenario file and the overlays, which name other files.
    pub(super) homes: &'a [Home<'a>],
    pub(super) read: &'a Read<'a>,
    pub(super) registry: &'a Registry,
}

/// The scenario that the document means, without warnings among its notes; `None` once a problem
/// has been reported.
pub(super) fn scenario(
    file: raw::File,
    context: &Context<'_>,
    problems: &mut Problems,
) -> Option<Scenario> {
    let files = Files::new(context.homes, context.read);
    let mut builder = Builder::new(files, problems);
    let policy = builder.policies(file.policy, context.registry);
    let sim = builder.delays(file.delays);
    let name = builder.name(file.name, context.path);
    let currency = file.currency.or("USD".to_owned());

    let load_factor = builder.load_factor(file.load_factor);
    let trace = file.trace.or_blank();
    builder.namespaces(file.namespaces);
    builder.priority_classes(file.priority_classes);
    builder.budgets(file.disruption_budgets);
    builder.groups(file.nodes);
    builder.trace_nodes(trace.as_ref());
    builder.services(file.services);
    let excluded = builder.excluded(trace.as_ref());
    let pods = builder.trace_pods(trace.as_ref());
    let node_events = builder.trace_events(trace.as_ref());
    builder.trace_load(trace.as_ref());
    builder.grow();
    builder.grown(load_factor, pods.as_ref());
    let end = builder.end(file.duration, pods.as_ref());
    let warm_up = builder.warm_up(file.warm_up, end);
    builder.window = end.zip(warm_up);
    let sources = builder.jobs(file.jobs);
    let failures = builder.failures(file.failures);
    let stationary = builder.stationary(
        file.stationary,
        pods.as_ref(),
        sources.as_deref(),
        failures.as_deref(),
    );
    let objectives = builder.objectives(file.objectives);
    let live = builder.live(file.live);
    builder.images_everywhere(sim.as_ref());
    builder.check(pods.as_ref(), sources.as_deref(), sim.as_ref());
    builder.obeyed(policy.as_ref(), context.registry);
    builder.drains(node_events.as_deref());

    if builder.problems.count(Severity::Error) > 0 {
        return None;
    }
    let rules_asked = builder.rules_asked();
    let end = end?;
    let outline = Outline {
        trace: Arc::new(pods?),
        sources: sources?,
        node_events: node_events?.into(),
        services: builder.behaviours,
        failures: failures?,
        strike: None,
        resample: None,
    };
    let mut catalog = builder.catalog;
    catalog.pods = outline.expected_pods(&catalog, end);
    Some(Scenario {
        name: name?,
        file: context
            .path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        question: super::question(context.text),
        changes: context.edits.changes(),
        hash: builder
            .files
            .hash(context.text, context.overlays, context.edits),
        end,
        warm_up: warm_up?,
        stationary: stationary?,
        load_factor: load_factor?.value,
        currency: currency?.value,
        policy: policy?,
        objectives: objectives?,
        catalog: Arc::new(catalog),
        outline,
        sim: sim?,
        rules_asked,
        excluded: excluded?,
        warnings: Vec::new(),
        notes: builder.notes,
        drill: None,
        live: live?,
        lived: None,
    })
}

impl<'a> Builder<'a> {
    fn new(files: Files<'a>, problems: &'a mut Problems) -> Builder<'a> {
        Builder {
            problems,
            files,
            notes: Vec::new(),
            catalog: Catalog::default(),
            shapes: BTreeMap::new(),
            known_rules: BTreeMap::new(),
            classes: Names::new("priority class"),
            default_class: None,
            gpu_models: BTreeMap::new(),
            machines: Names::new("node or group of nodes"),
            members: Vec::new(),
            zones: Names::new("zone"),
            services: Names::new("service"),
            services_whole: true,
            behaviours: Arena::new(),
            service_spans: Arena::new(),
            slo_tolerances: BTreeMap::new(),
            images: BTreeMap::new(),
            asked: Vec::new(),
            rules_asked: Vec::new(),
            memory: 0,
            load_factor: 1.0,
            window: None,
        }
    }

    fn policies(&mut self, raw: Field<raw::Policies>, registry: &Registry) -> Option<Choice> {
        let raw = raw.or_blank()?;
        let mut choose = |kind, written: Field<Written>| -> Option<Named> {
            registry.choose(kind, written, self.problems)
        };
        let scheduler = choose(
            PolicyKind::Scheduler,
            raw.scheduler.map(|scheduler| scheduler.0),
        );
        let autoscaler = choose(
            PolicyKind::Autoscaler,
            raw.autoscaler.map(|autoscaler| autoscaler.0),
        );
        let healer = choose(PolicyKind::Healer, raw.healer.map(|healer| healer.0));
        Some(Choice {
            scheduler: scheduler?,
            autoscaler: autoscaler?,
            healer: healer?,
        })
    }

    fn name(&mut self, raw: Field<Name>, path: &Path) -> Option<String> {
        if let Some(name) = raw.optional()? {
            return Some(name.value.0);
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let possible = values::is_name(&stem);
        if !possible {
            let message = format!("`name` is missing, and `{stem}` cannot stand for it");
            self.problems.push(Problem::error(message));
        }
        possible.then(|| stem.into_owned())
    }

    /// When the run ends: as it is said, or with the whole second after the last arrival of the
    /// trace, so that the last pod arrives within [0, end).
    fn end(&mut self, raw: Field<Duration>, pods: Option<&Jobs>) -> Option<Time> {
        let table = match raw {
            Field::Given(_) => return self.above_zero("duration", raw.given()).map(instant),
            Field::Absent(table) => table,
            Field::Broken => return None,
        };
        if let Some(last) = pods?.arrivals.last() {
            return Some(Time::from_secs(last.nanos() / 1_000_000_000 + 1));
        }
        self.problems.push(
            Problem::error("`duration` is missing")
                .at(table, "write duration = \"24h\" before the first [section]")
                .note("only a trace of pods can end a run without it"),
        );
        None
    }

    fn warm_up(&mut self, raw: Field<Duration>, end: Option<Time>) -> Option<Time> {
        let warm_up = raw.or(Duration::ZERO)?.map(instant);
        let end = end?;
        if warm_up.value >= end {
            let message = format!(
                "nothing is left to measure: the run ends at {}, its warm-up at {}",
                end.since_start().words(),
                warm_up.value.since_start().words()
            );
            self.problems
                .push(Problem::error(message).at(warm_up.span, ""));
            return None;
        }
        Some(warm_up.value)
    }

    /// The id of a shape: equal shapes are one.
    fn shape(&mut self, shape: Shape) -> ShapeId {
        if let Some(&id) = self.shapes.get(&shape) {
            return id;
        }
        let id = self.catalog.shapes.push(shape.clone());
        self.shapes.insert(shape, id);
        id
    }

    /// The id of a zone, which is new the first time it is named.
    fn zone(&mut self, name: &str) -> ZoneId {
        match self.zones.get(name) {
            Some(id) => id,
            None => {
                let id = self.catalog.zones.push(name.to_owned());
                self.zones.add_unplaced(name, id);
                id
            }
        }
    }
}

/// The time that long after the start.
fn instant(after: Duration) -> Time {
    Time::from_nanos(after.nanos())
}

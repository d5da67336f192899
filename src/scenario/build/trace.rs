//! Pods, node events and load from the files of a trace.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Builder;
use super::curves::point;
use super::limits::{LARGEST, POD_MEMORY};
use super::nodes::{CPU_MILLI_MAX, MEMORY_MIB_MAX, Machine};
use super::services::requested;
use crate::cluster::catalog::{Limits, Shape};
use crate::cluster::gpu::{GpuModels, GpuRequest, MAX_GPUS};
use crate::ids::{Id, JobId, NodeId, ServiceId};
use crate::rng;
use crate::scenario::decode::At;
use crate::scenario::problem::Problem;
use crate::scenario::raw::{self, Restart};
use crate::scenario::rows::{BadCell, Mistakes, Rows, columns};
use crate::script::jobs::{Job, Jobs};
use crate::script::load::Load;
use crate::script::{NodeEvent, NodeEventKind};
use crate::time::{Duration, Time};
use crate::units::{Bytes, MilliCpu, WHOLE_GPU};

columns! {
    /// Columns of the pods.
    pod {
        NAME: required "name",
        ARRIVAL: required "arrival_s",
        DURATION: required "duration_s",
        CPU: required "cpu_milli",
        MEMORY: required "memory_mib",
        GPU: optional "gpu",
        GPU_MILLI: optional "gpu_milli",
        GPU_MODEL: optional "gpu_model",
        PRIORITY: optional "priority",
        WORKLOAD: optional "workload",
    }
}

columns! {
    /// Columns of the node events.
    event {
        TIME: required "time_s",
        NODE: required "node",
        EVENT: required "event",
    }
}

columns! {
    /// Columns of the load.
    rate {
        TIME: required "time_s",
        SERVICE: required "service",
        RATE: required "rate_per_s",
    }
}

/// What is known of a node while its events are read in order.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    present: bool,
    up: bool,
    drained: bool,
}

impl Builder<'_> {
    /// What was left out when the trace was made; `None` once a problem has been reported.
    pub(super) fn excluded(&mut self, trace: Option<&raw::Trace>) -> Option<Vec<(String, u64)>> {
        let Some(counts) = trace?.excluded.clone().optional()? else {
            return Some(Vec::new());
        };
        let all: u128 = counts.value.0.iter().map(|&(_, n)| u128::from(n)).sum();
        if all as f64 > LARGEST {
            let message = format!("`excluded` adds up to more than {LARGEST:e}");
            self.problems
                .push(Problem::error(message).at(counts.span, ""));
            return None;
        }
        Some(counts.value.0)
    }

    /// The pods of a trace in order of arrival; `None` once a problem has been reported.
    pub(super) fn trace_pods(&mut self, trace: Option<&raw::Trace>) -> Option<Jobs> {
        let trace = trace?;
        let restart = trace.restart.clone().or(Restart::Always);
        let Some(path) = trace.pods.clone().optional()? else {
            return restart.map(|_| Jobs::default());
        };
        let text = self.files.open(&path, self.problems)?;
        let mut rows = Rows::open(&text, pod::COLUMNS, self.problems)?;
        let lines = rows.remaining();
        let count = At {
            value: lines as u64,
            span: path.span,
        };
        if !self.reserve(count, "rows of pods", POD_MEMORY) {
            return None;
        }
        let mut jobs = Jobs::default();
        jobs.arrivals.reserve_exact(lines);
        jobs.durations.reserve_exact(lines);
        jobs.shapes.reserve_exact(lines);
        let mut workloads = false;
        while rows.advance(self.problems) {
            workloads |= !rows.cell(pod::WORKLOAD).is_empty();
            let mut mistakes = Mistakes::default();
            let _ = self.pod_row(&rows, &mut jobs, &mut mistakes);
            rows.refuse(mistakes, self.problems);
        }
        self.unique(&jobs, &mut rows);
        if !rows.finish(self.problems) {
            return None;
        }
        jobs.replace = vec![restart?.value == Restart::Always; jobs.arrivals.len()];
        if workloads {
            self.notes.push(format!(
                "{}: the names of workloads are not used: no policy knows which pods belong together",
                text.shown
            ));
        }
        if !jobs.arrivals.is_sorted() {
            self.notes
                .push(format!("{}: put in order of arrival", text.shown));
            jobs = sorted(&jobs);
        }
        Some(jobs)
    }

    /// Reads one pod, all but whether it is replaced; `None` once a mistake has been noted.
    fn pod_row(&mut self, rows: &Rows<'_>, jobs: &mut Jobs, mistakes: &mut Mistakes) -> Option<()> {
        let name = mistakes.note(rows.name(pod::NAME));
        let arrival = mistakes.note(rows.seconds(pod::ARRIVAL));
        let duration = match rows.cell(pod::DURATION) {
            [] => Some(Duration::MAX),
            _ => mistakes
                .note(rows.seconds(pod::DURATION))
                .map(Duration::from_nanos),
        };
        let cpu = mistakes.note(rows.whole(pod::CPU, CPU_MILLI_MAX));
        let memory = mistakes.note(rows.whole(pod::MEMORY, MEMORY_MIB_MAX));
        let gpus = self.row_gpus(rows, mistakes);
        let priority = mistakes.note(row_priority(rows));
        let (name, arrival, duration, gpus) = (name?, arrival?, duration?, gpus?);
        let shape = self.shape(Shape {
            requests: requested(MilliCpu(cpu?), Bytes::from_mib(memory?), gpus),
            limits: Limits::default(),
            gpus,
            priority: priority?,
            ..Shape::default()
        });
        jobs.names.push(name);
        jobs.arrivals.push(Time::from_nanos(arrival));
        jobs.durations.push(duration);
        jobs.shapes.push(shape);
        Some(())
    }

    fn row_gpus(&mut self, rows: &Rows<'_>, mistakes: &mut Mistakes) -> Option<GpuRequest> {
        let count = mistakes.note(rows.whole_or(pod::GPU, MAX_GPUS.into(), 0))?;
        if count == 0 {
            let given = |column: &usize| !matches!(rows.cell(*column), [] | b"0");
            let idle: Vec<usize> = [pod::GPU_MILLI, pod::GPU_MODEL]
                .into_iter()
                .filter(given)
                .collect();
            for &column in &idle {
                mistakes.note::<()>(Err(BadCell::new(column, "is given, but no gpu")));
            }
            return idle.is_empty().then(GpuRequest::default);
        }
        let whole = u64::from(WHOLE_GPU);
        let milli = rows.whole_or(pod::GPU_MILLI, whole, whole);
        let milli = mistakes.note(milli.and_then(|milli| match milli {
            0 => Err(BadCell::new(pod::GPU_MILLI, "is zero, but there is a gpu")),
            milli => Ok(milli),
        }));
        let models = mistakes.note(self.row_models(rows));
        Some(GpuRequest {
            count: count as u8,
            milli: milli? as u16,
            models: models?,
        })
    }

    fn row_models(&mut self, rows: &Rows<'_>) -> Result<GpuModels, BadCell> {
        let mut models = GpuModels::ANY;
        let kinds = rows.text(pod::GPU_MODEL)?.split('|');
        for model in kinds.filter(|model| !model.is_empty()) {
            models = models.with(self.gpu_model_of(model, pod::GPU_MODEL)?);
        }
        Ok(models)
    }

    /// Reports names that are there twice.
    fn unique(&mut self, jobs: &Jobs, rows: &mut Rows<'_>) {
        if rows.refused() {
            return;
        }
        let hash = |job| rng::fnv1a_128(jobs.names.get(job).as_bytes()) as u64;
        let mut hashes: Vec<(u64, u32)> = (0..jobs.arrivals.len())
            .map(|row| (hash(JobId::from_index(row)), row as u32))
            .collect();
        hashes.sort_unstable();
        let mut twice = Vec::new();
        let alike = hashes.chunk_by(|a, b| a.0 == b.0);
        for alike in alike.filter(|alike| alike.len() > 1) {
            let mut names: Vec<(&str, u32)> = alike
                .iter()
                .map(|&(_, row)| (jobs.names.get(JobId(row)), row))
                .collect();
            names.sort_unstable();
            let repeats = names.windows(2).filter(|pair| pair[0].0 == pair[1].0);
            twice.extend(repeats.map(|pair| pair[1].1));
        }
        twice.sort_unstable();
        let bad = BadCell::new(pod::NAME, "is taken: names of pods are unique");
        rows.refuse_rows(&twice, &bad, self.problems);
    }

    /// The node events of a trace in order of time; `None` once a problem has been reported.
    pub(super) fn trace_events(&mut self, trace: Option<&raw::Trace>) -> Option<Vec<NodeEvent>> {
        let Some(path) = trace?.node_events.clone().optional()? else {
            return Some(Vec::new());
        };
        let text = self.files.open(&path, self.problems)?;
        let mut rows = Rows::open(&text, event::COLUMNS, self.problems)?;
        let mut events: Vec<(NodeEvent, u32)> = Vec::new();
        while rows.advance(self.problems) {
            let row = events.len() as u32;
            let mut mistakes = Mistakes::default();
            let event = self.event_row(&rows, &mut mistakes);
            events.extend(event.map(|event| (event, row)));
            rows.refuse(mistakes, self.problems);
        }
        if rows.refused() {
            rows.finish(self.problems);
            return None;
        }
        if !events.is_sorted_by_key(|(event, _)| event.at) {
            self.notes
                .push(format!("{}: put in order of time", text.shown));
            events.sort_by_key(|(event, _)| event.at);
        }
        for (row, bad) in self.follow(&events) {
            rows.refuse_rows(&[row], &bad, self.problems);
        }
        rows.finish(self.problems)
            .then(|| events.into_iter().map(|(event, _)| event).collect())
    }

    /// Reads one event; nothing once a mistake has been noted, or if it may be of a node that could
    /// not be read.
    fn event_row(&self, rows: &Rows<'_>, mistakes: &mut Mistakes) -> Option<NodeEvent> {
        let at = mistakes.note(rows.seconds(event::TIME));
        let node = rows
            .name(event::NODE)
            .and_then(|name| self.event_node(rows, name));
        let node = mistakes.note(node);
        let kinds = [
            ("add", NodeEventKind::Add),
            ("remove", NodeEventKind::Remove),
            ("fail", NodeEventKind::Fail),
            ("recover", NodeEventKind::Recover),
            ("drain", NodeEventKind::Drain),
            ("undrain", NodeEventKind::Undrain),
        ];
        let event = rows.text(event::EVENT).and_then(|word| {
            let known = kinds.iter().find(|&&(name, _)| name == word);
            known.map(|&(_, event)| event).ok_or_else(|| {
                let words = kinds.iter().map(|&(name, _)| name);
                BadCell::new(event::EVENT, "is no event").instead(word, words)
            })
        });
        let event = mistakes.note(event);
        Some(NodeEvent {
            at: Time::from_nanos(at?),
            node: node??,
            event: event?,
        })
    }

    /// The node of that name; nothing, if it may be one that could not be read.
    fn event_node(&self, rows: &Rows<'_>, name: &str) -> Result<Option<NodeId>, BadCell> {
        match self.machines.get(name) {
            Some(Machine::Node(node)) => return Ok(Some(node)),
            None if !self.machines.complete => return Ok(None),
            None | Some(Machine::Group(_)) => {}
        }
        let bad = BadCell::new(event::NODE, "is not the name of a node");
        let nodes = self
            .machines
            .words_of(|thing| matches!(thing, Machine::Node(_)));
        Err(if rows.shows() {
            bad.instead(name, nodes)
        } else {
            bad
        })
    }

    /// Follows every node through its events: those that cannot happen, by row. A node whose first
    /// event is that it is added is not there from the start.
    fn follow(&mut self, events: &[(NodeEvent, u32)]) -> Vec<(u32, BadCell)> {
        let mut states: BTreeMap<NodeId, State> = BTreeMap::new();
        let mut impossible = Vec::new();
        for &(NodeEvent { node, event, .. }, row) in events {
            let state = states.entry(node).or_insert_with(|| {
                let present = event != NodeEventKind::Add;
                self.catalog.nodes[node].at_start = present;
                State {
                    present,
                    up: true,
                    drained: false,
                }
            });
            match state.after(event) {
                Ok(next) => *state = next,
                Err(what) => impossible.push((row, BadCell::new(event::EVENT, what))),
            }
        }
        impossible
    }

    /// Gives services the load of a trace.
    pub(super) fn trace_load(&mut self, trace: Option<&raw::Trace>) {
        if let Some(Some(path)) = trace.and_then(|trace| trace.load.clone().optional()) {
            self.load_rows(&path);
        }
    }

    fn load_rows(&mut self, path: &At<String>) -> Option<()> {
        let text = self.files.open(path, self.problems)?;
        let mut rows = Rows::open(&text, rate::COLUMNS, self.problems)?;
        let mut loads: BTreeMap<ServiceId, Vec<(Time, f64)>> = BTreeMap::new();
        while rows.advance(self.problems) {
            let mut mistakes = Mistakes::default();
            self.load_row(&rows, &mut loads, &mut mistakes);
            rows.refuse(mistakes, self.problems);
        }
        rows.finish(self.problems);
        if !self.services_whole {
            return None;
        }
        for (service, points) in loads {
            if self.behaviours[service].load != Load::Zero {
                let name = &self.catalog.services[service].name;
                let message = format!("`{name}` has a load of its own and one in {}", text.shown);
                self.problems
                    .push(Problem::error(message).at(path.span, ""));
            }
            self.behaviours[service].load = Load::Piecewise(Arc::from(points));
        }
        Some(())
    }

    /// Reads one step of the load of a service; a row of one that could not be read says nothing.
    fn load_row(
        &self,
        rows: &Rows<'_>,
        loads: &mut BTreeMap<ServiceId, Vec<(Time, f64)>>,
        mistakes: &mut Mistakes,
    ) {
        let name = rows.text(rate::SERVICE);
        let service = name.and_then(|name| match self.services.get(name) {
            Some(service) => Ok(Some(service)),
            None if !self.services.complete => Ok(None),
            None => {
                let bad = BadCell::new(rate::SERVICE, "is not the name of a service");
                let words = self.services.words_of(|_| true);
                Err(if rows.shows() {
                    bad.instead(name, words)
                } else {
                    bad
                })
            }
        });
        let service = mistakes.note(service).flatten();
        let last = service.and_then(|service| loads.get(&service)?.last());
        let point = point(rows, [rate::TIME, rate::RATE], last, mistakes);
        if let (Some(service), Some(point)) = (service, point) {
            loads.entry(service).or_default().push(point);
        }
    }
}

impl State {
    /// The state after an event, or why the event cannot happen.
    fn after(self, event: NodeEventKind) -> Result<State, &'static str> {
        use NodeEventKind::{Add, Drain, Fail, Recover, Remove, Undrain};
        let State {
            present,
            up,
            drained,
        } = self;
        match event {
            Add if present => Err("cannot be: the node is there already"),
            Add => Ok(State {
                present: true,
                up: true,
                drained: false,
            }),
            _ if !present => Err("cannot be: the node is not there"),
            Fail if !up => Err("cannot be: the node is down already"),
            Recover if up => Err("cannot be: the node is not down"),
            Drain if drained => Err("cannot be: the node is drained already"),
            Undrain if !drained => Err("cannot be: the node is not drained"),
            Remove => Ok(State {
                present: false,
                ..self
            }),
            Fail => Ok(State { up: false, ..self }),
            Recover => Ok(State { up: true, ..self }),
            Drain => Ok(State {
                drained: true,
                ..self
            }),
            Undrain => Ok(State {
                drained: false,
                ..self
            }),
        }
    }
}

fn row_priority(rows: &Rows<'_>) -> Result<i32, BadCell> {
    match rows.text(pod::PRIORITY)? {
        "" => Ok(0),
        text => text
            .parse()
            .map_err(|_| BadCell::new(pod::PRIORITY, "is not a whole number within 32 bits")),
    }
}

/// The jobs in order of arrival; those that arrive together stay in order.
fn sorted(jobs: &Jobs) -> Jobs {
    let mut order: Vec<u32> = (0..jobs.len() as u32).collect();
    order.sort_by_key(|&row| jobs.arrivals[row as usize]);
    let mut sorted = Jobs::default();
    for row in order {
        let job: Job<'_> = jobs.get(JobId(row));
        sorted.push(job);
    }
    sorted
}

//! Nodes, from groups in the scenario file and from the rows of a trace.

use std::collections::BTreeMap;

use super::Builder;
use super::limits::{LARGEST, NODE_MEMORY};
use crate::cluster::catalog::NodeSpec;
use crate::cluster::gpu::MAX_GPUS;
use crate::cluster::labels::Labels;
use crate::cluster::rules::Traits;
use crate::ids::{GpuModelId, GroupId, ImageId, NodeId, ZoneId};
use crate::scenario::decode::{At, Field, List};
use crate::scenario::problem::Problem;
use crate::scenario::raw;
use crate::scenario::rows::{BadCell, Mistakes, Rows, columns};
use crate::scenario::values::{Amounts, Name, Texts};
use crate::sim::config::Config;
use crate::units::{Bytes, MilliCpu, MilliGpu, Resources, WHOLE_GPU};

/// The kubelet's `maxPods` (KubeletConfiguration v1beta1).
const MAX_PODS: u32 = 110;

/// Most groups that the nodes of a trace are told apart into.
const TRACE_GROUPS: usize = 64;

/// Most CPU of a row, in thousandths of a core: a billion cores.
pub(super) const CPU_MILLI_MAX: u64 = 1_000_000_000_000;
/// Most memory of a row, in mebibytes: 1 PiB.
pub(super) const MEMORY_MIB_MAX: u64 = 1 << 30;

columns! {
    /// Columns of the nodes of a trace.
    node {
        NAME: required "name",
        CPU: required "cpu_milli",
        MEMORY: required "memory_mib",
        GPU: optional "gpu",
        GPU_MODEL: optional "gpu_model",
        ZONE: optional "zone",
        RACK: optional "rack",
        PRICE: optional "price_per_hour",
    }
}

/// What a node is called by: its own name or that of its group.
#[derive(Clone, Copy, Debug)]
pub(super) enum Machine {
    /// One node.
    Node(NodeId),
    /// A group of the scenario file, by its place there.
    Group(usize),
}

/// What tells the nodes of a trace apart.
type Kind = (Resources, Option<GpuModelId>);

impl Builder<'_> {
    /// Adds the groups of the scenario file.
    pub(super) fn groups(&mut self, raw: Field<List<raw::Nodes>>) {
        let groups = raw.elements();
        self.zones.complete &= groups.complete;
        let groups = groups.read(|group| self.group(group.value));
        self.machines.complete &= groups.is_some();
    }

    /// Adds one group with its nodes; `None` once a problem has been reported.
    fn group(&mut self, raw: raw::Nodes) -> Option<()> {
        let name = raw.name.clone().given().map(|name| name.map(|name| name.0));
        let place = self.members.len();
        self.members.push(Vec::new());
        let group = Machine::Group(place);
        let name = name.filter(|name| self.machines.add(name, group, self.problems));
        let zones = self.group_zones(raw.zones.clone());
        let count = raw.count.clone().or(1);
        if let Some(zero) = count.filter(|count| count.value == 0) {
            let problem = Problem::error("a group has at least one node");
            self.problems.push(problem.at(zero.span, ""));
            return None;
        }
        let fits = count.is_some_and(|count| self.reserve(count, "nodes", NODE_MEMORY));
        let spec = self.group_spec(raw);
        let (name, zones, spec) = (name?, zones?, spec?);
        if !fits {
            return None;
        }
        let group = self.catalog.groups.push(name.value.clone());
        for (n, zone) in (0..count?.value).zip(zones.into_iter().cycle()) {
            let name = name.clone().map(|name| format!("{name}-{n}"));
            let traits = self.own_traits(&spec.traits, &name.value, zone);
            let node = self.catalog.nodes.push(NodeSpec {
                name: name.value.clone(),
                group,
                zone,
                traits,
                ..spec.clone()
            });
            self.machines.add(&name, Machine::Node(node), self.problems);
            self.members[place].push(node);
        }
        Some(())
    }

    /// The zones of a group, at least one.
    fn group_zones(&mut self, raw: Field<List<Name>>) -> Option<Vec<ZoneId>> {
        let zones = raw.elements();
        self.zones.complete &= zones.complete;
        let mut zones = zones.read(|zone| Some(self.zone(&zone.value.0)))?;
        if zones.is_empty() {
            zones.push(self.zone(""));
        }
        Some(zones)
    }

    /// What each node of a group is, but for its name, group and zone.
    fn group_spec(&mut self, raw: raw::Nodes) -> Option<NodeSpec> {
        let cpu = self.above_zero("cpu", raw.cpu.given());
        let memory = self.above_zero("memory", raw.memory.given());
        let gpus = self.within("gpu", raw.gpu.or(0), 0, MAX_GPUS.into());
        let model = raw.gpu_model.if_given(|model| self.node_model(gpus, model));
        let max_pods = raw.max_pods.or(MAX_PODS.into());
        let max_pods = self.within("max_pods", max_pods, 1, u32::MAX.into());
        let traits = self.group_traits(raw.labels, raw.taints, raw.images, raw.resources);
        let price = raw
            .price_per_hour
            .if_given(|price| self.not_negative("price_per_hour", Some(price)));
        Some(NodeSpec {
            name: String::new(),
            group: GroupId(0),
            zone: ZoneId(0),
            allocatable: resources(cpu?, memory?, gpus?),
            gpus: gpus? as u8,
            gpu_model: model?,
            max_pods: max_pods? as u32,
            price_per_hour: price?,
            at_start: true,
            traits: traits?,
        })
    }

    /// Labels, taints, images and extended resources that the nodes of a group have in common.
    fn group_traits(
        &mut self,
        labels: Field<Texts>,
        taints: Field<List<raw::pod::Taint>>,
        images: Field<List<raw::Image>>,
        resources: Field<Amounts>,
    ) -> Option<Traits> {
        let labels = labels.optional();
        let taints = self.taints(taints);
        let images = images.elements().read(|image| {
            let image = self.image(image.value)?;
            Some(self.image_id(&image))
        });
        let extended = self.amounts(resources);
        let (labels, mut images) = (labels?, images?);
        images.sort_unstable();
        images.dedup();
        Some(Traits {
            labels: labels.map_or_else(Labels::default, |labels| self.labels(&labels.value)),
            name: None,
            taints: taints?,
            images,
            extended: extended?,
        })
    }

    /// The same, with what is a node's own.
    fn own_traits(&mut self, common: &Traits, name: &str, zone: ZoneId) -> Traits {
        let zone = self.catalog.zones[zone].clone();
        Traits {
            labels: self.node_labels(&common.labels, name, &zone),
            name: Some(self.catalog.values.intern(name)),
            ..common.clone()
        }
    }

    /// Where pulling is not modelled every image is on every node.
    pub(super) fn images_everywhere(&mut self, sim: Option<&Config>) {
        if sim.is_some_and(|sim| sim.pull_bandwidth.is_none()) {
            let all: Vec<ImageId> = self.catalog.images.ids().collect();
            for (_, node) in self.catalog.nodes.iter_mut() {
                node.traits.images.clone_from(&all);
            }
        }
    }

    /// The kind of a node's GPUs, which is named only where it has some.
    fn node_model(&mut self, gpus: Option<u64>, name: At<Name>) -> Option<GpuModelId> {
        if gpus == Some(0) {
            let problem = Problem::error("a `gpu_model`, but no `gpu`");
            self.problems.push(problem.at(name.span, ""));
            return None;
        }
        self.gpu_model(name.map(|name| name.0))
    }

    /// Adds the nodes of a trace.
    pub(super) fn trace_nodes(&mut self, trace: Option<&raw::Trace>) {
        let path = trace.and_then(|trace| trace.nodes.clone().optional());
        let complete = match path {
            Some(None) => true,
            None => false,
            Some(Some(path)) => self.node_rows(&path).is_some(),
        };
        self.machines.complete &= complete;
        self.zones.complete &= complete;
    }

    fn node_rows(&mut self, path: &At<String>) -> Option<()> {
        let text = self.files.open(path, self.problems)?;
        let mut rows = Rows::open(&text, node::COLUMNS, self.problems)?;
        let count = At {
            value: rows.remaining() as u64,
            span: path.span,
        };
        if !self.reserve(count, "rows of nodes", NODE_MEMORY) {
            return None;
        }
        let mut racks = false;
        let mut nodes = Vec::new();
        while rows.advance(self.problems) {
            racks |= !rows.cell(node::RACK).is_empty();
            let mut mistakes = Mistakes::default();
            nodes.extend(self.node_row(&rows, &mut mistakes));
            rows.refuse(mistakes, self.problems);
        }
        self.group_trace(&nodes);
        if racks {
            let note = format!(
                "{}: racks are read, but nothing depends on them",
                text.shown
            );
            self.notes.push(note);
        }
        rows.finish(self.problems).then_some(())
    }

    /// Reads one node, all but its group; `None` once a mistake has been noted.
    fn node_row(&mut self, rows: &Rows<'_>, mistakes: &mut Mistakes) -> Option<NodeId> {
        let name = rows.name(node::NAME);
        let name = name.and_then(|name| match self.machines.get(name) {
            None => Ok(name),
            Some(_) => Err(BadCell::new(
                node::NAME,
                "is taken: names of nodes are unique",
            )),
        });
        let name = mistakes.note(name);
        let cpu = mistakes.note(rows.whole(node::CPU, CPU_MILLI_MAX));
        let memory = mistakes.note(rows.whole(node::MEMORY, MEMORY_MIB_MAX));
        let gpus = mistakes.note(rows.whole_or(node::GPU, MAX_GPUS.into(), 0));
        let gpu_model = rows.text(node::GPU_MODEL).and_then(|model| match model {
            "" => Ok(None),
            _ if gpus == Some(0) => Err(BadCell::new(node::GPU_MODEL, "is given, but no gpu")),
            model => self.gpu_model_of(model, node::GPU_MODEL).map(Some),
        });
        let gpu_model = mistakes.note(gpu_model);
        let zone = mistakes
            .note(rows.text(node::ZONE))
            .map(|zone| self.zone(zone));
        let price = match rows.cell(node::PRICE) {
            [] => Ok(None),
            _ => rows.number(node::PRICE, LARGEST).map(Some),
        };
        let price_per_hour = mistakes.note(price);
        let (name, cpu, memory, gpus) = (name?, cpu?, memory?, gpus?);
        let (gpu_model, zone, price_per_hour) = (gpu_model?, zone?, price_per_hour?);
        let node = self.catalog.nodes.next_id();
        self.machines.add_unplaced(name, Machine::Node(node));
        let traits = self.own_traits(&Traits::default(), name, zone);
        self.catalog.nodes.push(NodeSpec {
            name: name.to_owned(),
            group: GroupId(0),
            zone,
            allocatable: resources(MilliCpu(cpu), Bytes::from_mib(memory), gpus),
            gpus: gpus as u8,
            gpu_model,
            max_pods: MAX_PODS,
            price_per_hour,
            at_start: true,
            traits,
        });
        Some(node)
    }

    /// Groups the nodes of a trace by what they are: one group of all where they differ too much.
    fn group_trace(&mut self, nodes: &[NodeId]) {
        let mut kinds: BTreeMap<Kind, Vec<NodeId>> = BTreeMap::new();
        for &node in nodes {
            let spec = &self.catalog.nodes[node];
            let kind = (spec.allocatable, spec.gpu_model);
            kinds.entry(kind).or_default().push(node);
        }
        let groups: Vec<(String, Vec<NodeId>)> = match kinds.len() {
            0 => Vec::new(),
            n if n > TRACE_GROUPS => vec![("trace".to_owned(), nodes.to_vec())],
            _ => {
                let named = kinds.into_iter();
                let named = named.map(|(kind, nodes)| (self.kind_name(kind), nodes));
                named.collect()
            }
        };
        for (name, nodes) in groups {
            let machine = Machine::Group(self.members.len());
            if !self.machines.add_unplaced(&name, machine) {
                let message = format!("the trace has a group of nodes `{name}` of its own");
                self.problems.push(Problem::error(message));
            }
            let group = self.catalog.groups.push(name);
            for &node in &nodes {
                self.catalog.nodes[node].group = group;
            }
            self.members.push(nodes);
        }
    }

    /// What a group of equal nodes of a trace is called: `96cpu-768Gi-8xV100`.
    fn kind_name(&self, (resources, model): Kind) -> String {
        let cpu = match resources.cpu.0 {
            milli if milli % 1000 == 0 => format!("{}cpu", milli / 1000),
            milli => format!("{milli}mcpu"),
        };
        let memory = match resources.memory.0 {
            bytes if bytes % Bytes::GIB == 0 => format!("{}Gi", bytes / Bytes::GIB),
            bytes => format!("{}Mi", bytes / Bytes::MIB),
        };
        let gpus = resources.gpu.0 / u64::from(WHOLE_GPU);
        let model = model.map_or("gpu", |model| &self.catalog.gpu_models[model]);
        match gpus {
            0 => format!("{cpu}-{memory}"),
            _ => format!("{cpu}-{memory}-{gpus}x{model}"),
        }
    }
}

fn resources(cpu: MilliCpu, memory: Bytes, gpus: u64) -> Resources {
    Resources {
        cpu,
        memory,
        gpu: MilliGpu(gpus * u64::from(WHOLE_GPU)),
    }
}

//! What nodes and pods of a case are, as a catalogue.

use std::collections::BTreeMap;

use plimsoll::cluster::catalog::{Catalog, Image, Namespace, NodeSpec, Shape};
use plimsoll::cluster::labels::Labels;
use plimsoll::cluster::requests::{Init, Parts, Request};
use plimsoll::cluster::rules::{Allowance, Budget, Effect, Taint, Traits};
use plimsoll::ids::{
    ExtendedId, GroupId, Id, ImageId, NamespaceId, RevisionId, RulesId, ShapeId, ValueId, ZoneId,
};
use plimsoll::units::{Bytes, MilliCpu, Resources};

use crate::json::{self, Event, Object, Texts};
use crate::quantity::quantity;

/// A catalogue in the making.
pub(crate) struct Builder<'a> {
    pub(crate) case: &'a json::Case,
    pub(crate) catalog: Catalog,
    /// Nodes by the place of their names in decisions.
    pub(crate) node_names: Vec<String>,
}

/// The namespace of what names none.
pub(crate) const DEFAULT: &str = "default";

impl<'a> Builder<'a> {
    /// Namespaces, nodes and budgets of the case; pods are added one by one.
    pub(crate) fn new(case: &'a json::Case) -> Builder<'a> {
        let mut builder = Builder {
            case,
            catalog: Catalog::default(),
            node_names: Vec::new(),
        };
        builder.catalog.zones.push(String::new());
        builder.catalog.groups.push(String::new());
        for object in &case.objects {
            if let Object::Namespace(one) = object {
                assert_eq!(one.api_version, "v1");
                builder.namespace(&one.metadata);
            }
        }
        let added = case.events.iter().filter_map(|event| match event {
            Event::NodeAdd { node, .. } => Some(node),
            Event::NodeUpdate { .. }
            | Event::NodeDelete { .. }
            | Event::PodAdd { .. }
            | Event::PodDelete { .. } => None,
        });
        for (node, at_start) in
            (case.nodes.iter().map(|node| (node, true))).chain(added.map(|node| (node, false)))
        {
            let spec = builder.node(node, at_start);
            builder.node_names.push(spec.name.clone());
            builder.catalog.nodes.push(spec);
        }
        for object in &case.objects {
            if let Object::PodDisruptionBudget(budget) = object {
                builder.budget(budget);
            }
        }
        builder
    }

    fn namespace(&mut self, metadata: &json::Metadata) {
        let id = self.namespace_named(&metadata.name);
        let labels = self.labels(&metadata.labels);
        self.catalog.namespaces[id].labels = labels;
    }

    /// The namespace of that name, perhaps a new one.
    pub(crate) fn namespace_named(&mut self, name: &str) -> NamespaceId {
        let known = &mut self.catalog.namespaces;
        let found = known.iter().find(|(_, one)| one.name == name);
        match found.map(|(id, _)| id) {
            Some(id) => id,
            None => known.push(Namespace {
                name: name.to_owned(),
                labels: Labels::default(),
            }),
        }
    }

    pub(crate) fn namespace_of(&mut self, metadata: &json::Metadata) -> NamespaceId {
        self.namespace_named(metadata.namespace.as_deref().unwrap_or(DEFAULT))
    }

    pub(crate) fn value(&mut self, text: &str) -> ValueId {
        self.catalog.values.intern(text)
    }

    pub(crate) fn labels(&mut self, texts: &Texts) -> Labels {
        let catalog = &mut self.catalog;
        let texts = texts.iter();
        let interned =
            texts.map(|(key, value)| (catalog.keys.intern(key), catalog.values.intern(value)));
        interned.collect()
    }

    fn node(&mut self, node: &json::Node, at_start: bool) -> NodeSpec {
        let json::Metadata {
            name,
            namespace: None,
            labels,
            owner_references,
            deletion_timestamp: None,
        } = &node.metadata
        else {
            panic!("more of a node than is understood")
        };
        assert!(owner_references.is_empty());
        let mut room = node.status.allocatable.clone();
        let mut take = |name, per| room.remove(name).map_or(0, |text| quantity(&text, per));
        let (cpu, memory, pods) = (take("cpu", 1000), take("memory", 1), take("pods", 1));
        let taints = node.spec.taints.iter();
        let traits = Traits {
            labels: self.labels(labels),
            name: Some(self.value(name)),
            taints: taints.map(|taint| self.taint(taint)).collect(),
            images: self.images(&node.status.images),
            extended: self.extended(&room).into_iter().collect(),
        };
        NodeSpec {
            name: name.clone(),
            group: GroupId(0),
            zone: ZoneId(0),
            allocatable: Resources::new(MilliCpu(cpu), Bytes(memory)),
            gpus: 0,
            gpu_model: None,
            max_pods: u32::try_from(pods).unwrap(),
            price_per_hour: None,
            at_start,
            traits,
        }
    }

    /// What the node becomes.
    pub(crate) fn revision(&mut self, node: &json::Node) -> RevisionId {
        let spec = self.node(node, false);
        self.catalog.revisions.push(spec)
    }

    fn taint(&mut self, taint: &json::Taint) -> Taint {
        Taint {
            key: self.catalog.keys.intern(&taint.key),
            value: self.value(&taint.value),
            effect: effect(&taint.effect),
        }
    }

    /// Every name of an image is an image of its own.
    fn images(&mut self, images: &[json::Image]) -> Vec<ImageId> {
        let mut ids: Vec<ImageId> = Vec::new();
        for image in images {
            for name in &image.names {
                ids.push(self.image(name, image.size_bytes));
            }
        }
        ids.sort_unstable();
        ids
    }

    /// The image of that name; its size is that of the first one who names it.
    pub(crate) fn image(&mut self, name: &str, size: u64) -> ImageId {
        let name = with_tag(name);
        let known = &mut self.catalog.images;
        let found = known.iter().find(|(_, one)| one.name == name);
        match found.map(|(id, _)| id) {
            Some(id) => id,
            None => known.push(Image { name, size }),
        }
    }

    /// Resources other than CPU, memory and pods.
    fn extended(&mut self, texts: &Texts) -> BTreeMap<ExtendedId, u64> {
        let known = &mut self.catalog.extended;
        let texts = texts.iter();
        texts
            .map(|(name, text)| (known.intern(name), quantity(text, 1)))
            .collect()
    }

    fn budget(&mut self, budget: &json::Budget) {
        assert_eq!(budget.api_version, "policy/v1");
        let selector = budget.spec.selector.as_ref();
        let budget = Budget {
            name: budget.metadata.name.clone(),
            namespace: self.namespace_of(&budget.metadata),
            selector: selector.map(|selector| self.selector(selector)),
            allowance: Allowance::Stated(budget.status.disruptions_allowed),
        };
        self.catalog.budgets.push(budget);
    }

    /// What the pod asks for.
    pub(crate) fn shape(&mut self, pod: &json::Pod) -> ShapeId {
        let spec = &pod.spec;
        let containers = spec.containers.iter();
        let parts = Parts {
            containers: containers.map(|one| self.container_request(one)).collect(),
            inits: (spec.init_containers.iter())
                .map(|one| self.init(one))
                .collect(),
            pod: spec.resources.requests.as_ref().map(|texts| {
                let known = |name: &String| {
                    name == "cpu" || name == "memory" || name.starts_with("hugepages-")
                };
                assert!(texts.keys().all(known), "no request of a whole pod");
                self.request(texts)
            }),
            overhead: self.request(&spec.overhead),
        };
        let sum = parts.sum();
        let rules = self.rules(pod);
        let known = self.catalog.rules.as_slice();
        let rules = match known.iter().position(|one| *one == rules) {
            Some(at) => RulesId::from_index(at),
            None => self.catalog.rules.push(rules),
        };
        let shape = Shape {
            requests: Resources::new(sum.cpu, sum.memory),
            extended: sum.extended.into_iter().collect(),
            assumed: Some(sum.assumed),
            placing: Some(sum.placing),
            priority: spec.priority,
            rules,
            ..Shape::default()
        };
        let known = self.catalog.shapes.as_slice();
        match known.iter().position(|one| *one == shape) {
            Some(at) => ShapeId::from_index(at),
            None => self.catalog.shapes.push(shape),
        }
    }

    fn init(&mut self, container: &json::Container) -> Init {
        Init {
            request: self.container_request(container),
            sidecar: is_sidecar(container),
        }
    }

    fn container_request(&mut self, container: &json::Container) -> Request {
        let requests = container.resources.requests.as_ref();
        requests.map_or_else(Request::default, |texts| self.request(texts))
    }

    fn request(&mut self, texts: &Texts) -> Request {
        let mut texts = texts.clone();
        let mut take = |name, per| texts.remove(name).map(|text| quantity(&text, per));
        Request {
            cpu: take("cpu", 1000).map(MilliCpu),
            memory: take("memory", 1).map(Bytes),
            extended: self.extended(&texts),
        }
    }
}

/// Whether an init container runs on.
pub(crate) fn is_sidecar(container: &json::Container) -> bool {
    match container.restart_policy.as_deref() {
        None => false,
        Some("Always") => true,
        Some(other) => panic!("restart policy {other}"),
    }
}

/// The effect of that name.
pub(crate) fn effect(name: &str) -> Effect {
    match name {
        "NoSchedule" => Effect::NoSchedule,
        "PreferNoSchedule" => Effect::PreferNoSchedule,
        "NoExecute" => Effect::NoExecute,
        other => panic!("effect {other}"),
    }
}

/// An image without a tag is the latest (`normalizedImageName`).
fn with_tag(name: &str) -> String {
    let has_tag = name.rfind(':') > name.rfind('/');
    if has_tag {
        name.to_owned()
    } else {
        format!("{name}:latest")
    }
}

//! What rules say of nodes whatever their pods: nodes of which they say the same are a class.

use std::collections::BTreeMap;

use super::ask::bare;
use super::mirror::Mirror;
use crate::cluster::queue::RejectedBy;
use crate::ids::{Arena, Id, ImageId, NodeId, RulesId};
use crate::policy::scheduler::explanation::Plugin;
use crate::policy::scheduler::kube::cycle::{Cycle, NodeInfo};
use crate::policy::scheduler::kube::profile::{Filter, Profile};
use crate::policy::scheduler::kube::{node_affinity, node_name, taints};

/// Most entries of `images` of rules that classes tell apart.
pub(super) const IMAGES_MAX: usize = u64::BITS as usize;

/// The classes of nodes for every rules that a pod came with. A cache.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    columns: Arena<RulesId, Option<Column>>,
    /// How often classes were numbered.
    numbered: u64,
}

/// The classes of nodes for some rules.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The class of each node, by rank.
    pub(super) of: Vec<u32>,
    /// What makes each class.
    pub(super) classes: Vec<Class>,
    /// Nodes that node affinity names; none where it does not name nodes.
    pub(super) named: Option<u32>,
    /// Changes when the numbers of classes mean something else.
    pub(super) numbered: u64,
    numbers: BTreeMap<Class, u32>,
    cursor: u64,
    layout: u64,
}

/// What rules say of a node whatever its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    /// Whether the node is in the cluster.
    pub(super) present: bool,
    /// Whether the node is looked at: node affinity names no nodes, or this one.
    pub(super) named: bool,
    /// The filters that refuse it.
    pub(super) refused: RejectedBy,
    /// Taints that would rather keep the pod off.
    pub(super) taints: i64,
    /// The weight of preferred node affinity that matches.
    pub(super) affinity: i64,
    /// Which entries of the images of the rules are there, one bit each.
    pub(super) images: u64,
}

impl Class {
    /// Whether its nodes may take the pod.
    pub(super) const fn open(&self) -> bool {
        self.present && self.named && self.refused.0 == 0
    }

    /// The images of the rules that are there.
    pub(super) fn images<'a>(&self, cycle: &Cycle<'a>) -> impl Iterator<Item = &'a ImageId> {
        let bits = self.images;
        let all = cycle.rules.images.iter().enumerate();
        all.filter(move |&(at, _)| bits >> at & 1 == 1)
            .map(|(_, image)| image)
    }
}

impl Classes {
    /// The classes for the pod's rules, as nodes look now.
    pub(super) fn of(&mut self, profile: &Profile, cycle: &Cycle, mirror: &Mirror) -> &Column {
        let rules = cycle.shape.rules;
        while self.columns.len() <= rules.index() {
            self.columns.push(None);
        }
        let column = &mut self.columns[rules];
        let fresh = column
            .as_mut()
            .is_some_and(|it| it.refresh(profile, cycle, mirror));
        if !fresh {
            self.numbered += 1;
            *column = Some(Column::new(profile, cycle, mirror, self.numbered));
        }
        column.as_ref().expect("made if need be")
    }
}

impl Column {
    /// How many classes may take the pod.
    pub(super) fn open(&self) -> usize {
        self.classes.iter().filter(|class| class.open()).count()
    }

    fn new(profile: &Profile, cycle: &Cycle, mirror: &Mirror, numbered: u64) -> Column {
        let nodes = mirror.order.nodes();
        let here: Vec<NodeId> = nodes
            .iter()
            .copied()
            .filter(|&node| cycle.cluster.nodes()[node].present)
            .collect();
        let named = node_affinity::named(cycle, &here);
        let mut column = Column {
            of: Vec::with_capacity(nodes.len()),
            classes: Vec::new(),
            named: named.map(|nodes| nodes.len() as u32),
            numbered,
            numbers: BTreeMap::new(),
            cursor: mirror.looked.head(),
            layout: mirror.layout,
        };
        for &node in nodes {
            let class = column.number(class(profile, cycle, node));
            column.of.push(class);
        }
        column
    }

    /// Looks at the nodes that changed; whether it could.
    fn refresh(&mut self, profile: &Profile, cycle: &Cycle, mirror: &Mirror) -> bool {
        let Some(changed) = mirror.looked.since(self.cursor) else {
            return false;
        };
        if self.named.is_some() && self.layout != mirror.layout {
            return false;
        }
        for rank in changed {
            let rank = rank as usize;
            self.of[rank] = self.number(class(profile, cycle, mirror.order.node(rank)));
        }
        self.cursor = mirror.looked.head();
        self.layout = mirror.layout;
        true
    }

    fn number(&mut self, class: Class) -> u32 {
        let next = self.classes.len() as u32;
        *self.numbers.entry(class).or_insert_with(|| {
            self.classes.push(class);
            next
        })
    }
}

fn class(profile: &Profile, cycle: &Cycle, node: NodeId) -> Class {
    let info = bare(cycle, node);
    let refusals = profile.filters.iter();
    let refused = refusals.filter_map(|filter| refusal(profile, filter, cycle, &info));
    let images = cycle.rules.images.iter().enumerate();
    let images = images.filter(|(_, image)| info.state.images.binary_search(image).is_ok());
    Class {
        present: info.state.present,
        named: node_affinity::named(cycle, &[node]).is_none_or(|named| !named.is_empty()),
        refused: refused.fold(RejectedBy::default(), |by, plugin| by.with(plugin.bit())),
        taints: taints::score(cycle, &info),
        affinity: node_affinity::score(cycle, &profile.added_affinity, &info),
        images: images.fold(0, |bits, (at, _)| bits | 1 << at),
    }
}

/// Whether a filter that does not look at pods refuses the node.
fn refusal(profile: &Profile, filter: &Filter, cycle: &Cycle, info: &NodeInfo) -> Option<Plugin> {
    let refusal = match filter {
        Filter::NodeUnschedulable => taints::refuses_cordoned(cycle, info),
        Filter::NodeName => node_name::refuses(cycle, info),
        Filter::TaintToleration => taints::refuses(cycle, info),
        Filter::NodeAffinity => node_affinity::refuses(cycle, &profile.added_affinity, info),
        Filter::NodePorts
        | Filter::NodeResourcesFit(_)
        | Filter::GpuDevices
        | Filter::PodTopologySpread
        | Filter::InterPodAffinity => None,
    };
    refusal.map(|refusal| refusal.plugin)
}

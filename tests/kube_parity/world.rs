//! The cluster of a case, as it is believed.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll::cluster::Cluster;
use plimsoll::cluster::change::Change;
use plimsoll::cluster::gpu::GpuSet;
use plimsoll::cluster::pod::{Deletion, Outcome, Owner};
use plimsoll::ids::{Id, JobId, NodeId, PodId, ShapeId};
use plimsoll::policy::View;
use plimsoll::policy::scheduler::kube::profile::Profile;
use plimsoll::rng::Seed;
use plimsoll::time::{Duration, Time};

use crate::catalogue::{Builder, DEFAULT};
use crate::json;

/// A cluster whose pods have names.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) profile: Profile,
    pub(crate) now: Time,
    /// Names of nodes, by their places in decisions, which are those of their ids.
    pub(crate) node_names: Vec<String>,
    /// Shapes of the pods to come, in order.
    pub(crate) arriving: Vec<(String, ShapeId)>,
    names: Vec<String>,
    pods: BTreeMap<String, PodId>,
}

const SEED: Seed = Seed {
    seed: 1,
    replication: 1,
};

/// Namespace and name.
pub(crate) fn full_name(metadata: &json::Metadata) -> String {
    let namespace = metadata.namespace.as_deref().unwrap_or(DEFAULT);
    format!("{namespace}/{}", metadata.name)
}

impl World {
    /// The cluster at the beginning of a case.
    pub(crate) fn new(case: &json::Case) -> World {
        let mut builder = Builder::new(case);
        let mut shapes = |pods: &[json::Pod]| -> Vec<(String, ShapeId)> {
            let named = pods.iter();
            let named = named.map(|pod| (full_name(&pod.metadata), builder.shape(pod)));
            named.collect()
        };
        let (running, arriving) = (shapes(&case.running_pods), shapes(&case.pods));
        let profile = builder.profile();
        let mut world = World {
            cluster: Cluster::new(Arc::new(builder.catalog)),
            profile,
            now: Time::ZERO,
            node_names: builder.node_names,
            arriving,
            names: Vec::new(),
            pods: BTreeMap::new(),
        };
        for (node, stated) in case.nodes.iter().enumerate() {
            world.join(NodeId::from_index(node), stated.spec.unschedulable);
        }
        world.run(&case.running_pods, running);
        world
    }

    /// A node joins.
    pub(crate) fn join(&mut self, node: NodeId, unschedulable: bool) {
        self.apply(Change::NodeAdded(node));
        if unschedulable {
            self.apply(Change::NodeCordoned(node));
        }
    }

    /// Pods that are bound from the start, in the order in which they started.
    fn run(&mut self, pods: &[json::Pod], shapes: Vec<(String, ShapeId)>) {
        let mut started = BTreeMap::<&str, Vec<(PodId, &json::Pod)>>::new();
        for (pod, (name, shape)) in pods.iter().zip(shapes) {
            let status = pod.status.as_ref().expect("the pod runs");
            let id = self.create(name, shape);
            started
                .entry(&status.start_time)
                .or_default()
                .push((id, pod));
        }
        for pods in started.into_values() {
            self.tick();
            for (id, pod) in pods {
                let node = pod.spec.node_name.as_deref().expect("the pod has a node");
                self.bind(id, self.node(node));
                if pod.metadata.deletion_timestamp.is_some() {
                    self.delete(id, Deletion::Drained);
                }
            }
        }
        self.tick();
    }

    /// Time passes.
    pub(crate) fn tick(&mut self) {
        self.now += Duration::from_secs(1);
    }

    /// What the scheduler sees.
    pub(crate) fn view(&self) -> View<'_> {
        View::new(self.now, SEED, &self.cluster)
    }

    pub(crate) fn apply(&mut self, change: Change) {
        self.cluster.apply(self.now, change);
    }

    /// A pod is created.
    pub(crate) fn create(&mut self, name: String, shape: ShapeId) -> PodId {
        let pod = self.cluster.pods().next_id();
        let owner = Owner::Job(JobId(pod.0));
        self.apply(Change::PodCreated {
            pod,
            owner,
            shape,
            index: 0,
            replace: false,
        });
        let before = self.pods.insert(name.clone(), pod);
        let gone = before.is_none_or(|before| self.cluster.pods()[before].gone());
        assert!(gone, "there are two pods {name}");
        self.names.push(name);
        pod
    }

    pub(crate) fn bind(&mut self, pod: PodId, node: NodeId) {
        let gpus = GpuSet::NONE;
        self.apply(Change::PodBound { pod, node, gpus });
    }

    pub(crate) fn delete(&mut self, pod: PodId, deletion: Deletion) {
        self.apply(Change::PodDeleting { pod, deletion });
    }

    pub(crate) fn end(&mut self, pod: PodId) {
        let outcome = Outcome::Deleted;
        self.apply(Change::PodGone { pod, outcome });
    }

    /// The newest pod of that name.
    pub(crate) fn pod(&self, name: &str) -> PodId {
        self.pods[name]
    }

    /// The node of that name.
    pub(crate) fn node(&self, name: &str) -> NodeId {
        let at = self.node_names.iter().position(|other| other == name);
        NodeId::from_index(at.unwrap_or_else(|| panic!("no node {name}")))
    }

    pub(crate) fn pod_name(&self, pod: PodId) -> String {
        self.names[pod.index()].clone()
    }

    pub(crate) fn node_name(&self, node: NodeId) -> String {
        self.node_names[node.index()].clone()
    }
}

//! What a cluster carries at a moment: its nodes, and the pods that are to be somewhere.

use crate::cluster::Cluster;
use crate::cluster::catalog::{Catalog, NodeSpec};
use crate::cluster::labels::{Requirement, Test};
use crate::cluster::pod::Owner;
use crate::cluster::rules::{NodeTerm, Rules, well_known};
use crate::ids::ShapeId;

/// Nodes and pods at a moment of a run.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What nodes, shapes and services are.
    pub catalog: Catalog,
    /// The nodes that are part of the cluster, each as it is then, in the order of the scenario.
    pub nodes: Vec<NodeSpec>,
    /// How many of them are not ready, or cordoned.
    pub unhealthy: u32,
    /// The pods that are neither over nor being deleted, in order of creation, but for tied ones.
    pub tasks: Vec<Task>,
    /// How many of them have no node.
    pub waiting: u32,
    /// Pods that are left out because they are tied to a certain node.
    pub tied: u32,
    /// Pods that are left out because they have no node.
    pub left_waiting: u32,
}

/// Which pods of a moment are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// All that are to be somewhere.
    All,
    /// Those that have a node.
    Placed,
}

/// A pod that is to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// What it belongs to.
    pub owner: Owner,
    /// What it asks for.
    pub shape: ShapeId,
    /// The n-th pod of its owner.
    pub index: u32,
}

impl Snapshot {
    /// What `belief` holds.
    pub fn of(belief: &Cluster, taken: Taken) -> Snapshot {
        let present = || belief.nodes().iter().filter(|(_, node)| node.present);
        let unhealthy = present().filter(|(_, node)| !node.ready || node.cordoned);
        let (mut tied, mut waiting, mut tasks) = (0, 0, Vec::new());
        for (pod, state) in belief.pods().iter().filter(|(_, pod)| pod.active()) {
            if is_tied(belief.rules(pod)) {
                tied += 1;
                continue;
            }
            let waits = state.node.is_none();
            waiting += u32::from(waits);
            if waits && taken == Taken::Placed {
                continue;
            }
            tasks.push(Task {
                owner: state.owner,
                shape: state.shape,
                index: state.index,
            });
        }
        let (waiting, left_waiting) = match taken {
            Taken::All => (waiting, 0),
            Taken::Placed => (0, waiting),
        };
        Snapshot {
            catalog: belief.catalog().clone(),
            nodes: present()
                .map(|(node, _)| belief.spec(node).clone())
                .collect(),
            unhealthy: unhealthy.count() as u32,
            tasks,
            waiting,
            tied,
            left_waiting,
        }
    }
}

/// Whether pods of these rules can be on one node alone, by its name.
fn is_tied(rules: &Rules) -> bool {
    let by_name = |term: &NodeTerm| {
        let mut fields = term.fields.iter();
        fields.any(|field| field.among && field.names.len() == 1)
            || term.expressions.iter().any(names_a_host)
    };
    let affinity = rules.node_affinity.required.as_deref();
    let terms_agree = affinity.is_some_and(|terms| match terms {
        [term] => by_name(term),
        [] | [_, _, ..] => false,
    });
    rules.node_name.is_some()
        || rules.node_selector.get(well_known::HOSTNAME).is_some()
        || terms_agree
}

fn names_a_host(asked: &Requirement) -> bool {
    asked.key == well_known::HOSTNAME
        && match &asked.test {
            Test::In(values) => values.len() == 1,
            Test::NotIn(_)
            | Test::Exists
            | Test::DoesNotExist
            | Test::Above(_)
            | Test::Below(_) => false,
        }
}

//! Amounts of resources for readers: what a pod asks for, and what a node has left.

use crate::cluster::Cluster;
use crate::cluster::catalog::Shape;
use crate::ids::{ExtendedId, NodeId};
use crate::policy::scheduler::explanation::Reason;
use crate::report::figure::{self, Unit};
use crate::units::{Bytes, MilliCpu};

/// What a pod asks for, one resource after the other.
pub(super) fn asked(belief: &Cluster, shape: &Shape) -> Vec<String> {
    let requests = &shape.requests;
    let mut asked = vec![
        format!("cpu {}", cpu(requests.cpu)),
        format!("memory {}", memory(requests.memory)),
    ];
    if shape.gpus.count > 0 {
        let of_each = match shape.gpus.milli {
            1000 => String::new(),
            milli => format!(", {milli} thousandths of each"),
        };
        let plural = if shape.gpus.count == 1 { "" } else { "s" };
        asked.push(format!("{} gpu{plural}{of_each}", shape.gpus.count));
    }
    for &(resource, amount) in &shape.extended {
        let name = &belief.catalog().extended[resource];
        asked.push(format!("{} {name}", figure::thousands(amount)));
    }
    asked
}

/// A resource of which too little is free.
#[derive(Clone, Copy, Debug)]
pub(super) enum Short {
    /// CPU.
    Cpu,
    /// Memory.
    Memory,
    /// Single GPUs.
    Gpu,
    /// Any other.
    Extended(ExtendedId),
}

impl Short {
    /// What is short for that reason; nothing if the reason is another one.
    pub(super) const fn of(reason: &Reason) -> Option<Short> {
        match *reason {
            Reason::InsufficientCpu => Some(Short::Cpu),
            Reason::InsufficientMemory => Some(Short::Memory),
            Reason::InsufficientGpu => Some(Short::Gpu),
            Reason::InsufficientExtended(resource) => Some(Short::Extended(resource)),
            Reason::Cordoned
            | Reason::OtherNodeNamed
            | Reason::UntoleratedTaint(_)
            | Reason::NodeAffinity
            | Reason::AddedAffinity
            | Reason::NotNamed
            | Reason::HostPorts
            | Reason::TooManyPods
            | Reason::TopologySpread
            | Reason::TopologySpreadLabelMissing
            | Reason::PodAffinity
            | Reason::PodAntiAffinity
            | Reason::ExistingPodAntiAffinity => None,
        }
    }

    /// Of several nodes the one with the most, and how much that is of what is asked: `most free:
    /// worker-3, 310m of 500m`.
    pub(super) fn most_free(
        self,
        belief: &Cluster,
        shape: &Shape,
        nodes: &[NodeId],
    ) -> Option<String> {
        // Of equals the first in the scenario.
        let nodes = nodes.iter().rev().copied();
        let best = nodes.max_by_key(|&node| self.free(belief, shape, node))?;
        let name = &belief.catalog().nodes[best].name;
        Some(format!(
            "most free: {name}, {}",
            self.of_asked(belief, shape, best)
        ))
    }

    /// How much a node has left, of what is asked: `310m of 500m`.
    pub(super) fn of_asked(self, belief: &Cluster, shape: &Shape, node: NodeId) -> String {
        let free = self.free(belief, shape, node);
        let (free, asked) = match self {
            Short::Cpu => (cpu(MilliCpu(free)), cpu(shape.requests.cpu)),
            Short::Memory => (memory(Bytes(free)), memory(shape.requests.memory)),
            Short::Extended(resource) => {
                let asked = shape.extended.iter().find(|(known, _)| *known == resource);
                let asked = asked.map_or(0, |&(_, amount)| amount);
                (figure::thousands(free), figure::thousands(asked))
            }
            Short::Gpu => return gpus(belief, shape, node, free),
        };
        format!("{free} of {asked}")
    }

    /// How much a node has left; of GPUs, how many of the right kind have room.
    fn free(self, belief: &Cluster, shape: &Shape, node: NodeId) -> u64 {
        let free = &belief.free()[node];
        match self {
            Short::Cpu => free.cpu.0,
            Short::Memory => free.memory.0,
            Short::Extended(resource) => {
                let mut has = belief.spec(node).traits.extended.iter();
                let all = has.find(|(known, _)| *known == resource);
                let taken = belief.nodes()[node].extended.get(&resource).copied();
                all.map_or(0, |&(_, all)| all.saturating_sub(taken.unwrap_or(0)))
            }
            Short::Gpu => {
                let is_of_kind = shape.gpus.models.allow(belief.spec(node).gpu_model);
                let gpus = belief.gpus(node);
                let with_room = gpus.left().iter().filter(|&&left| left >= shape.gpus.milli);
                with_room.count() as u64 * u64::from(is_of_kind)
            }
        }
    }
}

fn gpus(belief: &Cluster, shape: &Shape, node: NodeId, with_room: u64) -> String {
    if belief.spec(node).gpus == 0 {
        return "no gpu".to_owned();
    }
    if !shape.gpus.models.allow(belief.spec(node).gpu_model) {
        return "another kind of gpu".to_owned();
    }
    let room = match shape.gpus.milli {
        1000 => "free".to_owned(),
        milli => format!("with {milli} thousandths free"),
    };
    format!("{with_room} of {} {room}", shape.gpus.count)
}

/// CPU, exact and with its unit: `500m`, `2 cores`, `56.636 cores`.
pub(crate) fn cpu(amount: MilliCpu) -> String {
    match (amount.0 / 1000, amount.0 % 1000) {
        (0, 0) => "0 cores".to_owned(),
        (0, milli) => format!("{milli}m"),
        (1, 0) => "1 core".to_owned(),
        (cores, 0) => format!("{} cores", figure::thousands(cores)),
        (cores, milli) => {
            let digits = format!("{milli:03}");
            let digits = digits.trim_end_matches('0');
            format!("{}.{digits} cores", figure::thousands(cores))
        }
    }
}

/// Memory in the binary unit that fits best.
pub(crate) fn memory(amount: Bytes) -> String {
    figure::number(amount.0 as f64, Unit::Bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_exact_and_has_a_unit() {
        let read = [0, 310, 1000, 1500, 56_036, 16_000].map(|milli| cpu(MilliCpu(milli)));
        assert_eq!(
            read,
            [
                "0 cores",
                "310m",
                "1 core",
                "1.5 cores",
                "56.036 cores",
                "16 cores"
            ]
        );
    }
}

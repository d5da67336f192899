//! The default profile of kube-scheduler, plugin by plugin.
//!
//! Source: kube-scheduler v1.34.1, `pkg/scheduler` (`schedule_one.go`, `framework/plugins`,
//! `apis/config/v1/default_plugins.go`).
//!
//! Every plugin is a module: what it prepares once per attempt (PreFilter, PreScore), what it says
//! of a node, and how what it prepared changes when a pod is added to a node or taken away in
//! thought, as preemption does.

pub mod attempt;
pub mod cycle;
pub mod fast;
pub mod filters;
pub mod hints;
pub mod images;
pub mod inter_pod_affinity;
pub mod node_affinity;
pub mod node_name;
pub mod params;
pub mod plain;
pub mod points;
pub mod ports;
pub mod preemption;
pub mod profile;
pub mod resources;
pub mod sampling;
pub mod scores;
pub mod taints;
pub mod topology_spread;

#[cfg(test)]
mod testing;

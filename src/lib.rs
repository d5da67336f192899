//! plimsoll: a discrete-event simulator for container orchestration policies.
//!
//! The real scheduler, autoscaler and healer, driven on a simulated clock against mock containers.
//! ARCHITECTURE.md is the map of the house.

pub mod cli;
pub mod cluster;
pub mod control;
pub mod dist;
pub mod experiment;
pub mod folder;
pub mod ids;
pub mod import;
pub mod live;
pub mod metrics;
pub mod policy;
pub mod record;
pub mod report;
pub mod rng;
pub mod run;
pub mod runtime;
pub mod scenario;
pub mod script;
pub mod sim;
pub mod stats;
pub mod time;
pub mod units;

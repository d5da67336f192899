//! plimsoll: a discrete-event simulator for container orchestration policies.
//!
//! The real scheduler, autoscaler and healer, driven on a simulated clock against mock containers.
//! ARCHITECTURE.md is the map of the house.

pub mod ids;
pub mod rng;
pub mod sim;
pub mod time;
pub mod units;

//! The simulator: a world of mock containers on a simulated clock.

pub mod config;
pub mod queue;

//! The simulated world: what happens to mock containers, on a clock of its own.

pub mod queue;

//! Experiments: many runs of one scenario, and what they say together.

pub mod replicate;
pub mod summary;

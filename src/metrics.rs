//! Metrics: records folded, while they are made, into what a reader wants to know.

pub mod dictionary;
pub mod measured;

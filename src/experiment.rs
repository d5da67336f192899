//! Experiments: many runs of one scenario, and what they say together.

pub mod assumptions;
pub mod capacity;
pub mod compaction;
pub mod compare;
pub mod difference;
pub mod drill;
pub mod fidelity;
pub mod gate;
pub mod precision;
pub mod replicate;
pub mod sample;
pub mod settled;
pub mod summary;
pub mod sweep;
pub mod variants;
pub mod verdict;

mod combine;
mod rare;

#[cfg(test)]
mod tests;

//! Experiments: many runs of one scenario, and what they say together.

pub mod compaction;
pub mod replicate;
pub mod summary;

mod combine;
mod rare;

#[cfg(test)]
mod tests;

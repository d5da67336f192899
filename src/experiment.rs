//! Experiments: many runs of one scenario, and what they say together.

pub mod drill;
pub mod replicate;
pub mod sample;
pub mod summary;

mod combine;
mod rare;

#[cfg(test)]
mod tests;

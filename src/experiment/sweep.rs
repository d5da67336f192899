//! Sweeps: every cell of a plan, in chunks that are kept, on one machine or on many.
//!
//! A cell is one point of the plan and all its replications. Chunks are consecutive cells, and what is in
//! one follows from the plan, its inputs and the version alone: not from threads, shards or time. So
//! any number of processes may make chunks in one folder at once; each chunk is made at least once and
//! counts once.

pub mod chunk;
pub mod front;
pub mod merge;
pub mod plan;
pub mod shard;
pub mod store;
pub mod work;

mod deal;

#[cfg(test)]
mod tests;

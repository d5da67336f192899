//! Metrics: records folded, while they are made, into what a reader wants to know.

pub mod dictionary;
pub mod fold;
pub mod measured;
pub mod mix;
pub mod quantity;

mod durations;
mod headroom;
mod healing;
mod heat;
mod jobs;
mod node_values;
mod nodes;
mod outages;
mod output;
mod pods;
mod samples;
mod service_values;
mod services;
mod table;
mod track;
mod waste;
mod window;

#[cfg(test)]
mod tests;

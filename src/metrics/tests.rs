//! Metrics by hand: small worlds whose numbers can be worked out on paper.

mod healing;
mod heat;
mod naive;
mod nodes;
mod pods;
mod services;
pub(in crate::metrics) mod world;

//! Stub.
use crate::metrics::dictionary::Metric;
use crate::metrics::measured::Entity;
use crate::stats::Estimate;

/// x
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// x
    pub replications: u32,
    /// x
    pub lines: Vec<Line>,
    /// x
    pub notes: Vec<String>,
}
/// x
#[derive(Clone, Debug)]
pub struct Line {
    /// x
    pub metric: &'static Metric,
    /// x
    pub entity: Entity,
    /// x
    pub estimate: Estimate,
    /// x
    pub values: Vec<Option<f64>>,
    /// x
    pub note: Option<String>,
}

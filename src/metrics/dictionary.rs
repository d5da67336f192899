//! The metric dictionary: one name, one unit, one formula, one direction, one basis. Every
//! exporter, gate and plot reads it.

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name in every file.
    pub name: &'static str,
    /// Its unit, `1` for pure numbers.
    pub unit: &'static str,
    /// Which direction is better.
    pub better: Better,
    /// Whether it is measured on the truth or on belief.
    pub basis: Basis,
    /// How it is computed, in one sentence.
    pub formula: &'static str,
}

/// Which direction is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Neither by itself.
    Neither,
}

/// What a metric is measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// What happened.
    Truth,
    /// What the control plane believed.
    Belief,
}

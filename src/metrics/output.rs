//! Values and time series on their way out.

use std::sync::Arc;

use super::dictionary::{self, METRICS};
use super::measured::{Amount, Entity, Series, Value};
use super::window::{CELLS, Window};

/// What was measured so far.
#[derive(Debug)]
pub(super) struct Output {
    window: Window,
    values: Vec<Value>,
    series: Vec<Series>,
}

impl Output {
    /// Nothing yet.
    pub(super) const fn new(window: Window) -> Output {
        Output {
            window,
            values: Vec::new(),
            series: Vec::new(),
        }
    }

    /// A number.
    pub(super) fn number(&mut self, metric: &str, entity: Entity, number: f64) {
        assert!(number.is_finite(), "{metric} of {entity:?} is {number}");
        self.push(metric, entity, Amount::Number(number));
    }

    /// A ratio; absent when the lower part is zero.
    pub(super) fn ratio(&mut self, metric: &str, entity: Entity, over: f64, under: f64) {
        assert!(
            over.is_finite() && under.is_finite() && under >= 0.0,
            "{metric} of {entity:?} is {over}/{under}"
        );
        if under > 0.0 {
            self.push(metric, entity, Amount::Ratio { over, under });
        }
    }

    /// A percentile; absent when there is nothing.
    pub(super) fn percentile(
        &mut self,
        metric: &str,
        entity: Entity,
        p: f64,
        counts: &Arc<[(f64, u64)]>,
    ) {
        if !counts.is_empty() {
            let counts = Arc::clone(counts);
            self.push(metric, entity, Amount::Percentile { p, counts });
        }
    }

    /// Counts by part, and their sum.
    pub(super) fn parts(&mut self, metric: &str, parts: &[(&str, u64)]) {
        let all: u64 = parts.iter().map(|&(_, count)| count).sum();
        self.number(metric, Entity::Cluster, all as f64);
        for &(part, count) in parts {
            self.number(metric, Entity::Part(part.to_owned()), count as f64);
        }
    }

    fn push(&mut self, metric: &str, entity: Entity, amount: Amount) {
        let metric = dictionary::find(metric).expect("every metric is in the dictionary");
        self.values.push(Value {
            metric,
            entity,
            amount,
        });
    }

    /// A time series by cell.
    pub(super) fn series(
        &mut self,
        entity: Entity,
        metric: &str,
        unit: &'static str,
        value: impl FnMut(usize) -> Option<f64>,
    ) {
        let values = (0..CELLS as usize).map(value).collect();
        let metric = metric.to_owned();
        self.series.push(Series {
            entity,
            metric,
            unit,
            values,
        });
    }

    /// A time series of means, given the integral over each cell.
    pub(super) fn mean_series(
        &mut self,
        entity: Entity,
        metric: &str,
        unit: &'static str,
        integral: impl Fn(usize) -> f64,
    ) {
        let window = self.window;
        let length = |cell: usize| {
            let cell = cell as u64;
            window.edge(cell + 1).since(window.edge(cell)).secs_f64()
        };
        self.series(entity, metric, unit, |cell| {
            quotient(integral(cell), length(cell))
        });
    }

    /// A time series of ratios, given the integrals of both parts over each cell.
    pub(super) fn ratio_series(
        &mut self,
        entity: Entity,
        metric: &str,
        parts: impl Fn(usize) -> (f64, f64),
    ) {
        self.series(entity, metric, "ratio", |cell| {
            let (over, under) = parts(cell);
            quotient(over, under)
        });
    }

    /// All values in the order of the dictionary, and all series.
    pub(super) fn finish(mut self) -> (Vec<Value>, Vec<Series>) {
        let place = |value: &Value| METRICS.iter().position(|metric| metric == value.metric);
        self.values
            .sort_by_cached_key(|value| (place(value), value.entity.clone()));
        (self.values, self.series)
    }
}

fn quotient(over: f64, under: f64) -> Option<f64> {
    (under > 0.0).then(|| over / under)
}

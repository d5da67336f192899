//! Distributions and loads.

use std::sync::Arc;

use super::limits::{LARGEST, is_rate};
use super::{Builder, instant};
use crate::dist::{Distribution, Impossible};
use crate::scenario::decode::{At, Field};
use crate::scenario::problem::{Problem, Span};
use crate::scenario::raw::curves::{self, Dist, Law, LoadPart, LoadShape, Observed};
use crate::scenario::rows::{BadCell, Mistakes, Rows, columns};
use crate::script::load::Load;
use crate::time::{Duration, Time};

columns! {
    /// Columns of an empirical distribution.
    sample {
        VALUE: required "duration_s",
        WEIGHT: optional "weight",
    }
}

/// Longest length of time of a row, in seconds: 317 years.
const SECONDS_MAX: f64 = 1e10;

columns! {
    /// Columns of a load of its own.
    rate {
        TIME: required "time_s",
        RATE: required "rate_per_s",
    }
}

impl Builder<'_> {
    /// A distribution of seconds; `None` once a problem has been reported.
    pub(super) fn distribution(&mut self, raw: At<Dist>) -> Option<Distribution> {
        let span = raw.span;
        let made = match raw.value {
            Dist::Fixed(length) => Distribution::constant(length.secs_f64()),
            Dist::Drawn(Law::Constant(length)) => Distribution::constant(length.value.secs_f64()),
            Dist::Drawn(Law::Uniform(law)) => {
                let (low, high) = (seconds(law.value.low), seconds(law.value.high));
                Distribution::uniform(low?, high?)
            }
            Dist::Drawn(Law::Exponential(law)) => {
                Distribution::exponential(seconds(law.value.mean)?)
            }
            Dist::Drawn(Law::Normal(law)) => {
                let (mean, sd) = (seconds(law.value.mean), seconds(law.value.sd));
                Distribution::normal(mean?, sd?)
            }
            Dist::Drawn(Law::Lognormal(law)) => {
                let (median, sigma) = (seconds(law.value.median), number(law.value.sigma));
                Distribution::lognormal_with_median(median?, sigma?)
            }
            Dist::Drawn(Law::Weibull(law)) => {
                let (shape, scale) = shape_scale(law.value)?;
                Distribution::weibull(shape, scale)
            }
            Dist::Drawn(Law::Gamma(law)) => {
                let (shape, scale) = shape_scale(law.value)?;
                Distribution::gamma(shape, scale)
            }
            Dist::Drawn(Law::Pareto(law)) => {
                let (shape, scale) = shape_scale(law.value)?;
                Distribution::pareto(shape, scale)
            }
            Dist::Drawn(Law::BoundedPareto(law)) => {
                let (low, high) = (seconds(law.value.low), seconds(law.value.high));
                Distribution::bounded_pareto(number(law.value.shape)?, low?, high?)
            }
            Dist::Drawn(Law::Empirical(observed)) => match observed.value {
                Observed::File(value) => self.empirical(&At {
                    value,
                    span: observed.span,
                })?,
                Observed::Values(values) => {
                    let values = values.read(|value| Some(value.value.secs_f64()))?;
                    Distribution::empirical(&values)
                }
            },
        };
        self.possible(made, span)
    }

    fn possible(
        &mut self,
        made: Result<Distribution, Impossible>,
        span: Span,
    ) -> Option<Distribution> {
        made.map_err(|impossible| {
            let problem = Problem::error(impossible.to_string());
            self.problems.push(problem.at(span, ""));
        })
        .ok()
    }

    fn empirical(&mut self, path: &At<String>) -> Option<Result<Distribution, Impossible>> {
        let text = self.files.open(path, self.problems)?;
        let mut rows = Rows::open(&text, sample::COLUMNS, self.problems)?;
        let mut pairs = Vec::new();
        while rows.advance(self.problems) {
            let mut mistakes = Mistakes::default();
            let value = mistakes.note(rows.number(sample::VALUE, SECONDS_MAX));
            let weight = match rows.has(sample::WEIGHT) {
                true => mistakes.note(rows.number(sample::WEIGHT, LARGEST)),
                false => Some(1.0),
            };
            pairs.extend(value.zip(weight));
            rows.refuse(mistakes, self.problems);
        }
        rows.finish(self.problems)
            .then(|| Distribution::weighted(pairs))
    }

    /// A load; `None` once a problem has been reported.
    pub(super) fn load(&mut self, raw: Field<curves::Load>) -> Option<Load> {
        let Some(raw) = raw.optional()? else {
            return Some(Load::Zero);
        };
        let span = raw.span;
        let mut parts = raw.value.0.read(|part| self.load_part(part))?;
        let load = match parts.len() {
            0 => Load::Zero,
            1 => parts.remove(0),
            _ => Load::Sum(parts),
        };
        self.bearable(&load, span).then_some(load)
    }

    /// Whether the load stays within bounds where its parts are highest.
    fn bearable(&mut self, load: &Load, span: Span) -> bool {
        let highest = load.highest();
        if highest <= LARGEST {
            return true;
        }
        let message = format!(
            "the load reaches {highest:e} requests per second: more than {LARGEST:e} are refused"
        );
        self.problems.push(Problem::error(message).at(span, ""));
        false
    }

    fn load_part(&mut self, raw: At<LoadPart>) -> Option<Load> {
        let rate = |value| At {
            value,
            span: raw.span,
        };
        match raw.value {
            LoadPart::Rate(number) => {
                let rate = self.rate("load", Some(rate(number)))?;
                Some(Load::Constant { rate })
            }
            LoadPart::Shaped(LoadShape::Constant(number)) => {
                let rate = self.rate("constant", Some(number))?;
                Some(Load::Constant { rate })
            }
            LoadPart::Shaped(LoadShape::Diurnal(shape)) => self.diurnal(shape.value),
            LoadPart::Shaped(LoadShape::Step(shape)) => {
                let before = self.rate("before", shape.value.before.given());
                let after = self.rate("after", shape.value.after.given());
                Some(Load::Step {
                    before: before?,
                    after: after?,
                    at: time(shape.value.at)?,
                })
            }
            LoadPart::Shaped(LoadShape::Spike(shape)) => self.spike(shape.value),
            LoadPart::Shaped(LoadShape::Ramp(shape)) => self.ramp(shape.value, raw.span),
            LoadPart::Shaped(LoadShape::Csv(path)) => self.rates(&path),
        }
    }

    fn diurnal(&mut self, raw: curves::Diurnal) -> Option<Load> {
        let mean = self.rate("mean", raw.mean.given());
        let amplitude = raw.amplitude.given();
        if let Some(amplitude) = amplitude
            && !(0.0..=1.0).contains(&amplitude.value)
        {
            let problem = Problem::error("`amplitude` must be from 0 to 1");
            let problem = problem.at(amplitude.span, "a share of the mean");
            self.problems.push(problem);
            return None;
        }
        let day = Duration::from_secs(86_400);
        let period = self.above_zero("period", raw.period.or(day));
        Some(Load::Diurnal {
            mean: mean?,
            amplitude: amplitude?.value,
            peak_at: raw.peak_at.given()?.value,
            period: period?,
        })
    }

    fn spike(&mut self, raw: curves::Spike) -> Option<Load> {
        let base = self.rate("base", raw.base.given());
        let peak = self.rate("peak", raw.peak.given());
        Some(Load::Spike {
            base: base?,
            peak: peak?,
            at: time(raw.at)?,
            rise: raw.rise.or(Duration::ZERO)?.value,
            hold: raw.hold.given()?.value,
        })
    }

    fn ramp(&mut self, raw: curves::Ramp, span: Span) -> Option<Load> {
        let from = self.rate("from", raw.from.given());
        let to = self.rate("to", raw.to.given());
        let (start, end) = (time(raw.start)?, time(raw.end)?);
        if end < start {
            let problem = Problem::error("the ramp ends before it starts");
            self.problems.push(problem.at(span, ""));
            return None;
        }
        Some(Load::Ramp {
            from: from?,
            to: to?,
            start,
            end,
        })
    }

    fn rates(&mut self, path: &At<String>) -> Option<Load> {
        let text = self.files.open(path, self.problems)?;
        let mut rows = Rows::open(&text, rate::COLUMNS, self.problems)?;
        let mut points: Vec<(Time, f64)> = Vec::new();
        while rows.advance(self.problems) {
            let mut mistakes = Mistakes::default();
            let columns = [rate::TIME, rate::RATE];
            points.extend(point(&rows, columns, points.last(), &mut mistakes));
            rows.refuse(mistakes, self.problems);
        }
        rows.finish(self.problems)
            .then(|| Load::Piecewise(Arc::from(points)))
    }
}

/// One step of a load, later than the last, from the columns of time and rate; `None` once a mistake
/// has been noted.
pub(super) fn point(
    rows: &Rows<'_>,
    [time, rate]: [usize; 2],
    last: Option<&(Time, f64)>,
    mistakes: &mut Mistakes,
) -> Option<(Time, f64)> {
    let at = rows.seconds(time).map(Time::from_nanos);
    let at = at.and_then(|at| match last {
        Some(&(last, _)) if last >= at => {
            Err(BadCell::new(time, "is not later than the time before it"))
        }
        _ => Ok(at),
    });
    let requests = rows.number(rate, LARGEST);
    let requests = requests.and_then(|number| match is_rate(number) {
        true => Ok(number),
        false => Err(BadCell::new(rate, "is above zero, but less than 1e-12")),
    });
    let (at, requests) = (mistakes.note(at), mistakes.note(requests));
    Some((at?, requests?))
}

fn seconds(field: Field<Duration>) -> Option<f64> {
    field.given().map(|at| at.value.secs_f64())
}

fn number(field: Field<f64>) -> Option<f64> {
    field.given().map(|at| at.value)
}

fn time(field: Field<Duration>) -> Option<Time> {
    field.given().map(|at| instant(at.value))
}

fn shape_scale(raw: curves::ShapeScale) -> Option<(f64, f64)> {
    let (shape, scale) = (number(raw.shape), seconds(raw.scale));
    Some((shape?, scale?))
}

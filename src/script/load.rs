//! Load as a continuous rate of requests.
//!
//! Rates that change all the time are dealt in steps of [`STEP`], each at the exact mean of its
//! step, so that the number of requests asked for over any whole step is exact.

use std::sync::Arc;

use crate::time::{Duration, Time};

/// Length of the steps in which a changing rate is dealt: 15 s, the resolution at which
/// Kubernetes' metrics pipeline sees it (metrics-server `--metric-resolution`, v0.7).
pub const STEP: Duration = Duration::from_secs(15);

/// Requests per second over time.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// None.
    Zero,
    /// Always the same.
    Constant {
        /// Requests per second.
        rate: f64,
    },
    /// A cosine around a mean.
    Diurnal {
        /// Requests per second on average.
        mean: f64,
        /// Height of the peak above the mean, as a share of it, in [0, 1].
        amplitude: f64,
        /// When the peak comes, within the period.
        peak_at: Duration,
        /// From peak to peak.
        period: Duration,
    },
    /// One rate before a time, another from then on.
    Step {
        /// Requests per second before.
        before: f64,
        /// Requests per second after.
        after: f64,
        /// When.
        at: Time,
    },
    /// A base rate, and a higher one for a while; it rises and falls in straight lines.
    Spike {
        /// Requests per second outside the spike.
        base: f64,
        /// Requests per second at the top.
        peak: f64,
        /// When the rise begins.
        at: Time,
        /// Time from base to peak, and from peak to base.
        rise: Duration,
        /// Time at the peak.
        hold: Duration,
    },
    /// From one rate to another in a straight line.
    Ramp {
        /// Requests per second until the ramp begins.
        from: f64,
        /// Requests per second once it is over.
        to: f64,
        /// When it begins.
        start: Time,
        /// When it is over.
        end: Time,
    },
    /// Each rate from its time until the next; zero before the first.
    Piecewise(Arc<[(Time, f64)]>),
    /// The sum of several.
    Sum(Vec<Load>),
}

impl Load {
    /// The mean rate over [from, to). Panics when the interval is empty.
    pub fn mean(&self, from: Time, to: Time) -> f64 {
        assert!(from < to, "a mean needs an interval");
        match self {
            Load::Zero => 0.0,
            Load::Constant { rate } => *rate,
            Load::Diurnal {
                mean,
                amplitude,
                peak_at,
                period,
            } => {
                let turn = std::f64::consts::TAU / period.secs_f64();
                let sine = |at: Time| ((at.secs_f64() - peak_at.secs_f64()) * turn).sin();
                let length = (to - from).secs_f64();
                mean * (1.0 + amplitude * (sine(to) - sine(from)) / (turn * length))
            }
            Load::Step { before, after, at } => {
                straight(&[(*at, *before), (*at, *after)], from, to)
            }
            Load::Spike {
                base,
                peak,
                at,
                rise,
                hold,
            } => {
                let (top, fall) = (*at + *rise, *at + *rise + *hold);
                straight(
                    &[
                        (*at, *base),
                        (top, *peak),
                        (fall, *peak),
                        (fall + *rise, *base),
                    ],
                    from,
                    to,
                )
            }
            Load::Ramp {
                from: low,
                to: high,
                start,
                end,
            } => straight(&[(*start, *low), (*end, *high)], from, to),
            Load::Piecewise(points) => piecewise(points, from, to),
            Load::Sum(parts) => parts.iter().map(|part| part.mean(from, to)).sum(),
        }
    }

    /// So many times the load, at any time.
    #[must_use]
    pub fn times(&self, factor: f64) -> Load {
        let mut load = self.clone();
        match &mut load {
            Load::Zero => {}
            Load::Constant { rate } => *rate *= factor,
            Load::Diurnal { mean, .. } => *mean *= factor,
            Load::Step { before, after, .. } => {
                *before *= factor;
                *after *= factor;
            }
            Load::Spike { base, peak, .. } => {
                *base *= factor;
                *peak *= factor;
            }
            Load::Ramp { from, to, .. } => {
                *from *= factor;
                *to *= factor;
            }
            Load::Piecewise(points) => {
                *points = points
                    .iter()
                    .map(|&(at, rate)| (at, factor * rate))
                    .collect();
            }
            Load::Sum(parts) => {
                for part in parts {
                    *part = part.times(factor);
                }
            }
        }
        load
    }

    /// No rate is higher, at any time.
    pub fn highest(&self) -> f64 {
        match self {
            Load::Zero => 0.0,
            Load::Constant { rate } => *rate,
            Load::Diurnal {
                mean, amplitude, ..
            } => mean * (1.0 + amplitude),
            Load::Step { before, after, .. } => before.max(*after),
            Load::Spike { base, peak, .. } => base.max(*peak),
            Load::Ramp { from, to, .. } => from.max(*to),
            Load::Piecewise(points) => points.iter().map(|&(_, rate)| rate).fold(0.0, f64::max),
            Load::Sum(parts) => parts.iter().map(Load::highest).sum(),
        }
    }

    /// Whether its rate is the same at all times.
    pub fn is_constant(&self) -> bool {
        match self {
            Load::Zero | Load::Constant { .. } => true,
            Load::Diurnal { amplitude, .. } => *amplitude == 0.0,
            Load::Step { before, after, .. } => before == after,
            Load::Spike { base, peak, .. } => base == peak,
            Load::Ramp { from, to, .. } => from == to,
            Load::Piecewise(_) => false,
            Load::Sum(parts) => parts.iter().all(Load::is_constant),
        }
    }

    /// The periods in which it recurs, if it does.
    pub fn periods(&self) -> Vec<Duration> {
        match self {
            Load::Diurnal {
                amplitude, period, ..
            } if *amplitude > 0.0 => vec![*period],
            Load::Sum(parts) => parts.iter().flat_map(Load::periods).collect(),
            Load::Zero
            | Load::Constant { .. }
            | Load::Diurnal { .. }
            | Load::Step { .. }
            | Load::Spike { .. }
            | Load::Ramp { .. }
            | Load::Piecewise(_) => Vec::new(),
        }
    }

    /// The end of the step that begins at `now`: the rate is dealt as its mean until then. `None`:
    /// it stays the same for ever.
    pub fn step_end(&self, now: Time) -> Option<Time> {
        let grid = Time::from_nanos((now.nanos() / STEP.nanos() + 1) * STEP.nanos());
        let before = |at: Time| (at > now).then_some(at);
        match self {
            Load::Zero | Load::Constant { .. } => None,
            Load::Diurnal { amplitude, .. } => (*amplitude > 0.0).then_some(grid),
            Load::Step { at, .. } => before(*at),
            Load::Spike { at, rise, hold, .. } => {
                let (top, fall) = (*at + *rise, *at + *rise + *hold);
                slopes(
                    &[*at, top, fall, fall + *rise],
                    &[true, false, true],
                    now,
                    grid,
                )
            }
            Load::Ramp { start, end, .. } => slopes(&[*start, *end], &[true], now, grid),
            Load::Piecewise(points) => {
                let next = points.partition_point(|&(at, _)| at <= now);
                points.get(next).map(|&(at, _)| at)
            }
            Load::Sum(parts) => parts.iter().filter_map(|part| part.step_end(now)).min(),
        }
    }
}

/// The next step end of a line with corners; between corners it slopes or stays the same.
fn slopes(corners: &[Time], sloping: &[bool], now: Time, grid: Time) -> Option<Time> {
    let next = corners.iter().position(|&corner| corner > now)?;
    let corner = corners[next];
    let slope = next > 0 && sloping[next - 1];
    Some(if slope { corner.min(grid) } else { corner })
}

/// Mean over [from, to) of the line through the corners, which goes on level at both ends. Corners
/// at one time make a jump.
fn straight(corners: &[(Time, f64)], from: Time, to: Time) -> f64 {
    let area = |left: (Time, f64), right: (Time, f64)| {
        let (start, end) = (left.0.max(from), right.0.min(to));
        if start >= end {
            return 0.0;
        }
        let slope = (right.1 - left.1) / (right.0 - left.0).secs_f64();
        let at = |time: Time| left.1 + slope * (time - left.0).secs_f64();
        (at(start) + at(end)) / 2.0 * (end - start).secs_f64()
    };
    let (first, last) = (corners[0], corners[corners.len() - 1]);
    let mut sum: f64 = corners.windows(2).map(|pair| area(pair[0], pair[1])).sum();
    sum += first.1 * first.0.min(to).since(from).secs_f64();
    sum += last.1 * to.since(last.0.max(from)).secs_f64();
    sum / (to - from).secs_f64()
}

/// Mean over [from, to) of a step function that is zero before its first point.
fn piecewise(points: &[(Time, f64)], from: Time, to: Time) -> f64 {
    let first = points
        .partition_point(|&(at, _)| at <= from)
        .saturating_sub(1);
    let mut sum = 0.0;
    for (index, &(at, rate)) in points.iter().enumerate().skip(first) {
        if at >= to {
            break;
        }
        let end = points.get(index + 1).map_or(to, |&(next, _)| next.min(to));
        sum += rate * end.since(at.max(from)).secs_f64();
    }
    sum / (to - from).secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(s: u64) -> Time {
        Time::from_secs(s)
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9 * b.abs().max(1.0), "{a} is not {b}");
    }

    #[test]
    fn a_day_of_diurnal_load_has_its_mean_and_its_peak() {
        let load = Load::Diurnal {
            mean: 900.0,
            amplitude: 0.6,
            peak_at: Duration::from_secs(20 * 3600),
            period: Duration::from_secs(86_400),
        };
        near(load.mean(secs(0), secs(86_400)), 900.0);
        // At the peak 900 * 1.6 = 1440; over one second around it the mean is the same to 1e-8.
        assert!((load.mean(secs(72_000), secs(72_001)) - 1440.0).abs() < 1e-4);
        // Steps tile the day: their means times their lengths give all requests.
        let (mut at, mut sum) = (secs(0), 0.0);
        while at < secs(86_400) {
            let end = load.step_end(at).expect("a diurnal load never stays");
            sum += load.mean(at, end) * (end - at).secs_f64();
            at = end;
        }
        near(sum, 900.0 * 86_400.0);
    }

    #[test]
    fn a_spike_is_a_trapezium() {
        let load = Load::Spike {
            base: 100.0,
            peak: 700.0,
            at: secs(100),
            rise: Duration::from_secs(60),
            hold: Duration::from_secs(300),
        };
        near(load.mean(secs(0), secs(100)), 100.0);
        near(load.mean(secs(100), secs(160)), 400.0);
        near(load.mean(secs(160), secs(460)), 700.0);
        near(load.mean(secs(490), secs(520)), 250.0);
        near(load.mean(secs(520), secs(1000)), 100.0);
        assert_eq!(load.step_end(secs(0)), Some(secs(100)));
        assert_eq!(load.step_end(secs(100)), Some(secs(105)));
        assert_eq!(load.step_end(secs(160)), Some(secs(460)));
        assert_eq!(load.step_end(secs(520)), None);
    }

    #[test]
    fn a_step_and_a_ramp_change_where_they_say() {
        let step = Load::Step {
            before: 10.0,
            after: 30.0,
            at: secs(50),
        };
        near(step.mean(secs(0), secs(100)), 20.0);
        assert_eq!(step.step_end(secs(0)), Some(secs(50)));
        assert_eq!(step.step_end(secs(50)), None);
        let ramp = Load::Ramp {
            from: 0.0,
            to: 10.0,
            start: secs(10),
            end: secs(20),
        };
        near(ramp.mean(secs(10), secs(20)), 5.0);
        near(ramp.mean(secs(0), secs(40)), (50.0 + 200.0) / 40.0);
    }

    #[test]
    fn so_many_times_a_load_is_that_much_at_any_time() {
        let length = Duration::from_secs(40);
        let parts = vec![
            Load::Zero,
            Load::Constant { rate: 3.0 },
            Load::Diurnal {
                mean: 9.0,
                amplitude: 0.6,
                peak_at: length,
                period: Duration::from_secs(80),
            },
            Load::Step {
                before: 1.0,
                after: 2.0,
                at: secs(50),
            },
            Load::Spike {
                base: 1.0,
                peak: 7.0,
                at: secs(10),
                rise: length,
                hold: length,
            },
            Load::Ramp {
                from: 1.0,
                to: 5.0,
                start: secs(20),
                end: secs(90),
            },
            Load::Piecewise([(secs(10), 5.0), (secs(20), 1.0)].into()),
        ];
        let all = Load::Sum(parts);
        let more = all.times(1.5);
        for at in (0..120).step_by(7) {
            let mean = |load: &Load| load.mean(secs(at), secs(at + 7));
            near(mean(&more), 1.5 * mean(&all));
        }
    }

    #[test]
    fn a_piecewise_load_is_zero_before_its_first_point() {
        let load = Load::Piecewise([(secs(10), 5.0), (secs(20), 1.0)].into());
        near(load.mean(secs(0), secs(30)), (50.0 + 10.0) / 30.0);
        near(load.mean(secs(25), secs(26)), 1.0);
        assert_eq!(load.step_end(secs(0)), Some(secs(10)));
        assert_eq!(load.step_end(secs(20)), None);
    }

    #[test]
    fn a_load_times_a_factor_is_that_at_any_time() {
        let at = Time::from_secs;
        let minutes = |n: u64| Duration::from_secs(60 * n);
        let loads = [
            Load::Zero,
            Load::Constant { rate: 3.0 },
            Load::Diurnal {
                mean: 10.0,
                amplitude: 0.5,
                peak_at: minutes(3),
                period: minutes(10),
            },
            Load::Step {
                before: 1.0,
                after: 4.0,
                at: at(50),
            },
            Load::Spike {
                base: 1.0,
                peak: 9.0,
                at: at(20),
                rise: minutes(1),
                hold: minutes(1),
            },
            Load::Ramp {
                from: 1.0,
                to: 5.0,
                start: at(10),
                end: at(90),
            },
            Load::Piecewise([(at(5), 2.0), (at(60), 7.0)].into()),
        ];
        let sum = Load::Sum(loads.to_vec());
        for load in loads.iter().chain([&sum]) {
            let more = load.times(1.2);
            for from in 0..12 {
                let (from, to) = (at(10 * from), at(10 * from + 10));
                let (some, all) = (load.mean(from, to), more.mean(from, to));
                assert!((all - 1.2 * some).abs() < 1e-9, "{load:?}");
            }
        }
    }
}

//! When requests are due: a Poisson process with the load's rate.

use crate::rng::{self, Purpose, Seed, Stream};
use crate::script::load::Load;
use crate::time::{Duration, Time};

/// A rate that changes is taken as its mean over so long.
const STEP: Duration = Duration::from_millis(500);

/// The arrivals of one service's requests, in order.
#[derive(Debug)]
pub(super) struct Arrivals {
    load: Load,
    dice: Stream,
    at: Time,
    end: Time,
}

impl Arrivals {
    pub(super) fn new(load: Load, seed: Seed, service: &str, end: Time) -> Arrivals {
        Arrivals {
            load,
            dice: rng::stream(seed, Purpose::Requests, service, 0),
            at: Time::ZERO,
            end,
        }
    }
}

impl Iterator for Arrivals {
    type Item = Time;

    fn next(&mut self) -> Option<Time> {
        // Requests to be expected until the next one: exponential with mean 1.
        let mut wait = -(1.0 - rng::unit(&mut self.dice)).ln();
        while self.at < self.end {
            let step = Time::from_nanos((self.at.nanos() / STEP.nanos() + 1) * STEP.nanos());
            let rate = self.load.mean(self.at, step);
            let expected = rate * (step - self.at).secs_f64();
            if wait < expected {
                self.at += Duration::from_secs_f64(wait / rate);
                return Some(self.at).filter(|&at| at < self.end);
            }
            wait -= expected;
            self.at = step;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_poisson_with_the_rate_of_their_time() {
        let seed = Seed {
            seed: 1,
            replication: 1,
        };
        let load = Load::Step {
            before: 100.0,
            after: 400.0,
            at: Time::from_secs(50),
        };
        let end = Time::from_secs(100);
        let all: Vec<Time> = Arrivals::new(load.clone(), seed, "cart", end).collect();
        assert!(all.is_sorted() && all.iter().all(|&at| at < end));
        let early = all.iter().filter(|&&at| at < Time::from_secs(50)).count();
        // 5,000 and 20,000 expected, standard deviations 71 and 141.
        assert!(early.abs_diff(5_000) < 4 * 71, "{early}");
        assert!(
            (all.len() - early).abs_diff(20_000) < 4 * 141,
            "{}",
            all.len()
        );
        // Of a Poisson process at 100 a second, exp(−1) of all distances are longer than 10 ms.
        let gaps = all[..early].windows(2).map(|pair| pair[1].since(pair[0]));
        let long = gaps.filter(|&gap| gap > Duration::from_millis(10)).count();
        assert!(long.abs_diff(1_839) < 4 * 34, "{long}");
        assert_eq!(Arrivals::new(Load::Zero, seed, "cart", end).next(), None);
    }
}

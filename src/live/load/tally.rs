//! What became of requests.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ids::{Id, ServiceId};

/// What became of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, so long after it was due.
    Served(Duration),
    /// Its service had no endpoint.
    NoEndpoint,
    /// Its endpoint was dead, or died under it.
    Stale,
    /// Its endpoint refused it.
    OverCapacity,
    /// It was not answered in time.
    TimedOut,
}

/// What became of the requests of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Asked for.
    pub offered: u64,
    /// Answered.
    pub served: u64,
    /// Lost for want of an endpoint.
    pub no_endpoint: u64,
    /// Lost at an endpoint that was dead.
    pub stale: u64,
    /// Refused.
    pub over_capacity: u64,
    /// Not answered in time.
    pub timed_out: u64,
}

/// What became of the requests of all services.
#[derive(Debug)]
pub struct Tally {
    services: Mutex<Vec<Requests>>,
}

/// The requests of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// All of them.
    pub total: Counts,
    /// Those since they were last taken.
    recent: Counts,
    /// How many were answered in each [`Requests::upper`] step of time.
    pub latencies: Vec<u64>,
}

/// Steps of a histogram of latencies per doubling: each is 4.4 % wide.
const STEPS: f64 = 16.0;
/// The first step of a histogram ends here.
const SHORTEST: Duration = Duration::from_micros(10);

impl Tally {
    /// Nothing yet, of so many services.
    pub fn new(services: usize) -> Tally {
        Tally {
            services: Mutex::new(vec![Requests::default(); services]),
        }
    }

    /// A request is due.
    pub fn offered(&self, service: ServiceId) {
        self.add(service, |counts| counts.offered += 1);
    }

    /// A request came to its end.
    pub fn ended(&self, service: ServiceId, outcome: Outcome) {
        self.add(service, |counts| match outcome {
            Outcome::Served(_) => counts.served += 1,
            Outcome::NoEndpoint => counts.no_endpoint += 1,
            Outcome::Stale => counts.stale += 1,
            Outcome::OverCapacity => counts.over_capacity += 1,
            Outcome::TimedOut => counts.timed_out += 1,
        });
        if let Outcome::Served(latency) = outcome {
            self.lock()[service.index()].note(latency);
        }
    }

    /// What became of the service's requests since this was last asked.
    pub fn take(&self, service: ServiceId) -> Counts {
        std::mem::take(&mut self.lock()[service.index()].recent)
    }

    /// Everything so far, by service.
    pub fn all(&self) -> Vec<Requests> {
        self.lock().clone()
    }

    fn add(&self, service: ServiceId, count: impl Fn(&mut Counts)) {
        let requests = &mut self.lock()[service.index()];
        count(&mut requests.total);
        count(&mut requests.recent);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Requests>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Requests {
    fn note(&mut self, latency: Duration) {
        let doublings = (latency.as_secs_f64() / SHORTEST.as_secs_f64()).log2();
        let step = (doublings * STEPS).ceil().max(0.0) as usize;
        if self.latencies.len() <= step {
            self.latencies.resize(step + 1, 0);
        }
        self.latencies[step] += 1;
    }

    /// The upper end of a step, in seconds.
    pub fn upper(step: usize) -> f64 {
        SHORTEST.as_secs_f64() * (step as f64 / STEPS).exp2()
    }

    /// The latency in seconds that a share of the answers, in (0, 1], did not exceed, to 4.4 %; `None`
    /// where there is no answer.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let all: u64 = self.latencies.iter().sum();
        let rank = (share * all as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        let step = self.latencies.iter().position(|&count| {
            below += count;
            below >= rank
        });
        step.filter(|_| all > 0).map(Requests::upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_not_taken_again_and_stays_in_the_total() {
        let (tally, cart) = (Tally::new(2), ServiceId(1));
        tally.offered(cart);
        tally.ended(cart, Outcome::Stale);
        let once = tally.take(cart);
        assert_eq!((once.offered, once.stale, once.served), (1, 1, 0));
        assert_eq!(tally.take(cart), Counts::default());
        assert_eq!(tally.all()[1].total, once);
        assert_eq!(tally.take(ServiceId(0)), Counts::default());
    }

    #[test]
    fn quantiles_are_upper_ends_of_narrow_steps() {
        let mut requests = Requests::default();
        assert_eq!(requests.quantile(0.5), None);
        for millis in 1..=100 {
            requests.note(Duration::from_millis(millis));
        }
        for (share, exact) in [(0.5, 0.050), (0.95, 0.095), (1.0, 0.100)] {
            let found = requests.quantile(share).expect("there are answers");
            assert!((exact..exact * 1.045).contains(&found), "{share}: {found}");
        }
    }
}

//! What became of requests.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ids::{Id, ServiceId};
use crate::time::Time;

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
    /// The window begins here.
    since: Time,
}

/// The requests of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// All of them.
    pub total: Counts,
    /// Those that were due in the window.
    pub window: Counts,
    /// Those that have come to no end yet.
    pub open: u64,
    /// Those since they were last taken.
    recent: Counts,
    /// How many were answered in each [`Requests::upper`] step of time.
    pub latencies: Vec<u64>,
    /// How long those that were answered took together.
    pub latency: Duration,
    /// The longest of them.
    pub slowest: Duration,
}

/// Steps of a histogram of latencies per doubling: each is 4.4 % wide.
const STEPS_PER_DOUBLING: usize = 16;
/// The first step of a histogram ends here.
const SHORTEST: Duration = Duration::from_micros(10);

impl Tally {
    /// Nothing yet, of so many services, with a window that begins then.
    pub fn new(services: usize, since: Time) -> Tally {
        Tally {
            services: Mutex::new(vec![Requests::default(); services]),
            since,
        }
    }

    /// A request is due.
    pub fn offered(&self, service: ServiceId, due: Time) {
        let requests = &mut self.lock()[service.index()];
        requests.open += 1;
        requests.count(self.since <= due, |counts| counts.offered += 1);
    }

    /// A request that was due then came to its end.
    pub fn ended(&self, service: ServiceId, due: Time, outcome: Outcome) {
        let requests = &mut self.lock()[service.index()];
        requests.open -= 1;
        requests.count(self.since <= due, |counts| match outcome {
            Outcome::Served(_) => counts.served += 1,
            Outcome::NoEndpoint => counts.no_endpoint += 1,
            Outcome::Stale => counts.stale += 1,
            Outcome::OverCapacity => counts.over_capacity += 1,
            Outcome::TimedOut => counts.timed_out += 1,
        });
        if let Outcome::Served(latency) = outcome {
            requests.note(latency);
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

    fn lock(&self) -> MutexGuard<'_, Vec<Requests>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Those that were asked for and not answered, each for a cause.
    pub const fn lost(&self) -> u64 {
        self.no_endpoint + self.stale + self.over_capacity + self.timed_out
    }

    /// Adds what came between two counts.
    const fn add(&mut self, later: &Counts, earlier: &Counts) {
        self.offered += later.offered - earlier.offered;
        self.served += later.served - earlier.served;
        self.no_endpoint += later.no_endpoint - earlier.no_endpoint;
        self.stale += later.stale - earlier.stale;
        self.over_capacity += later.over_capacity - earlier.over_capacity;
        self.timed_out += later.timed_out - earlier.timed_out;
    }
}

impl Requests {
    fn count(&mut self, in_window: bool, count: impl Fn(&mut Counts)) {
        count(&mut self.total);
        count(&mut self.recent);
        if in_window {
            count(&mut self.window);
        }
    }

    fn note(&mut self, latency: Duration) {
        let doublings = (latency.as_secs_f64() / SHORTEST.as_secs_f64()).log2();
        let step = (doublings * STEPS_PER_DOUBLING as f64).ceil().max(0.0) as usize;
        if self.latencies.len() <= step {
            self.latencies.resize(step + 1, 0);
        }
        self.latencies[step] += 1;
        self.latency += latency;
        self.slowest = self.slowest.max(latency);
    }

    /// Those of all services together, less those of an earlier moment. What is open is that of the later,
    /// and so is the slowest.
    pub fn between(earlier: &[Requests], later: &[Requests]) -> Requests {
        let mut sum = Requests::default();
        for (before, now) in earlier.iter().zip(later) {
            sum.total.add(&now.total, &before.total);
            sum.window.add(&now.window, &before.window);
            sum.open += now.open;
            sum.latency += now.latency - before.latency;
            sum.slowest = sum.slowest.max(now.slowest);
            let steps = sum.latencies.len().max(now.latencies.len());
            sum.latencies.resize(steps, 0);
            for (step, count) in now.latencies.iter().enumerate() {
                sum.latencies[step] += count - before.latencies.get(step).copied().unwrap_or(0);
            }
        }
        sum
    }

    /// The upper end of a step, in seconds.
    pub fn upper(step: usize) -> f64 {
        SHORTEST.as_secs_f64() * (step as f64 / STEPS_PER_DOUBLING as f64).exp2()
    }

    /// The last step that is no longer than so many doublings of the shortest.
    pub const fn step_of_doubling(doublings: usize) -> usize {
        doublings * STEPS_PER_DOUBLING
    }

    /// The latency in seconds that a share of the answers, in (0, 1], did not exceed, to 4.4 %, and that of
    /// all as it is; `None` where there is no answer.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let all: u64 = self.latencies.iter().sum();
        let rank = (share * all as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        let step = self.latencies.iter().position(|&count| {
            below += count;
            below >= rank
        });
        let upper = step.filter(|_| all > 0).map(Requests::upper);
        upper.map(|upper| upper.min(self.slowest.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUE: Time = Time::from_secs(1);

    #[test]
    fn what_is_due_before_the_window_is_not_in_it_whenever_it_ends() {
        let (tally, cart) = (Tally::new(1, DUE), ServiceId(0));
        let before = Time::from_nanos(DUE.nanos() - 1);
        let served = Outcome::Served(Duration::from_millis(3));
        tally.offered(cart, before);
        tally.offered(cart, DUE);
        tally.ended(cart, before, served);
        tally.ended(cart, DUE, Outcome::Stale);
        let Requests { total, window, .. } = &tally.all()[0];
        assert_eq!((total.offered, total.served), (2, 1));
        assert_eq!((window.offered, window.served, window.stale), (1, 0, 1));
    }

    #[test]
    fn what_is_taken_is_not_taken_again_and_stays_in_the_total() {
        let (tally, cart) = (Tally::new(2, Time::ZERO), ServiceId(1));
        tally.offered(cart, DUE);
        tally.ended(cart, DUE, Outcome::Stale);
        let once = tally.take(cart);
        assert_eq!((once.offered, once.stale, once.served), (1, 1, 0));
        assert_eq!(tally.take(cart), Counts::default());
        assert_eq!(tally.all()[1].total, once);
        assert_eq!(tally.take(ServiceId(0)), Counts::default());
    }

    #[test]
    fn what_is_offered_is_answered_or_lost_or_open() {
        let (tally, cart) = (Tally::new(1, Time::ZERO), ServiceId(0));
        let served = Outcome::Served(Duration::from_millis(3));
        let lost = [
            Outcome::NoEndpoint,
            Outcome::Stale,
            Outcome::OverCapacity,
            Outcome::TimedOut,
        ];
        for outcome in [served, served].into_iter().chain(lost) {
            tally.offered(cart, DUE);
            tally.ended(cart, DUE, outcome);
        }
        tally.offered(cart, DUE);
        let Requests { total, open, .. } = &tally.all()[0];
        assert_eq!((total.offered, total.served, *open), (7, 2, 1));
        assert_eq!(total.offered, total.served + total.lost() + open);
        assert_eq!(tally.all()[0].latency, Duration::from_millis(6));
    }

    #[test]
    fn what_came_between_two_moments_is_that_of_all_services() {
        let tally = Tally::new(2, Time::ZERO);
        let (cart, search) = (ServiceId(0), ServiceId(1));
        let ask = |service, outcome| {
            tally.offered(service, DUE);
            tally.ended(service, DUE, outcome);
        };
        let served = |millis| Outcome::Served(Duration::from_millis(millis));
        ask(cart, served(100));
        ask(search, Outcome::Stale);
        let earlier = tally.all();
        ask(cart, served(2));
        ask(search, served(4));
        ask(search, Outcome::TimedOut);
        tally.offered(search, DUE);
        let between = Requests::between(&earlier, &tally.all());
        let total = &between.total;
        assert_eq!((total.offered, total.served, total.lost()), (4, 2, 1));
        assert_eq!((total.timed_out, total.stale, between.open), (1, 0, 1));
        assert_eq!(between.latency, Duration::from_millis(6));
        let slowest = between.quantile(1.0).expect("there are answers");
        assert!((0.004..0.0042).contains(&slowest), "{slowest}");
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
        assert_eq!(requests.quantile(1.0), Some(0.1));
    }
}

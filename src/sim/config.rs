//! How late the control plane sees and acts, and how fast the mock machines are.

use crate::dist::Distribution;
use crate::rng::Stream;
use crate::time::Duration;

/// Settings of the simulated world. Times for which neither Kubernetes nor anybody else gives a
/// default are zero: measure yours and set them.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Time between a node's lease renewals.
    ///
    /// 10 s: the kubelet renews at a quarter of `nodeLeaseDurationSeconds` (40 s) (Kubernetes
    /// documentation, "Nodes", v1.34).
    pub heartbeat: Duration,
    /// Time one scheduling decision takes. Zero unless set.
    pub scheduling: Duration,
    /// From a command until the node acts on it (watch, kubelet sync). Zero unless set.
    pub command: Duration,
    /// From a node's or a container's news until the control plane hears it; what one node tells is
    /// heard in its order. Zero unless set.
    pub status: Delay,
    /// From a change of endpoints until traffic follows (kube-proxy). Zero unless set.
    pub endpoints: Duration,
    /// From the end of a measuring interval until its sample can be read.
    ///
    /// 10 s: the kubelet refreshes container statistics every 10 s (`--housekeeping-interval`,
    /// kubelet command line reference, v1.34), so a sample is up to that old.
    pub metrics: Duration,
    /// Time to create and start a container once its image is there. Zero unless set.
    pub create: Crowd,
    /// Whether all nodes share one machine, as private engines do: containers that start anywhere
    /// then slow each other down, not those of one node alone.
    pub shared_machine: bool,
    /// From a container's start until it can serve, beyond its startup. Zero unless set.
    pub ready: Delay,
    /// From the order to stop a container until it has ended, beyond its shutdown. Zero unless set.
    pub stop: Delay,
    /// From a failed node's return until it takes part again (boot). Zero unless set.
    pub boot: Delay,
    /// Bytes per second at which a node pulls images; `None`: images are taken to be on every node.
    pub pull_bandwidth: Option<u64>,
    /// Longest graceful stop before a container is killed.
    ///
    /// 30 s: `terminationGracePeriodSeconds` (Kubernetes documentation, "Pod Lifecycle", v1.34).
    pub grace: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            heartbeat: Duration::from_secs(10),
            scheduling: Duration::ZERO,
            command: Duration::ZERO,
            status: Delay::NONE,
            endpoints: Duration::ZERO,
            metrics: Duration::from_secs(10),
            create: Crowd::alike(Delay::NONE),
            shared_machine: false,
            ready: Delay::NONE,
            stop: Delay::NONE,
            boot: Delay::NONE,
            pull_bandwidth: None,
            grace: Duration::from_secs(30),
        }
    }
}

/// A length of time that passes before something takes effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Delay {
    /// The same each time.
    Always(Duration),
    /// Drawn each time.
    Drawn(Distribution),
}

impl Delay {
    /// None at all.
    pub const NONE: Delay = Delay::Always(Duration::ZERO);

    /// Whether nothing is ever delayed.
    pub fn is_none(&self) -> bool {
        *self == Delay::NONE
    }

    /// One length of time; `dice` are made where they are needed.
    pub fn draw(&self, dice: impl FnOnce() -> Stream) -> Duration {
        match self {
            Delay::Always(length) => *length,
            Delay::Drawn(lengths) => lengths.sample_duration(&mut dice()),
        }
    }

    /// A length that few exceed: one in a thousand, or what lies ten standard deviations above the
    /// mean where quantiles are not known.
    pub fn longest(&self) -> Duration {
        match self {
            Delay::Always(length) => *length,
            Delay::Drawn(lengths) => {
                let far = || Some(lengths.mean()? + 10.0 * lengths.variance()?.sqrt());
                let longest = lengths.quantile(0.999).or_else(far);
                longest.map_or(Duration::MAX, Duration::from_secs_f64)
            }
        }
    }

    /// Every length multiplied by `factor`, which is above zero.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Delay {
        match self {
            Delay::Always(length) => {
                Delay::Always(Duration::from_secs_f64(length.secs_f64() * factor))
            }
            Delay::Drawn(lengths) => Delay::Drawn(lengths.scaled(factor)),
        }
    }
}

/// Delays by how many things are being done at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Crowd {
    /// From how many on, ascending and beginning with one, and the delays then.
    levels: Vec<(u32, Delay)>,
}

impl Crowd {
    /// The same however many there are.
    pub fn alike(delay: Delay) -> Crowd {
        Crowd {
            levels: vec![(1, delay)],
        }
    }

    /// Delays by number; `None` unless the numbers ascend and begin with one.
    pub fn new(levels: Vec<(u32, Delay)>) -> Option<Crowd> {
        let begins = levels.first().is_some_and(|&(number, _)| number == 1);
        let ascends = levels.is_sorted_by(|a, b| a.0 < b.0);
        (begins && ascends).then_some(Crowd { levels })
    }

    /// Whether it matters how many there are.
    pub fn depends(&self) -> bool {
        self.levels.len() > 1
    }

    /// Whether nothing is ever delayed.
    pub fn is_none(&self) -> bool {
        self.levels.iter().all(|(_, delay)| delay.is_none())
    }

    /// One length of time for one of `number`. Between two levels it lies between what the same dice
    /// give in both; beyond the last it is as in the last.
    pub fn draw(&self, number: u32, dice: impl Fn() -> Stream) -> Duration {
        let above = self.levels.partition_point(|&(from, _)| from <= number);
        let (from, below) = &self.levels[above.max(1) - 1];
        let less = below.draw(&dice);
        let Some((to, delay)) = self.levels.get(above).filter(|_| number > *from) else {
            return less;
        };
        let share = f64::from(number - from) / f64::from(to - from);
        let more = delay.draw(&dice).secs_f64();
        Duration::from_secs_f64(less.secs_f64() + share * (more - less.secs_f64()))
    }

    /// Every length multiplied by `factor`, which is above zero.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Crowd {
        let levels = self.levels.iter();
        Crowd {
            levels: levels
                .map(|(number, delay)| (*number, delay.scaled(factor)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{self, Purpose, Seed};

    fn dice() -> Stream {
        let seed = Seed {
            seed: 1,
            replication: 1,
        };
        rng::stream(seed, Purpose::Create, "cart-0", 1)
    }

    fn fixed(millis: u64) -> Delay {
        Delay::Always(Duration::from_millis(millis))
    }

    #[test]
    fn a_crowd_of_a_size_between_two_is_delayed_between_them() {
        let crowd = Crowd::new(vec![(1, fixed(100)), (3, fixed(200)), (5, fixed(600))]);
        let crowd = crowd.expect("ascending from one on");
        let of = |number| crowd.draw(number, dice).nanos() / 1_000_000;
        assert_eq!([1, 2, 3, 4, 5, 50].map(of), [100, 150, 200, 400, 600, 600]);
        for wrong in [vec![], vec![(2, fixed(1))], vec![(1, fixed(1)); 2]] {
            assert_eq!(Crowd::new(wrong), None);
        }
    }

    #[test]
    fn drawn_delays_between_two_levels_use_the_same_dice() {
        let drawn = |low, high| Delay::Drawn(Distribution::uniform(low, high).expect("possible"));
        let crowd = Crowd::new(vec![(1, drawn(0.0, 1.0)), (3, drawn(2.0, 4.0))]);
        let crowd = crowd.expect("ascending from one on");
        let share = Distribution::uniform(0.0, 1.0).expect("possible");
        let share = share.sample(&mut dice());
        let [one, two, three] = [1, 2, 3].map(|number| crowd.draw(number, dice).secs_f64());
        assert!((one - share).abs() < 1e-9 && (three - (2.0 + 2.0 * share)).abs() < 1e-9);
        assert!((two - (one + three) / 2.0).abs() < 1e-8);
    }

    #[test]
    fn the_longest_delay_is_one_that_few_exceed() {
        assert_eq!(fixed(7).longest(), Duration::from_millis(7));
        let mean = Distribution::exponential(1.0).expect("possible");
        // −ln 0.001 = 6.908
        let longest = Delay::Drawn(mean).longest().secs_f64();
        assert!((longest - 6.908).abs() < 0.001, "{longest}");
        let gamma = Distribution::gamma(4.0, 0.5).expect("possible");
        // Mean 2 and standard deviation 1.
        assert_eq!(Delay::Drawn(gamma).longest(), Duration::from_secs(12));
    }
}

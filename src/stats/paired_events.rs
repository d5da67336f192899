//! Rare events in paired runs: whether they happen oftener in one variant than in the other.

use statrs::distribution::{Binomial, DiscreteCDF};

use super::power::MOST_RUNS;
use super::{Confidence, Estimate, Interval, Method, clopper_pearson};

/// More discordant pairs than this are not asked for: they would divide nearly evenly.
const MOST_DISCORDANT: u64 = 1_000;

/// Of so many pairs of runs, in how many something happened to one of the two alone.
///
/// Pairs of which both or neither had it do not tell the variants apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairedEvents {
    /// Pairs in which only the variant had the event.
    pub only_here: u64,
    /// Pairs in which only the baseline had it.
    pub only_baseline: u64,
    /// All pairs.
    pub pairs: u64,
}

impl PairedEvents {
    /// Counts runs that share a seed, index by index. Panics when the lengths differ.
    pub fn count(here: &[bool], baseline: &[bool]) -> PairedEvents {
        assert_eq!(here.len(), baseline.len(), "runs come in pairs");
        let only = |in_here: bool| {
            let pairs = here.iter().zip(baseline);
            pairs
                .filter(|&(&a, &b)| a == in_here && b != in_here)
                .count() as u64
        };
        PairedEvents {
            only_here: only(true),
            only_baseline: only(false),
            pairs: here.len() as u64,
        }
    }

    /// McNemar's test in its exact form: how likely so uneven a division of the discordant pairs would be
    /// if each fell to either side like a coin ("Note on the Sampling Error of the Difference
    /// Between Correlated Proportions or Percentages", Psychometrika 12, 1947). 1 without any.
    pub fn p_value(self) -> f64 {
        let coin = Binomial::new(0.5, self.discordant()).expect("a half is a probability");
        let fewer = self.only_here.min(self.only_baseline);
        (2.0 * coin.cdf(fewer)).min(1.0)
    }

    /// P(event) here − P(event) in the baseline, with an interval that contains the truth at least as
    /// often as it says, whatever the truth and however few the events.
    ///
    /// The difference is ψ · (2θ − 1), where a pair is discordant with probability ψ and then falls
    /// to this side with θ. Each has an exact interval (Clopper and Pearson, Biometrika 26, 1934),
    /// that of θ given the discordant pairs, as in McNemar's test; both hold together with the
    /// confidence asked for when each may fail half as often (Bonferroni's inequality), and the
    /// interval is all that ψ · (2θ − 1) can be then. Conservative: a score interval (Tango,
    /// Statistics in Medicine 17, 1998) is narrower, but contains the truth less often than it says
    /// when events are few.
    ///
    /// Absent for no pairs; panics when more are discordant than there are.
    pub fn difference(self, confidence: Confidence) -> Option<Estimate> {
        let discordant = self.discordant();
        let each = confidence.bonferroni(2);
        let psi = clopper_pearson(discordant, self.pairs, each)?.interval?;
        let theta = clopper_pearson(self.only_here, discordant, each)
            .and_then(|share| share.interval)
            .unwrap_or(Interval {
                low: 0.0,
                high: 1.0,
            });
        let tilt = |theta: f64| 2.0 * theta - 1.0;
        let interval = Interval {
            low: least(psi, tilt(theta.low)),
            high: -least(psi, -tilt(theta.high)),
        };
        let value = (self.only_here as f64 - self.only_baseline as f64) / self.pairs as f64;
        Some(Estimate::with(value, interval, Method::PairedExact))
    }

    /// The standard deviation over pairs of the difference (1, 0 or −1): for
    /// [`runs_needed`](super::runs_needed) and its like, which then approximate. Absent for fewer than two pairs, and
    /// where it is zero: none discordant, or all and to one side.
    pub fn sd(self) -> Option<f64> {
        let (here, baseline) = (self.only_here as f64, self.only_baseline as f64);
        let pairs = self.pairs as f64;
        let squares = here + baseline - (here - baseline).powi(2) / pairs;
        (self.pairs > 1 && squares > 0.0).then(|| (squares / (pairs - 1.0)).sqrt())
    }

    /// About how many pairs the exact test needs to tell the variants apart with this `power`, if pairs go
    /// on to differ as often and as one-sidedly: those in which it has as many discordant ones as it
    /// needs on average. Absent where neither side has more, and beyond [`MOST_RUNS`].
    pub fn runs_needed(self, power: f64, confidence: Confidence) -> Option<usize> {
        let most = self.only_here.max(self.only_baseline);
        if 2 * most == self.discordant() {
            return None;
        }
        let share = self.pairs as f64 / self.discordant() as f64;
        let other = 1.0 - most as f64 / self.discordant() as f64;
        let reaches = |discordant: u64| {
            let coin = Binomial::new(0.5, discordant).expect("a half is a probability");
            let truth = Binomial::new(other, discordant).expect("a share is a probability");
            let is_told = |fewer: u64| 2.0 * coin.cdf(fewer) <= 1.0 - confidence.level();
            // The most pairs of the rarer kind that still tell.
            let fewer = (0..=discordant).take_while(|&fewer| is_told(fewer)).last();
            fewer.is_some_and(|fewer| truth.cdf(fewer) >= power)
        };
        let runs = (1..=MOST_DISCORDANT)
            .find(|&discordant| reaches(discordant))
            .map(|discordant| (discordant as f64 * share).ceil() as usize)?;
        (runs <= MOST_RUNS).then_some(runs)
    }

    fn discordant(self) -> u64 {
        self.only_here + self.only_baseline
    }
}

/// The least product of a number of `psi`, which is not negative, with `tilt`.
fn least(psi: Interval, tilt: f64) -> f64 {
    match tilt < 0.0 {
        true => psi.high * tilt,
        false => psi.low * tilt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P95: Confidence = Confidence::NINETY_FIVE;

    fn events(only_here: u64, only_baseline: u64, pairs: u64) -> PairedEvents {
        PairedEvents {
            only_here,
            only_baseline,
            pairs,
        }
    }

    fn interval(events: PairedEvents, confidence: Confidence) -> Interval {
        events.difference(confidence).unwrap().interval.unwrap()
    }

    #[test]
    fn pairs_that_agree_do_not_tell_the_variants_apart() {
        let here = [true, true, false, false, true];
        let baseline = [true, false, true, false, false];
        assert_eq!(PairedEvents::count(&here, &baseline), events(2, 1, 5));
    }

    #[test]
    fn the_test_is_that_of_a_coin() {
        // Six of six: 2/64. Two of ten: 2 · (1 + 10 + 45)/1024.
        assert!((events(6, 0, 50).p_value() - 2.0 / 64.0).abs() < 1e-12);
        assert!((events(0, 6, 9).p_value() - 2.0 / 64.0).abs() < 1e-12);
        assert!((events(2, 8, 50).p_value() - 112.0 / 1024.0).abs() < 1e-12);
        assert_eq!(events(4, 4, 50).p_value(), 1.0);
        assert_eq!(events(0, 0, 50).p_value(), 1.0);
    }

    #[test]
    fn runs_needed_have_the_discordant_pairs_that_the_test_needs() {
        // All to one side: six tell (2/64 is below 5 %, 2/32 is not), and every 15th pair is one.
        assert_eq!(events(2, 0, 30).runs_needed(0.8, P95), Some(90));
        assert_eq!(events(0, 2, 30).runs_needed(0.8, P95), Some(90));
        // A family of four: eight tell (2/256 ≤ 1/80, 2/128 is not).
        assert_eq!(
            events(2, 0, 30).runs_needed(0.8, P95.bonferroni(4)),
            Some(120)
        );
        // Three of four: 30 discordant pairs tell if at most 9 are of the rarer kind, P = 0.803;
        // of fewer none does.
        assert_eq!(events(3, 1, 4).runs_needed(0.8, P95), Some(30));
        assert_eq!(events(2, 2, 30).runs_needed(0.8, P95), None);
        assert_eq!(events(0, 0, 30).runs_needed(0.8, P95), None);
    }

    #[test]
    fn without_discordant_pairs_the_bound_is_that_on_their_share() {
        // Half of 5 % to both sides of ψ: 1 − 0.0125^(1/72) = 5.90 %.
        let bound = 1.0 - 0.0125_f64.powf(1.0 / 72.0);
        let found = interval(events(0, 0, 72), P95);
        assert!((found.high - bound).abs() < 1e-12, "{found:?}");
        assert_eq!(found.low, -found.high);
        assert_eq!(events(0, 0, 0).difference(P95), None);
    }

    #[test]
    fn ends_are_products_of_the_two_intervals() {
        // Eight of eight to this side, of 1,000: θ from 0.0125^(1/8) = 0.578247, so
        // 2θ − 1 from 0.156495 to 1.
        let found = interval(events(8, 0, 1000), P95);
        let psi = clopper_pearson(8, 1000, P95.bonferroni(2));
        let psi = psi.unwrap().interval.unwrap();
        assert!((found.low - psi.low * 0.156_495).abs() < 1e-8, "{found:?}");
        assert_eq!(found.high, psi.high);
        let mirrored = interval(events(0, 8, 1000), P95);
        assert!((mirrored.low + found.high).abs() < 1e-15);
        assert!((mirrored.high + found.low).abs() < 1e-12);
        // Six are not enough for a confidence of 1 − 0.025: 0.0125^(1/6) = 0.482.
        assert!(interval(events(6, 0, 1000), P95).contains(0.0));
    }

    #[test]
    fn the_spread_is_that_of_the_differences() {
        // 1, 1, 1, −1 and six zeros: mean 0.2, squares 4 − 10 · 0.04 = 3.6 over 9.
        let found = events(3, 1, 10).sd().unwrap();
        assert!((found - 0.4_f64.sqrt()).abs() < 1e-15);
        assert_eq!(events(0, 0, 10).sd(), None);
        assert_eq!(events(10, 0, 10).sd(), None);
    }

    /// How often the interval of `pairs` contains the truth: the sum of the probabilities of all counts
    /// of which it does.
    fn coverage(intervals: &[Vec<Interval>], here: f64, baseline: f64) -> f64 {
        let pairs = intervals.len() - 1;
        let ln_factorial: Vec<f64> = (0..=pairs)
            .scan(0.0, |sum, i| {
                *sum += (i.max(1) as f64).ln();
                Some(*sum)
            })
            .collect();
        let power = |p: f64, n: usize| if n == 0 { 0.0 } else { n as f64 * p.ln() };
        let mut covered = 0.0;
        for (a, row) in intervals.iter().enumerate() {
            for (b, interval) in row.iter().enumerate() {
                let rest = pairs - a - b;
                let ways = ln_factorial[pairs] - ln_factorial[a] - ln_factorial[b];
                let mass = ways - ln_factorial[rest]
                    + power(here, a)
                    + power(baseline, b)
                    + power(1.0 - here - baseline, rest);
                if interval.contains(here - baseline) {
                    covered += mass.exp();
                }
            }
        }
        covered
    }

    #[test]
    fn intervals_contain_the_truth_at_least_as_often_as_they_say() {
        let mut least: f64 = 1.0;
        for pairs in [2, 5, 20, 60] {
            let of = |a, b| interval(events(a, b, pairs), P95);
            let rows = (0..=pairs).map(|a| (0..=pairs - a).map(|b| of(a, b)).collect());
            let intervals: Vec<Vec<Interval>> = rows.collect();
            for sum in [0.001, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 0.99] {
                for share in [0.0, 0.05, 0.2, 0.35, 0.5, 0.8, 1.0] {
                    let found = coverage(&intervals, sum * share, sum * (1.0 - share));
                    least = least.min(found);
                }
            }
        }
        assert!((0.95..0.99).contains(&least), "{least}");
    }

    #[test]
    fn the_test_is_wrong_at_most_as_often_as_it_says() {
        // Given m discordant pairs, P(p ≤ 5 %) under the coin.
        for discordant in 0..=40_u64 {
            let coin = Binomial::new(0.5, discordant).unwrap();
            let mass = |a| statrs::distribution::Discrete::pmf(&coin, a);
            let of = |a| events(a, discordant - a, 100).p_value();
            let wrong: f64 = (0..=discordant).filter(|&a| of(a) <= 0.05).map(mass).sum();
            assert!(wrong <= 0.05, "{discordant}: {wrong}");
        }
    }
}

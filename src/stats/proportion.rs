//! How likely an event is, from how often it happened.

use statrs::function::beta::inv_beta_reg;

use super::{Confidence, Estimate, Interval, Method};

/// The share of trials that succeed, with its exact interval (Clopper and Pearson, "The Use of
/// Confidence or Fiducial Limits Illustrated in the Case of the Binomial", Biometrika 26, 1934):
/// at its ends, what was seen or more extreme has probability (1 − confidence)/2.
///
/// It contains the truth at least as often as it says, whatever the truth. Absent for no trials;
/// panics when there are more successes than trials.
pub fn clopper_pearson(successes: u64, trials: u64, confidence: Confidence) -> Option<Estimate> {
    assert!(
        successes <= trials,
        "{successes} of {trials} trials succeeded"
    );
    if trials == 0 {
        return None;
    }
    // The binomial's tails are the beta's: P(X ≥ x) = I_p(x, n − x + 1).
    let (x, n) = (successes as f64, trials as f64);
    let interval = Interval {
        low: match successes {
            0 => 0.0,
            _ => inv_beta_reg(x, n - x + 1.0, confidence.tail()),
        },
        high: match trials - successes {
            0 => 1.0,
            _ => inv_beta_reg(x + 1.0, n - x, 1.0 - confidence.tail()),
        },
    };
    Some(Estimate::with(x / n, interval, Method::ClopperPearson))
}

/// What the share of trials that succeed is at least, with `confidence`: the lower end of Clopper and
/// Pearson's interval with the whole of the error on that side. Zero for no trials; panics when there
/// are more successes than trials.
pub fn at_least(successes: u64, trials: u64, confidence: Confidence) -> f64 {
    assert!(
        successes <= trials,
        "{successes} of {trials} trials succeeded"
    );
    let (x, n) = (successes as f64, trials as f64);
    match successes {
        0 => 0.0,
        // P(X = n) = p^n.
        all if all == trials => (1.0 - confidence.level()).powf(1.0 / n),
        _ => inv_beta_reg(x, n - x + 1.0, 1.0 - confidence.level()),
    }
}

/// What the share of trials that succeed is at most, with `confidence`, likewise. One for no trials;
/// panics when there are more successes than trials.
pub fn at_most(successes: u64, trials: u64, confidence: Confidence) -> f64 {
    assert!(
        successes <= trials,
        "{successes} of {trials} trials succeeded"
    );
    1.0 - at_least(trials - successes, trials, confidence)
}

/// The fewest trials that, when all of them succeed, show with `confidence` that at least `share` of
/// all do: the least n with `share`^n ≤ 1 − confidence. Panics unless 0 < `share` < 1.
pub fn fewest_trials(share: f64, confidence: Confidence) -> u32 {
    assert!(share > 0.0 && share < 1.0, "a share of {share}");
    let mut trials = ((-confidence.level()).ln_1p() / share.ln())
        .floor()
        .max(1.0) as u32;
    while at_least(trials.into(), trials.into(), confidence) < share {
        trials += 1;
    }
    trials
}

/// The rate of an event that was never seen in `exposure`, in events per unit of exposure: zero, and
/// with `confidence` below −ln(1 − confidence)/exposure.
///
/// At 95 % that is 2.996 over the exposure, hence the name (Hanley and Lippman-Hand, "If Nothing
/// Goes Wrong, Is Everything All Right?", JAMA 249, 1983). A Poisson process of a larger rate would
/// have shown an event with more than that confidence. Absent unless the exposure is positive and
/// finite.
pub fn rule_of_three(exposure: f64, confidence: Confidence) -> Option<Estimate> {
    if !(exposure > 0.0 && exposure.is_finite()) {
        return None;
    }
    let interval = Interval {
        low: 0.0,
        high: -(-confidence.level()).ln_1p() / exposure,
    };
    Some(Estimate::with(0.0, interval, Method::RuleOfThree))
}

#[cfg(test)]
mod tests {
    use super::*;

    const P95: Confidence = Confidence::NINETY_FIVE;

    #[track_caller]
    fn check(successes: u64, trials: u64, level: f64, low: f64, high: f64, precision: f64) {
        let confidence = Confidence::new(level).unwrap();
        let estimate = clopper_pearson(successes, trials, confidence).unwrap();
        let found = estimate.interval.unwrap();
        assert_eq!(estimate.value, successes as f64 / trials as f64);
        assert!((found.low - low).abs() <= precision, "{found:?}");
        assert!((found.high - high).abs() <= precision, "{found:?}");
    }

    #[test]
    fn intervals_are_those_that_were_published() {
        // Newcombe, "Two-Sided Confidence Intervals for the Single Proportion", Statistics in
        // Medicine 17, 1998, table I, method 5.
        check(81, 263, 0.95, 0.2527, 0.3676, 0.000_051);
        check(15, 148, 0.95, 0.0578, 0.1617, 0.000_051);
        check(0, 20, 0.95, 0.0, 0.1684, 0.000_051);
        check(1, 29, 0.95, 0.0009, 0.1776, 0.000_051);
        // The example of R's binom.test, from Conover (1971), "Practical Nonparametric Statistics".
        check(682, 925, 0.95, 0.707_668_3, 0.765_406_6, 0.000_000_1);
        // NIST/SEMATECH e-Handbook of Statistical Methods, §7.2.4.1, prints 0.071354 and 0.401029;
        // bisection with 40 digits gives 0.0713539 and 0.4010281, so the last digit is one too high.
        check(4, 20, 0.90, 0.071_354, 0.401_029, 0.000_001);
        check(4, 20, 0.90, 0.071_353_884_309, 0.401_028_117_332, 1e-11);
    }

    #[test]
    fn when_all_trials_agree_the_other_end_is_a_root() {
        // 0.025^(1/72) = 0.950056: with 72 of 72 good runs, at least 95 % of all runs are good.
        check(72, 72, 0.95, 0.025_f64.powf(1.0 / 72.0), 1.0, 1e-12);
        check(0, 72, 0.95, 0.0, 1.0 - 0.025_f64.powf(1.0 / 72.0), 1e-12);
    }

    #[test]
    fn many_trials_come_near_the_normal_interval() {
        // 0.5 ± 1.959964 · sqrt(0.25/10⁶) = 0.5 ± 0.000980, plus half a trial.
        check(500_000, 1_000_000, 0.95, 0.499_020, 0.500_980, 1e-6);
    }

    #[test]
    fn a_bound_on_one_side_has_the_whole_error_there() {
        let at = |level| Confidence::new(level).unwrap();
        // 0.05^(1/72) = 0.95925, and 0.025^(1/72) = 0.95006: the two-sided interval's lower end.
        assert!((at_least(72, 72, P95) - 0.959_25).abs() < 1e-5);
        let both = clopper_pearson(70, 72, P95).unwrap().interval.unwrap();
        assert!((at_least(70, 72, at(0.975)) - both.low).abs() < 1e-9);
        assert!((at_most(70, 72, at(0.975)) - both.high).abs() < 1e-9);
        assert_eq!((at_least(0, 5, P95), at_most(5, 5, P95)), (0.0, 1.0));
        assert_eq!((at_least(0, 0, P95), at_most(0, 0, P95)), (0.0, 1.0));
    }

    #[test]
    fn the_fewest_trials_that_can_show_a_share() {
        let at = |level| Confidence::new(level).unwrap();
        // 0.95^58 = 0.0510, 0.95^59 = 0.0485; 0.95^71 = 0.0262, 0.95^72 = 0.0249.
        assert_eq!(fewest_trials(0.95, P95), 59);
        assert_eq!(fewest_trials(0.95, at(0.975)), 72);
        // 0.99^298 = 0.05003, 0.99^299 = 0.04953; 0.5^2 = 0.25, and 0.1 ≤ 0.25.
        assert_eq!(fewest_trials(0.99, P95), 299);
        assert_eq!(fewest_trials(0.5, at(0.75)), 2);
        assert_eq!(fewest_trials(0.1, at(0.75)), 1);
    }

    #[test]
    fn no_trial_says_nothing() {
        assert_eq!(clopper_pearson(0, 0, P95), None);
        assert_eq!(rule_of_three(0.0, P95), None);
    }

    #[test]
    fn intervals_contain_the_truth_at_least_as_often_as_they_say() {
        // Exact: the sum of C(20,x) p^x (1−p)^(20−x) over the x whose interval contains p.
        let intervals: Vec<Interval> = (0..=20)
            .map(|x| clopper_pearson(x, 20, P95).unwrap().interval.unwrap())
            .collect();
        let coverage = |p: f64| -> f64 {
            let mut mass = (1.0 - p).powi(20);
            let mut covered = 0.0;
            for (x, interval) in (0..).zip(&intervals) {
                covered += if interval.contains(p) { mass } else { 0.0 };
                mass *= f64::from(20 - x) / f64::from(x + 1) * p / (1.0 - p);
            }
            covered
        };
        let found: Vec<f64> = (1..1000).map(|i| coverage(f64::from(i) / 1000.0)).collect();
        let least = found.iter().copied().fold(1.0, f64::min);
        assert!((0.95..0.96).contains(&least), "{least}");
    }

    #[test]
    fn three_over_the_exposure_bounds_what_was_never_seen() {
        // −ln 0.05 = 2.995732; over 20 runs of a day, 0.14979 a day.
        let bound = rule_of_three(20.0, P95).unwrap().interval.unwrap();
        assert_eq!(bound.low, 0.0);
        assert!((bound.high - 2.995_732 / 20.0).abs() < 1e-7, "{bound:?}");
        // At that rate no event in 20 days has probability exp(−20 · rate) = 5 %.
        assert!(((-20.0 * bound.high).exp() - 0.05).abs() < 1e-12);
    }
}

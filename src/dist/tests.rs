use std::f64::consts::PI;

use expect_test::{Expect, expect};
use rand::Rng;

use super::special::{gamma_quantile, normal_cdf};
use super::*;
use crate::rng::{Purpose, Seed};

fn dice(name: &str) -> Stream {
    let seed = Seed {
        seed: 1,
        replication: 1,
    };
    rng::stream(seed, Purpose::Jobs, name, 0)
}

/// One of every kind.
fn every_kind() -> Vec<Distribution> {
    [
        Distribution::constant(3.0),
        Distribution::uniform(2.0, 6.0),
        Distribution::exponential(3.0),
        Distribution::normal(1.0, 2.0),
        Distribution::lognormal(0.05, 1.42),
        Distribution::weibull(0.7, 100.0),
        Distribution::gamma(2.5, 2.0),
        Distribution::pareto(1.5, 2.0),
        Distribution::bounded_pareto(0.7, 1.0, 1e6),
        Distribution::empirical(&[1.0, 2.0, 4.0]),
    ]
    .into_iter()
    .map(Result::unwrap)
    .collect()
}

#[track_caller]
fn assert_near(actual: f64, expected: f64, relative: f64) {
    assert!(
        (actual - expected).abs() <= relative * expected.abs(),
        "{actual} is not {expected}"
    );
}

/// Holds the stated and the drawn moments to the true mean, variance and fourth central moment.
///
/// The mean of n draws has standard error sqrt(variance / n), their variance
/// sqrt((fourth − variance²) / n); either lies 4 of them off once in 16,000.
#[track_caller]
fn check_moments(d: Result<Distribution, Impossible>, mean: f64, variance: f64, fourth: f64) {
    const N: usize = 100_000;
    let d = d.unwrap();
    assert_near(d.mean().unwrap(), mean, 1e-8);
    assert_near(d.variance().unwrap(), variance, 1e-6);
    let mut dice = dice("moments");
    let draws: Vec<f64> = (0..N).map(|_| d.sample(&mut dice)).collect();
    let drawn = |power: i32, centre: f64| {
        draws.iter().map(|x| (x - centre).powi(power)).sum::<f64>() / N as f64
    };
    let off = (drawn(1, 0.0) - mean) / (variance / N as f64).sqrt();
    assert!(off.abs() < 4.0, "{d:?}: mean off by {off} standard errors");
    let off = (drawn(2, mean) - variance) / ((fourth - variance * variance) / N as f64).sqrt();
    assert!(
        off.abs() < 4.0,
        "{d:?}: variance off by {off} standard errors"
    );
}

#[test]
fn uniform_draws_have_the_moments_of_the_formula() {
    // (2+6)/2, 4²/12, 4⁴/80.
    check_moments(Distribution::uniform(2.0, 6.0), 4.0, 4.0 / 3.0, 3.2);
}

#[test]
fn exponential_draws_have_the_moments_of_the_formula() {
    // m, m², 9 m⁴.
    check_moments(Distribution::exponential(3.0), 3.0, 9.0, 729.0);
}

#[test]
fn truncated_normal_draws_have_the_moments_of_what_is_left() {
    // The half normal: sqrt(2/π), 1 − 2/π, 3 − 4/π − 12/π².
    let half = [
        (2.0 / PI).sqrt(),
        1.0 - 2.0 / PI,
        3.0 - 4.0 / PI - 12.0 / (PI * PI),
    ];
    check_moments(Distribution::normal(0.0, 1.0), half[0], half[1], half[2]);
    // Numerical integration of the truncated density with 25 digits.
    check_moments(
        Distribution::normal(1.0, 2.0),
        2.018320867674,
        1.944701742785,
        12.75627943605,
    );
    check_moments(
        Distribution::normal(-5.0, 1.0),
        0.1865039671258,
        0.03269643461711,
        0.008295007483901,
    );
}

#[test]
fn lognormal_draws_have_the_moments_of_the_formula() {
    // With w = exp(σ²): mean √w, variance w(w − 1), kurtosis w⁴ + 2w³ + 3w² − 3.
    let w = 0.25_f64.exp();
    let variance = w * (w - 1.0);
    let kurtosis = w.powi(4) + 2.0 * w.powi(3) + 3.0 * w * w - 3.0;
    let fourth = kurtosis * variance * variance;
    check_moments(
        Distribution::lognormal(0.0, 0.5),
        w.sqrt(),
        variance,
        fourth,
    );
    check_moments(
        Distribution::lognormal_with_median(2.0, 0.5),
        2.0 * w.sqrt(),
        4.0 * variance,
        16.0 * fourth,
    );
}

#[test]
fn weibull_draws_have_the_moments_of_the_formula() {
    // Raw moments Γ(1 + n/0.7), n = 1..4: 1.2658, 5.0291, 37.234, 424.34, with 13 digits.
    let [m1, m2, m3, m4] = [
        1.265823506057,
        5.02914470214,
        37.23401893266,
        424.3381433769,
    ];
    let variance: f64 = m2 - m1 * m1;
    let fourth: f64 = m4 - 4.0 * m1 * m3 + 6.0 * m1 * m1 * m2 - 3.0 * m1.powi(4);
    check_moments(Distribution::weibull(0.7, 1.0), m1, variance, fourth);
    // Shape 2, the Rayleigh distribution: √π/2, 1 − π/4, (32 − 3π²)/16.
    let fourth = (32.0 - 3.0 * PI * PI) / 16.0;
    check_moments(
        Distribution::weibull(2.0, 1.0),
        PI.sqrt() / 2.0,
        1.0 - PI / 4.0,
        fourth,
    );
}

#[test]
fn gamma_draws_have_the_moments_of_the_formula() {
    // kθ, kθ², kurtosis 3 + 6/k: 2.5·2, 2.5·4, 5.4·10².
    check_moments(Distribution::gamma(2.5, 2.0), 5.0, 10.0, 540.0);
    // 23·0.3².
    check_moments(Distribution::gamma(0.3, 1.0), 0.3, 0.3, 2.07);
    // 3.015·400².
    check_moments(Distribution::gamma(400.0, 1.0), 400.0, 400.0, 482_400.0);
}

#[test]
fn pareto_draws_have_the_moments_of_the_formula() {
    // Shape 9 from 2: 2·9/8, 2²·9/(8²·7), kurtosis 3 + 6(9³ + 9² − 6·9 − 2)/(9·6·5) = 3 + 4524/270.
    let variance = 36.0 / 448.0;
    let fourth = (3.0 + 4524.0 / 270.0) * variance * variance;
    check_moments(Distribution::pareto(9.0, 2.0), 2.25, variance, fourth);
}

#[test]
fn bounded_pareto_draws_have_the_moments_of_the_formula() {
    // Shape 1 on [1, 2] has density 2/x²: raw moments 2 ln 2, 2, 3, 14/3.
    let m = 2.0 * 2.0_f64.ln();
    let fourth = 14.0 / 3.0 - 4.0 * m * 3.0 + 6.0 * m * m * 2.0 - 3.0 * m.powi(4);
    check_moments(
        Distribution::bounded_pareto(1.0, 1.0, 2.0),
        m,
        2.0 - m * m,
        fourth,
    );
}

#[test]
fn empirical_draws_follow_the_weights() {
    // P(1) = 1/4, P(5) = 3/4: mean 4, variance (9 + 3·1)/4, fourth moment (81 + 3·1)/4.
    check_moments(
        Distribution::weighted([(5.0, 3.0), (1.0, 1.0)]),
        4.0,
        3.0,
        21.0,
    );
    check_moments(
        Distribution::empirical(&[5.0, 1.0, 5.0, 5.0]),
        4.0,
        3.0,
        21.0,
    );
    let never = Distribution::weighted([(0.0, 0.0), (1.0, 1e308), (5.0, 1e308)]).unwrap();
    assert_eq!(
        [0.0, 0.5, 0.6, 1.0].map(|p| never.quantile(p)),
        [1.0, 1.0, 5.0, 5.0]
    );
}

#[test]
fn moments_are_those_of_the_reference_table() {
    // Rows DIST of ../shared/reference/closed_forms.csv.
    let d = Distribution::weibull(0.7, 100.0).unwrap();
    let mean = d.mean().unwrap();
    assert_near(mean, 126.582350606, 1e-11);
    assert_near(d.median(), 59.2390112952, 1e-11);
    assert_near(d.variance().unwrap() / (mean * mean), 2.13868563185, 1e-11);
    let d = Distribution::lognormal(0.05, 1.42).unwrap();
    assert_near(d.mean().unwrap(), 2.8811801946, 1e-11);
    assert_near(d.median(), 1.05127109638, 1e-11);
    let d = Distribution::bounded_pareto(0.7, 1.0, 1e6).unwrap();
    assert_near(d.mean().unwrap(), 144.899189566, 1e-11);
    assert_near(d.median(), 2.69155777368, 1e-11);
}

#[test]
fn infinite_moments_are_absent() {
    let pareto = |shape| Distribution::pareto(shape, 2.0).unwrap();
    assert_eq!(pareto(1.0).mean(), None);
    assert_eq!(pareto(1.5).mean(), Some(6.0));
    assert_eq!(pareto(1.5).variance(), None);
    assert_eq!(pareto(2.0).variance(), None);
    assert_eq!(Distribution::lognormal(800.0, 1.0).unwrap().mean(), None);
    assert_eq!(Distribution::weibull(0.001, 1.0).unwrap().variance(), None);
}

/// The Kolmogorov–Smirnov distance of 10,000 draws from `cdf`, in units of 1/√n; one sample in a
/// thousand exceeds 1.95 (Kolmogorov's limit distribution).
#[track_caller]
fn check_cdf(d: Result<Distribution, Impossible>, cdf: impl Fn(f64) -> f64) {
    const N: usize = 10_000;
    let d = d.unwrap();
    let mut dice = dice("kolmogorov");
    let mut draws: Vec<f64> = (0..N).map(|_| d.sample(&mut dice)).collect();
    draws.sort_by(f64::total_cmp);
    let distance = draws.iter().enumerate().fold(0.0_f64, |worst, (i, &x)| {
        let share = cdf(x);
        let (below, upto) = (i as f64 / N as f64, (i + 1) as f64 / N as f64);
        worst.max(share - below).max(upto - share)
    });
    let distance = distance * (N as f64).sqrt();
    assert!(distance < 1.95, "{d:?}: distance {distance}");
    for p in [0.001, 0.01, 0.3, 0.5, 0.9, 0.999_999] {
        let found = cdf(d.quantile(p));
        assert!((found - p).abs() < 1e-9, "{d:?}: {found} is not {p}");
    }
}

#[test]
fn draws_follow_the_cumulative_distribution() {
    check_cdf(Distribution::uniform(2.0, 6.0), |x| (x - 2.0) / 4.0);
    check_cdf(Distribution::exponential(3.0), |x| 1.0 - (-x / 3.0).exp());
    for (mean, sd) in [(1.0, 2.0), (-9.0, 3.0), (100.0, 2.0)] {
        let above = |x: f64| normal_cdf((mean - x) / sd);
        check_cdf(Distribution::normal(mean, sd), |x| {
            1.0 - above(x) / above(0.0)
        });
    }
    check_cdf(Distribution::lognormal(0.05, 1.42), |x| {
        normal_cdf((x.ln() - 0.05) / 1.42)
    });
    check_cdf(Distribution::weibull(0.7, 100.0), |x| {
        -(-(x / 100.0).powf(0.7)).exp_m1()
    });
    for shape in [0.05, 0.3, 1.0, 2.5, 80.0] {
        check_cdf(Distribution::gamma(shape, 2.0), |x| match x {
            0.0 => 0.0,
            x => statrs::function::gamma::gamma_lr(shape, x / 2.0),
        });
    }
    check_cdf(Distribution::pareto(1.5, 2.0), |x| {
        1.0 - (2.0 / x).powf(1.5)
    });
    check_cdf(Distribution::bounded_pareto(0.7, 1.0, 1e6), |x| {
        (1.0 - x.powf(-0.7)) / (1.0 - 1e6_f64.powf(-0.7))
    });
}

#[test]
fn gamma_quantiles_are_those_of_the_chi_square_table() {
    // Half of χ² with twice the shape as degrees of freedom; NIST/SEMATECH e-Handbook §1.3.6.7.4.
    for (freedom, p, chi_square) in [
        (1.0, 0.95, 3.841),
        (2.0, 0.99, 9.210),
        (6.0, 0.95, 12.592),
        (20.0, 0.05, 10.851),
        (100.0, 0.99, 135.807),
    ] {
        let found: f64 = 2.0 * gamma_quantile(freedom / 2.0, p);
        assert!(
            (found - chi_square).abs() < 0.0006,
            "{freedom} {p}: {found}"
        );
    }
}

#[test]
fn gamma_quantiles_are_found_for_every_shape_and_share() {
    for shape in [
        1e-6,
        1e-3,
        0.2,
        0.999,
        1.0,
        1.001,
        30.0,
        1e3,
        LARGEST_GAMMA_SHAPE,
    ] {
        let shares = [
            0.0,
            5e-324,
            1e-300,
            1e-16,
            1e-3,
            0.5,
            0.501,
            1.0 - f64::EPSILON / 2.0,
            1.0,
        ];
        let found = shares.map(|p| gamma_quantile(shape, p));
        assert!(
            found.is_sorted() && found[0] == 0.0 && found[8].is_infinite(),
            "{found:?}"
        );
    }
}

#[test]
fn every_draw_takes_one_word_and_is_not_negative() {
    for d in every_kind() {
        let (mut drawn, mut skipped) = (dice("words"), dice("words"));
        for _ in 0..1000 {
            assert!(d.sample(&mut drawn) >= 0.0, "{d:?}");
            skipped.next_u64();
        }
        assert_eq!(drawn.next_u64(), skipped.next_u64(), "{d:?}");
    }
}

#[test]
fn quantiles_never_decrease() {
    for d in every_kind() {
        let found: Vec<f64> = (0..=1000)
            .map(|i| d.quantile(f64::from(i) / 1000.0))
            .collect();
        assert!(found.is_sorted(), "{d:?}");
    }
}

#[test]
fn a_draw_is_read_in_seconds() {
    let d = Distribution::constant(1.5).unwrap();
    assert_eq!(
        d.sample_duration(&mut dice("seconds")),
        Duration::from_millis(1500)
    );
    let for_ever = Distribution::constant(1e300).unwrap();
    assert_eq!(
        for_ever.sample_duration(&mut dice("seconds")),
        Duration::MAX
    );
}

#[track_caller]
fn check_refused(d: Result<Distribution, Impossible>, message: Expect) {
    message.assert_eq(&d.unwrap_err().to_string());
}

#[test]
fn impossible_parameters_are_refused_with_what_is_possible() {
    check_refused(
        Distribution::weibull(-1.0, 1.0),
        expect![
            "shape -1 is impossible for the weibull distribution: it must be a finite number above 0"
        ],
    );
    check_refused(
        Distribution::uniform(3.0, 2.0),
        expect![
            "high 2 is impossible for the uniform distribution: it must be a finite number of at least 3"
        ],
    );
    check_refused(
        Distribution::normal(-11.0, 2.0),
        expect![
            "mean -11 is impossible for the normal distribution: it must be a finite number of at least -10"
        ],
    );
    check_refused(
        Distribution::lognormal(f64::INFINITY, 2.0),
        expect!["mu inf is impossible for the lognormal distribution: it must be a finite number"],
    );
    check_refused(
        Distribution::gamma(1e7, 2.0),
        expect![
            "shape 10000000 is impossible for the gamma distribution: it must be above 0 and at most 1000000"
        ],
    );
    check_refused(
        Distribution::weighted([(1.0, 0.0)]),
        expect!["an empirical distribution needs a value of positive weight"],
    );
}

#[test]
fn no_constructor_lets_an_impossible_parameter_pass() {
    let nan = f64::NAN;
    let refused = [
        Distribution::constant(-1.0),
        Distribution::uniform(-1.0, 1.0),
        Distribution::uniform(0.0, nan),
        Distribution::exponential(0.0),
        Distribution::normal(1.0, 0.0),
        Distribution::normal(nan, 1.0),
        Distribution::lognormal(0.0, 0.0),
        Distribution::lognormal_with_median(0.0, 1.0),
        Distribution::weibull(1.0, 0.0),
        Distribution::gamma(0.0, 1.0),
        Distribution::gamma(1.0, 0.0),
        Distribution::pareto(0.0, 1.0),
        Distribution::pareto(1.0, 0.0),
        Distribution::bounded_pareto(0.0, 1.0, 2.0),
        Distribution::bounded_pareto(1.0, 0.0, 2.0),
        Distribution::bounded_pareto(1.0, 2.0, 2.0),
        Distribution::empirical(&[]),
        Distribution::empirical(&[1.0, -1.0]),
        Distribution::weighted([(1.0, 1.0), (2.0, -1.0)]),
    ];
    for (i, d) in refused.iter().enumerate() {
        assert!(d.is_err(), "number {i}: {d:?}");
    }
}

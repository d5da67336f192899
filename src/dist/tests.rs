use std::f64::consts::PI;

use expect_test::{Expect, expect};
use rand::Rng;
use statrs::distribution as reference;

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

#[test]
fn a_scaled_law_has_scaled_moments_quantiles_and_draws() {
    for law in every_kind() {
        let scaled = law.scaled(2.5);
        let (mut one, mut other) = (dice("scaled"), dice("scaled"));
        for _ in 0..20 {
            assert_near(scaled.sample(&mut other), 2.5 * law.sample(&mut one), 1e-9);
        }
        if let (Some(mean), Some(variance)) = (law.mean(), law.variance()) {
            assert_near(scaled.mean().unwrap(), 2.5 * mean, 1e-9);
            assert_near(scaled.variance().unwrap(), 6.25 * variance, 1e-9);
        }
        if let Some(median) = law.quantile(0.5) {
            assert_near(scaled.quantile(0.5).unwrap(), 2.5 * median, 1e-9);
        }
    }
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
    const N: usize = 400_000;
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
    // (3 + 6/10⁶)·10¹².
    let k = LARGEST_GAMMA_SHAPE;
    check_moments(Distribution::gamma(k, 1.0), k, k, 3e12 + 6e6);
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
        [1.0, 1.0, 5.0, 5.0].map(Some)
    );
}

#[test]
fn moments_are_those_of_the_reference_table() {
    // Rows DIST of ../shared/reference/closed_forms.csv.
    let d = Distribution::weibull(0.7, 100.0).unwrap();
    let mean = d.mean().unwrap();
    assert_near(mean, 126.582350606, 1e-11);
    assert_near(d.quantile(0.5).unwrap(), 59.2390112952, 1e-11);
    assert_near(d.variance().unwrap() / (mean * mean), 2.13868563185, 1e-11);
    let d = Distribution::lognormal(0.05, 1.42).unwrap();
    assert_near(d.mean().unwrap(), 2.8811801946, 1e-11);
    assert_near(d.quantile(0.5).unwrap(), 1.05127109638, 1e-11);
    let d = Distribution::bounded_pareto(0.7, 1.0, 1e6).unwrap();
    assert_near(d.mean().unwrap(), 144.899189566, 1e-11);
    assert_near(d.quantile(0.5).unwrap(), 2.69155777368, 1e-11);
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

/// Holds the draws, and the quantiles where there are any, to the cumulative distribution.
///
/// The Kolmogorov–Smirnov distance of n draws, in units of 1/√n, exceeds 1.95 for one sample in a
/// thousand (Kolmogorov's limit distribution).
#[track_caller]
fn check_cdf(d: Result<Distribution, Impossible>, cdf: impl Fn(f64) -> f64) {
    const N: usize = 100_000;
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
        let found = d.quantile(p).map_or(p, &cdf);
        assert!((found - p).abs() < 1e-9, "{d:?}: {found} is not {p}");
    }
}

#[test]
fn draws_follow_the_cumulative_distribution() {
    let law = reference::Uniform::new(2.0, 6.0).unwrap();
    check_cdf(Distribution::uniform(2.0, 6.0), |x| law.cdf(x));
    let law = reference::Exp::new(1.0 / 3.0).unwrap();
    check_cdf(Distribution::exponential(3.0), |x| law.cdf(x));
    for (mean, sd) in [(1.0, 2.0), (-9.0, 3.0), (100.0, 2.0)] {
        let law = reference::Normal::new(mean, sd).unwrap();
        check_cdf(Distribution::normal(mean, sd), |x| {
            1.0 - law.sf(x) / law.sf(0.0)
        });
    }
    let law = reference::LogNormal::new(0.05, 1.42).unwrap();
    check_cdf(Distribution::lognormal(0.05, 1.42), |x| law.cdf(x));
    for (shape, scale) in [(0.7, 100.0), (3.0, 0.5)] {
        let law = reference::Weibull::new(shape, scale).unwrap();
        check_cdf(Distribution::weibull(shape, scale), |x| law.cdf(x));
    }
    for shape in [0.05, 0.3, 1.0, 2.5, 80.0] {
        let law = reference::Gamma::new(shape, 1.0 / 2.0).unwrap();
        check_cdf(Distribution::gamma(shape, 2.0), |x| law.cdf(x));
    }
    let law = reference::Pareto::new(2.0, 1.5).unwrap();
    check_cdf(Distribution::pareto(1.5, 2.0), |x| law.cdf(x));
    check_cdf(Distribution::bounded_pareto(0.7, 1.0, 1e6), |x| {
        (1.0 - x.powf(-0.7)) / (1.0 - 1e6_f64.powf(-0.7))
    });
}

#[test]
fn all_but_a_gamma_have_quantiles_that_never_decrease() {
    for d in every_kind() {
        let found: Option<Vec<f64>> = (0..=1000)
            .map(|i| d.quantile(f64::from(i) / 1000.0))
            .collect();
        let is_gamma = d == Distribution::gamma(2.5, 2.0).unwrap();
        assert_eq!(found.is_none(), is_gamma, "{d:?}");
        assert!(found.is_none_or(|found| found.is_sorted()), "{d:?}");
    }
}

#[test]
fn an_inversion_takes_one_word() {
    for d in [
        Distribution::constant(3.0),
        Distribution::uniform(2.0, 6.0),
        Distribution::normal(-1.0, 2.0),
        Distribution::bounded_pareto(0.7, 1.0, 1e6),
        Distribution::empirical(&[1.0, 2.0, 4.0]),
    ] {
        let d = d.unwrap();
        let (mut drawn, mut skipped) = (dice("words"), dice("words"));
        for _ in 0..1000 {
            let p = rng::unit(&mut skipped);
            assert_eq!(Some(d.sample(&mut drawn)), d.quantile(p), "{d:?}");
        }
        assert_eq!(drawn.next_u64(), skipped.next_u64(), "{d:?}");
    }
}

/// Where these numbers change, so does every result of a given seed.
#[test]
fn a_stream_draws_what_it_always_drew() {
    let lines: Vec<String> = every_kind()
        .iter()
        .map(|d| {
            let mut dice = dice("always");
            let draws = [(); 3].map(|()| d.sample(&mut dice));
            let Distribution(law) = d;
            format!("{law:?}: {:.9} {:.9} {:.9}\n", draws[0], draws[1], draws[2])
        })
        .collect();
    expect![[r#"
        Constant { value: 3.0 }: 3.000000000 3.000000000 3.000000000
        Uniform { low: 2.0, high: 6.0 }: 4.652074774 2.641673104 4.355275030
        Exponential { mean: 3.0 }: 7.342005973 0.699755021 1.980390993
        TruncatedNormal { mean: 1.0, sd: 2.0 }: 2.457940545 0.593453620 2.140132432
        Lognormal { mu: 0.05, sigma: 1.42 }: 3.233235580 0.268709723 1.426905053
        Weibull { shape: 0.7, scale: 100.0 }: 28.071986046 237.093789152 40.335100172
        Gamma { shape: 2.5, scale: 2.0 }: 7.104759852 4.998066790 1.717880830
        Pareto { shape: 1.5, scale: 2.0 }: 2.630345597 6.774242914 2.846922018
        BoundedPareto { shape: 0.7, low: 1.0, high: 1000000.0 }: 4.729027370 1.283730864 3.558975127
        Empirical(Table { values: [1.0, 2.0, 4.0], shares: [0.3333333333333333, 0.6666666666666666, 1.0] }): 2.000000000 1.000000000 2.000000000
    "#]].assert_eq(&lines.concat());
}

#[test]
fn twice_the_scale_draws_twice_the_number() {
    for (once, twice) in [
        (
            Distribution::exponential(3.0),
            Distribution::exponential(6.0),
        ),
        (
            Distribution::weibull(0.7, 3.0),
            Distribution::weibull(0.7, 6.0),
        ),
        (Distribution::gamma(0.3, 3.0), Distribution::gamma(0.3, 6.0)),
        (Distribution::gamma(2.5, 3.0), Distribution::gamma(2.5, 6.0)),
        (
            Distribution::pareto(1.5, 3.0),
            Distribution::pareto(1.5, 6.0),
        ),
    ] {
        let (once, twice) = (once.unwrap(), twice.unwrap());
        let (mut one, mut other) = (dice("scale"), dice("scale"));
        for _ in 0..1000 {
            let (small, large) = (once.sample(&mut one), twice.sample(&mut other));
            assert_eq!(2.0 * small, large, "{once:?}");
        }
    }
}

#[test]
fn no_possible_parameter_spoils_a_draw() {
    const SIZES: [f64; 6] = [5e-324, 1e-300, 1e-3, 1.0, 1e6, f64::MAX];
    for (a, b) in SIZES.iter().flat_map(|&a| SIZES.map(|b| (a, b))) {
        let possible = [
            Distribution::constant(a),
            Distribution::uniform(a, b),
            Distribution::exponential(a),
            Distribution::normal(a, b),
            Distribution::normal(-a, b),
            Distribution::lognormal(a, b),
            Distribution::lognormal(-a, b),
            Distribution::weibull(a, b),
            Distribution::gamma(a, b),
            Distribution::pareto(a, b),
            Distribution::bounded_pareto(1.0, a, b),
            Distribution::weighted([(a, b), (b, a)]),
        ];
        let mut dice = dice("extreme");
        for d in possible.into_iter().flatten() {
            let draws = [(); 100].map(|()| d.sample(&mut dice));
            assert!(draws.iter().all(|&x| x >= 0.0), "{d:?}: {draws:?}");
        }
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

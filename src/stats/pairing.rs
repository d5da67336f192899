//! What common random numbers save.

use super::sample_variance;

/// Var(a − b) ÷ (Var a + Var b) over pairs of runs that share a seed: how many runs the paired
/// difference needs for each that independent ones would need (Law, "Simulation Modeling and
/// Analysis", 5th ed., §11.2).
///
/// Below 1 pairing helps, 0.1 saves nine runs of ten; above 1 it harms. Absent for fewer than two
/// pairs, and where neither varies. Panics when the lengths differ.
pub fn variance_ratio(values: &[f64], baseline: &[f64]) -> Option<f64> {
    assert_eq!(values.len(), baseline.len(), "runs come in pairs");
    let differences: Vec<f64> = values.iter().zip(baseline).map(|(a, b)| a - b).collect();
    let unpaired = sample_variance(values)? + sample_variance(baseline)?;
    let paired = sample_variance(&differences)?;
    (unpaired > 0.0).then(|| paired / unpaired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_together_needs_fewer_runs() {
        // Differences 1, 3, 2 have variance 1; 11, 23, 32 have 333/3 = 111, 10, 20, 30 have 100.
        let ratio = variance_ratio(&[11.0, 23.0, 32.0], &[10.0, 20.0, 30.0]).unwrap();
        assert!((ratio - 1.0 / 211.0).abs() < 1e-15, "{ratio}");
        assert_eq!(variance_ratio(&[1.0, 2.0], &[1.0, 2.0]), Some(0.0));
    }

    #[test]
    fn what_moves_against_each_other_needs_more() {
        // Var(2x) = 4 over Var x + Var x = 2.
        assert_eq!(
            variance_ratio(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]),
            Some(2.0)
        );
    }

    #[test]
    fn without_variance_there_is_nothing_to_save() {
        assert_eq!(variance_ratio(&[1.0, 1.0], &[2.0, 2.0]), None);
        assert_eq!(variance_ratio(&[1.0], &[2.0]), None);
    }
}

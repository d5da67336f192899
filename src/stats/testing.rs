//! What several tests of this room draw from.

use crate::rng::{self, Purpose, Seed, Stream};

/// A stream for the test of this name.
pub(super) fn dice(name: &str) -> Stream {
    let seed = Seed {
        seed: 1,
        replication: 1,
    };
    rng::stream(seed, Purpose::Bootstrap, name, 0)
}

/// A draw with mean 1.
pub(super) fn exponential(dice: &mut Stream) -> f64 {
    -(-rng::unit(dice)).ln_1p()
}

/// A draw with mean 0 and variance 1 (Box and Muller, "A Note on the Generation of Random Normal
/// Deviates", 1958).
pub(super) fn normal(dice: &mut Stream) -> f64 {
    let radius = (2.0 * exponential(dice)).sqrt();
    radius * (std::f64::consts::TAU * rng::unit(dice)).cos()
}

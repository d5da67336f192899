//! Seeded random streams, one per process and entity, so that two policies under one seed meet the
//! same world (common random numbers).
//!
//! A stream is ChaCha8 keyed by (seed, replication, purpose, hash of the entity's name); its stream
//! number is the incarnation or the n-th occurrence. Never a pod id, never the order of draws.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random words.
pub type Stream = ChaCha8Rng;

/// The seed of one run: what the user gave, and which replication of it this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seed {
    /// The user's seed.
    pub seed: u64,
    /// The replication, from 1.
    pub replication: u32,
}

/// What a stream is for. The number is part of the key: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Arrival times of a job source.
    Arrivals = 1,
    /// Sizes and durations of a job source's jobs.
    Jobs = 2,
    /// Up and down times of a node.
    NodeFailures = 3,
    /// Up and down times of a zone.
    ZoneFailures = 4,
    /// Life of a container, by incarnation.
    ContainerFailures = 5,
    /// When a node renews its lease.
    Heartbeats = 6,
    /// How long a container takes to start, by incarnation.
    Startup = 7,
    /// Dice of a policy.
    Policy = 8,
    /// Choice of what an import keeps.
    Import = 9,
    /// Resampling in statistics.
    Bootstrap = 10,
    /// Which nodes or zones a failure at a given time takes.
    Targets = 11,
    /// When a container answers its probes.
    Probes = 12,
    /// Delays of the control plane's messages.
    Delays = 13,
    /// When and where a drill strikes.
    Drill = 14,
    /// Which blocks of a trace stand where.
    Resample = 15,
    /// In which order nodes leave a cell that is made smaller, and pods are placed in it.
    Compaction = 16,
    /// When the requests of a live run are due.
    Requests = 17,
    /// How long it takes to create a container, by incarnation.
    Create = 18,
    /// How long a container takes from its start until it can serve, beyond its startup, by incarnation.
    Ready = 19,
    /// How long it takes to stop a container, beyond its shutdown, by incarnation.
    Stop = 20,
    /// How long a node takes to boot, by how often it has gone up or down.
    Boot = 21,
}

/// The stream of one purpose and entity; `occurrence` is the incarnation or the n-th time.
pub fn stream(seed: Seed, purpose: Purpose, entity: &str, occurrence: u64) -> Stream {
    let mut key = [0; 32];
    key[0..8].copy_from_slice(&seed.seed.to_le_bytes());
    key[8..12].copy_from_slice(&seed.replication.to_le_bytes());
    key[12..16].copy_from_slice(&(purpose as u32).to_le_bytes());
    key[16..32].copy_from_slice(&fnv1a_128(entity.as_bytes()).to_le_bytes());
    let mut stream = ChaCha8Rng::from_seed(key);
    stream.set_stream(occurrence);
    stream
}

/// A number uniform in [0, 1) with 53 random bits.
pub fn unit(stream: &mut impl Rng) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number uniform in 0..n, without bias (Lemire, "Fast Random Integer Generation in an
/// Interval", ACM TOMACS 2019). Panics when `n` is zero.
pub fn below(stream: &mut impl Rng, n: u64) -> u64 {
    assert!(n > 0, "nothing to choose from");
    loop {
        let wide = u128::from(stream.next_u64()) * u128::from(n);
        let low = wide as u64;
        if low >= n || low >= n.wrapping_neg() % n {
            return (wide >> 64) as u64;
        }
    }
}

/// FNV-1a of 128 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
pub fn fnv1a_128(bytes: &[u8]) -> u128 {
    Fnv1a::EMPTY.and(bytes).number()
}

/// An FNV-1a hash of 128 bits in the making (the "FNV Non-Cryptographic Hash Algorithm",
/// draft-eastlake-fnv), of bytes that come piece by piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fnv1a(u128);

impl Fnv1a {
    /// The hash of no bytes.
    pub const EMPTY: Fnv1a = Fnv1a(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);

    /// With more bytes at its end.
    #[must_use]
    pub fn and(self, bytes: &[u8]) -> Fnv1a {
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        Fnv1a(bytes.iter().fold(self.0, |hash, &byte| {
            (hash ^ u128::from(byte)).wrapping_mul(PRIME)
        }))
    }

    /// The number it comes to.
    pub const fn number(self) -> u128 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed {
        seed: 1,
        replication: 1,
    };

    #[test]
    fn streams_differ_in_every_part_of_the_key() {
        let first = |seed, purpose, name, n| stream(seed, purpose, name, n).next_u64();
        let base = first(SEED, Purpose::Jobs, "a", 0);
        assert_eq!(base, first(SEED, Purpose::Jobs, "a", 0));
        assert_ne!(base, first(Seed { seed: 2, ..SEED }, Purpose::Jobs, "a", 0));
        assert_ne!(
            base,
            first(
                Seed {
                    replication: 2,
                    ..SEED
                },
                Purpose::Jobs,
                "a",
                0
            )
        );
        assert_ne!(base, first(SEED, Purpose::Arrivals, "a", 0));
        assert_ne!(base, first(SEED, Purpose::Jobs, "b", 0));
        assert_ne!(base, first(SEED, Purpose::Jobs, "a", 1));
    }

    #[test]
    fn below_is_uniform() {
        // 60,000 draws of a die: each face 10,000 expected, standard deviation 91.
        let mut dice = stream(SEED, Purpose::Policy, "die", 0);
        let mut faces = [0_u32; 6];
        for _ in 0..60_000 {
            faces[below(&mut dice, 6) as usize] += 1;
        }
        assert!(
            faces.iter().all(|&n| n.abs_diff(10_000) < 5 * 91),
            "{faces:?}"
        );
    }

    #[test]
    fn unit_has_mean_one_half_and_stays_below_one() {
        let mut dice = stream(SEED, Purpose::Policy, "unit", 0);
        let draws: Vec<f64> = (0..100_000).map(|_| unit(&mut dice)).collect();
        assert!(draws.iter().all(|u| (0.0..1.0).contains(u)));
        // Standard error of the mean: sqrt(1/12/100,000) = 0.0009.
        assert!((draws.iter().sum::<f64>() / 100_000.0 - 0.5).abs() < 0.005);
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // Test vector of the FNV reference code: FNV-1a 128 of "foobar".
        assert_eq!(
            fnv1a_128(b"foobar"),
            0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18
        );
    }
}

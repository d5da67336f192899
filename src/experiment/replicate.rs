//! The same scenario under several seeds, in parallel.

use std::num::NonZeroUsize;

use rayon::prelude::*;

use crate::rng::Seed;

/// Runs replications 1 to `replications` of `seed` on all threads and returns their results in
/// order of replication, whatever the threads.
///
/// # Errors
/// The error of the first replication, in order, that has one.
pub fn replicate<T, E>(
    seed: u64,
    replications: u32,
    run: impl Fn(Seed) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E>
where
    T: Send,
    E: Send,
{
    let runs: Vec<Result<T, E>> = (1..=replications)
        .into_par_iter()
        .map(|replication| run(Seed { seed, replication }))
        .collect();
    runs.into_iter().collect()
}

/// Does `work` with that many threads, or with one for each processor.
///
/// # Errors
/// When the system refuses the threads.
pub fn with_threads<T: Send>(
    threads: Option<NonZeroUsize>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.map_or(0, NonZeroUsize::get));
    let pool = pool.build().map_err(|error| error.to_string())?;
    Ok(pool.install(work))
}

/// Threads that [`replicate`] has where it is called.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_of_replication() {
        let run = |seed: Seed| Ok::<_, ()>((seed.seed, seed.replication));
        assert_eq!(
            replicate(9, 4, run),
            Ok(vec![(9, 1), (9, 2), (9, 3), (9, 4)])
        );
    }

    #[test]
    fn the_first_error_counts() {
        let run = |seed: Seed| match seed.replication {
            1 => Ok(()),
            other => Err(other),
        };
        assert_eq!(replicate(9, 4, run), Err(2));
    }
}

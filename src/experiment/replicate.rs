//! The same scenario under several seeds, in parallel.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::rng::Seed;

/// Runs replications 1 to `replications` of `seed` on all threads and returns their results in
/// order of replication, whatever the threads.
///
/// # Errors
/// As [`in_order`].
pub fn replicate<T, E>(
    seed: u64,
    replications: u32,
    run: impl Fn(Seed) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E>
where
    T: Send,
    E: Send,
{
    let seeds: Vec<Seed> = (1..=replications)
        .map(|replication| Seed { seed, replication })
        .collect();
    in_order(&seeds, |&seed| run(seed))
}

/// Does the work of each of `asked` on all threads and returns the results in order, whatever the
/// threads.
///
/// # Errors
/// The error of the first, in order, that has one. No later one is begun once it is known.
pub fn in_order<I, T, E>(asked: &[I], work: impl Fn(&I) -> Result<T, E> + Sync) -> Result<Vec<T>, E>
where
    I: Sync,
    T: Send,
    E: Send,
{
    let (done, failed) = in_order_until(asked, work);
    match failed {
        None => Ok(done),
        Some(error) => Err(error),
    }
}

/// The same, which keeps what is before the first error. Work is begun in order too, so little is
/// lost of what was done by then.
pub fn in_order_until<I, T, E>(
    asked: &[I],
    work: impl Fn(&I) -> Result<T, E> + Sync,
) -> (Vec<T>, Option<E>)
where
    I: Sync,
    T: Send,
    E: Send,
{
    let places: Vec<Mutex<Option<Result<T, E>>>> = asked.iter().map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    let first_failed = AtomicUsize::new(usize::MAX);
    let worker = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= asked.len() || place > first_failed.load(Ordering::Relaxed) {
                return;
            }
            let result = work(&asked[place]);
            if result.is_err() {
                first_failed.fetch_min(place, Ordering::Relaxed);
            }
            *places[place].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
    };
    rayon::scope(|scope| {
        for _ in 0..threads().min(asked.len()) {
            scope.spawn(|_| worker());
        }
    });
    let mut done = Vec::with_capacity(asked.len());
    // Only what comes after the first error can be missing.
    for place in places {
        match place.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(Ok(result)) => done.push(result),
            Some(Err(error)) => return (done, Some(error)),
            None => break,
        }
    }
    (done, None)
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
    use std::sync::atomic::AtomicU32;

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

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        // Some replications take much longer than their neighbours.
        let run = |seed: Seed| {
            let rounds = if seed.replication.is_multiple_of(5) {
                200_000
            } else {
                10
            };
            let step = |sum: u64, n: u64| sum.wrapping_mul(6_364_136_223_846_793_005) ^ n;
            match (0..rounds).fold(u64::from(seed.replication), step) {
                sum if seed.replication < 40 => Ok(sum),
                sum => Err(sum),
            }
        };
        let with = |count, replications| {
            with_threads(NonZeroUsize::new(count), || replicate(1, replications, run)).unwrap()
        };
        for replications in [39, 60] {
            let one = with(1, replications);
            assert_eq!(one.is_ok(), replications == 39);
            assert!((2..6).all(|count| with(count, replications) == one));
        }
    }

    #[test]
    fn nothing_is_begun_after_a_known_error() {
        let begun = AtomicU32::new(0);
        let run = |seed: Seed| {
            begun.fetch_add(1, Ordering::Relaxed);
            if seed.replication == 3 {
                Err("stop")
            } else {
                Ok(())
            }
        };
        let all = with_threads(NonZeroUsize::new(1), || replicate(1, 100, run)).unwrap();
        assert_eq!((all, begun.into_inner()), (Err("stop"), 3));
    }
}

//! Where along a line of sizes it becomes enough.

/// The least of the sizes 0 to `sizes` − 1 that is enough, if larger ones always are where a smaller
/// one is; `None` where not even the largest is. Asks `is_enough` of few: outwards from `start` in
/// steps that double, then halving what is left.
///
/// # Errors
/// The first error of `is_enough`.
pub fn least<E>(
    sizes: usize,
    start: usize,
    mut is_enough: impl FnMut(usize) -> Result<bool, E>,
) -> Result<Option<usize>, E> {
    assert!(start < sizes, "the search starts at a size");
    // `below` is the number of sizes that are known to be too small.
    let (mut below, mut enough) = (0, None);
    let mut step = 1;
    if is_enough(start)? {
        let mut known = start;
        while known > below {
            let next = known.saturating_sub(step);
            if !is_enough(next)? {
                below = next + 1;
                break;
            }
            known = next;
            step *= 2;
        }
        enough = Some(known);
    } else {
        below = start + 1;
        while below < sizes {
            let next = (below - 1 + step).min(sizes - 1);
            if is_enough(next)? {
                enough = Some(next);
                break;
            }
            below = next + 1;
            step *= 2;
        }
    }
    let Some(enough) = enough else {
        return Ok(None);
    };
    halve(below, enough, is_enough).map(Some)
}

/// The least size from `below` to `enough` that is enough, where `enough` is known to be: halves
/// what is left.
///
/// # Errors
/// The first error of `is_enough`.
pub fn halve<E>(
    mut below: usize,
    mut enough: usize,
    mut is_enough: impl FnMut(usize) -> Result<bool, E>,
) -> Result<usize, E> {
    while below < enough {
        let middle = usize::midpoint(below, enough);
        match is_enough(middle)? {
            true => enough = middle,
            false => below = middle + 1,
        }
    }
    Ok(enough)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn the_least_is_found_from_wherever_the_search_starts_and_nothing_is_asked_twice() {
        for sizes in 1..40 {
            for start in 0..sizes {
                for answer in 0..=sizes {
                    let mut asked = Vec::new();
                    let found = least(sizes, start, |size| {
                        assert!(!asked.contains(&size), "{size} of {sizes} from {start}");
                        asked.push(size);
                        Ok::<_, Infallible>(size >= answer)
                    });
                    assert_eq!(found, Ok((answer < sizes).then_some(answer)));
                    // Doubling out and halving back: at most 2 · log2(39) + 2 sizes.
                    assert!(asked.len() <= 13, "{asked:?}");
                }
            }
        }
    }

    #[test]
    fn an_error_ends_the_search() {
        let found = least(9, 4, |size| match size {
            4 => Ok(true),
            other => Err(other),
        });
        assert_eq!(found, Err(3));
    }
}

//! The Pareto front: cells that no other cell beats in both of two metrics.

use crate::metrics::dictionary::{Better, Metric};

/// Which of these points are on the front, in order of rising `cost`. A point is a pair of what is
/// paid and what it buys; one without both is not on it. Of equal points all are.
///
/// A point is beaten by one that is at least as good in both and better in one (Pareto, "Manuale di
/// economia politica", 1906, ch. VI).
pub fn front(points: &[(Option<f64>, Option<f64>)], cost: &Metric, value: &Metric) -> Vec<u32> {
    let signed = |metric: &Metric, number: f64| match metric.better {
        Better::Up => -number,
        Better::Down | Better::Neither => number,
    };
    // In both, less is better from here on.
    let mut known: Vec<(f64, f64, u32)> = (0..)
        .zip(points)
        .filter_map(|(place, &(paid, bought))| {
            Some((signed(cost, paid?), signed(value, bought?), place))
        })
        .collect();
    known.sort_by(|a, b| {
        let order = a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
        order.then(a.2.cmp(&b.2))
    });
    let mut best: Option<(f64, f64)> = None;
    let mut on_it = Vec::new();
    for (paid, bought, place) in known {
        let is_on_it = match best {
            None => true,
            Some((_, least)) if bought < least => true,
            Some(last) => last == (paid, bought),
        };
        if is_on_it {
            best = Some((paid, bought));
            on_it.push(place);
        }
    }
    on_it
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::dictionary;

    fn check(points: &[(f64, f64)], expected: &[u32]) {
        let points: Vec<_> = points.iter().map(|&(a, b)| (Some(a), Some(b))).collect();
        let find = |name| dictionary::find(name).unwrap();
        let found = front(&points, find("cost"), find("availability.requests"));
        assert_eq!(found, expected);
    }

    #[test]
    fn only_what_nothing_beats_is_on_the_front() {
        // 1 costs as much as 0 and gives less; 3 costs more than 2 and gives the same.
        let points = [(1.0, 0.5), (1.0, 0.4), (2.0, 0.9), (3.0, 0.9), (4.0, 1.0)];
        check(&points, &[0, 2, 4]);
        check(&[(2.0, 0.9), (1.0, 0.95)], &[1]);
        check(&[], &[]);
    }

    #[test]
    fn of_equal_points_all_are_on_it() {
        check(&[(1.0, 0.5), (1.0, 0.5), (2.0, 0.4)], &[0, 1]);
    }

    #[test]
    fn what_was_not_measured_is_not_on_it() {
        let find = |name| dictionary::find(name).unwrap();
        let points = [(None, Some(1.0)), (Some(5.0), Some(0.5)), (Some(1.0), None)];
        assert_eq!(
            front(&points, find("cost"), find("availability.requests")),
            [1]
        );
    }
}

//! The cheapest mix of several kinds of nodes.

use std::cmp::Ordering;

/// One kind of node.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// Counts that may be, ascending, at least one.
    pub counts: Vec<u32>,
    /// Price of one node, not negative.
    pub price: f64,
}

/// A mix: a place among the counts of each kind.
pub type Mix = Vec<usize>;

/// What is known of mixes, if more of any kind never hurts.
#[derive(Clone, Debug, Default)]
pub struct Known {
    enough: Vec<Mix>,
    too_few: Vec<Mix>,
}

impl Known {
    /// Whether a mix is enough, where that follows from others.
    pub fn follows(&self, mix: &Mix) -> Option<bool> {
        if self.too_few.iter().any(|other| is_within(mix, other)) {
            return Some(false);
        }
        let more = self.enough.iter().any(|other| is_within(other, mix));
        more.then_some(true)
    }

    /// Takes down what a mix was found to be. What is found not to be enough overrules what was said
    /// of it, and of less, before.
    pub fn learn(&mut self, mix: &Mix, is_enough: bool) {
        match is_enough {
            true => self.enough.push(mix.clone()),
            false => {
                self.enough.retain(|other| !is_within(other, mix));
                self.too_few.push(mix.clone());
            }
        }
    }
}

/// What a mix costs.
pub fn price(kinds: &[Kind], mix: &Mix) -> f64 {
    let each = kinds.iter().zip(mix);
    each.map(|(kind, &place)| kind.price * f64::from(kind.counts[place]))
        .sum()
}

/// The cheapest mix that is enough, of equals the one with fewer nodes; `None` where not even the
/// largest is. It is the cheapest of all if more of any kind never hurts.
///
/// Branch and bound: a mix is asked about only where that does not follow from another, and a branch
/// is left where its cheapest mix costs more than the best so far. Of the last kind the least count
/// is found by halving.
///
/// # Errors
/// The first error of `is_enough`.
pub fn cheapest<E>(
    kinds: &[Kind],
    known: &mut Known,
    mut is_enough: impl FnMut(&Mix) -> Result<bool, E>,
) -> Result<Option<Mix>, E> {
    let mut search = Search {
        kinds,
        known,
        best: None,
        is_enough: &mut is_enough,
    };
    let largest: Mix = kinds.iter().map(|kind| kind.counts.len() - 1).collect();
    if !search.ask(&largest)? {
        return Ok(None);
    }
    search.best = Some(largest);
    search.branch(&mut Mix::new())?;
    Ok(search.best)
}

/// The mixes with one place less of one kind each.
pub fn one_less(mix: &Mix) -> Vec<Mix> {
    let less = |kind: usize| {
        let mut less = mix.clone();
        less[kind] = less[kind].checked_sub(1)?;
        Some(less)
    };
    (0..mix.len()).filter_map(less).collect()
}

/// The mixes with one place more of one kind each.
pub fn one_more(kinds: &[Kind], mix: &Mix) -> Vec<Mix> {
    let more = |kind: usize| {
        let mut more = mix.clone();
        more[kind] += 1;
        (more[kind] < kinds[kind].counts.len()).then_some(more)
    };
    (0..mix.len()).filter_map(more).collect()
}

struct Search<'a, E> {
    kinds: &'a [Kind],
    known: &'a mut Known,
    best: Option<Mix>,
    is_enough: &'a mut dyn FnMut(&Mix) -> Result<bool, E>,
}

impl<E> Search<'_, E> {
    fn ask(&mut self, mix: &Mix) -> Result<bool, E> {
        if let Some(known) = self.known.follows(mix) {
            return Ok(known);
        }
        let found = (self.is_enough)(mix)?;
        self.known.learn(mix, found);
        Ok(found)
    }

    /// Finds the best mix that begins so.
    fn branch(&mut self, begun: &mut Mix) -> Result<(), E> {
        let kind = begun.len();
        if kind + 1 == self.kinds.len() {
            return self.last(begun);
        }
        // From the largest on: the first branches have mixes that are enough.
        for place in (0..self.kinds[kind].counts.len()).rev() {
            begun.push(place);
            let rest = self.kinds[begun.len()..].iter();
            let most = rest.map(|kind| kind.counts.len() - 1);
            let largest: Mix = begun.iter().copied().chain(most).collect();
            if !self.ask(&largest)? {
                // Even less of this kind is not enough either.
                begun.pop();
                return Ok(());
            }
            let mut cheapest = begun.clone();
            cheapest.resize(self.kinds.len(), 0);
            if self.is_better(&cheapest) {
                self.branch(begun)?;
            }
            begun.pop();
        }
        Ok(())
    }

    /// Finds the least count of the last kind beside those before it.
    fn last(&mut self, begun: &Mix) -> Result<(), E> {
        let with = |place: usize| {
            let mut mix = begun.clone();
            mix.push(place);
            mix
        };
        let counts = self.kinds[begun.len()].counts.len();
        // Only what is better than the best so far is of interest.
        let better = (0..counts).take_while(|&place| self.is_better(&with(place)));
        let (mut low, mut high) = (0, better.count());
        if high == 0 || !self.ask(&with(high - 1))? {
            return Ok(());
        }
        high -= 1;
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.ask(&with(middle))? {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        self.best = Some(with(high));
        Ok(())
    }

    fn is_better(&self, mix: &Mix) -> bool {
        let Some(best) = &self.best else { return true };
        let nodes = |mix: &Mix| -> u64 {
            let each = self.kinds.iter().zip(mix);
            each.map(|(kind, &place)| u64::from(kind.counts[place]))
                .sum()
        };
        let cost = price(self.kinds, mix).total_cmp(&price(self.kinds, best));
        cost.then(nodes(mix).cmp(&nodes(best))) == Ordering::Less
    }
}

fn is_within(less: &Mix, more: &Mix) -> bool {
    less.iter().zip(more).all(|(less, more)| less <= more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::convert::Infallible;

    fn kind(most: u32, price: f64) -> Kind {
        Kind {
            counts: (1..=most).collect(),
            price,
        }
    }

    /// The cheapest mix by trying all, and how many the search asked about.
    fn both(kinds: &[Kind], need: impl Fn(&[u32]) -> bool) -> (Option<f64>, Option<f64>, usize) {
        let counts = |mix: &Mix| -> Vec<u32> {
            let each = kinds.iter().zip(mix);
            each.map(|(kind, &place)| kind.counts[place]).collect()
        };
        let mut asked = BTreeSet::new();
        let found = cheapest(kinds, &mut Known::default(), |mix| {
            assert!(asked.insert(mix.clone()), "{mix:?} twice");
            Ok::<_, Infallible>(need(&counts(mix)))
        });
        let found = found.unwrap();
        if let Some(mix) = &found {
            assert!(need(&counts(mix)), "{mix:?} is not enough");
        }
        let mut all: Vec<Mix> = vec![Mix::new()];
        for kind in kinds {
            let more = |mix: &Mix| {
                let mix = mix.clone();
                (0..kind.counts.len()).map(move |place| [mix.clone(), vec![place]].concat())
            };
            all = all.iter().flat_map(more).collect();
        }
        let plain = all.iter().filter(|mix| need(&counts(mix)));
        let plain = plain.map(|mix| price(kinds, mix)).reduce(f64::min);
        (found.map(|mix| price(kinds, &mix)), plain, asked.len())
    }

    #[test]
    fn the_cheapest_mix_is_found_without_trying_all() {
        // 40 cores of nodes of 4 (price 1) and of 16 (price 3.5): ten of the small ones cost 10, but
        // one large one and six small ones 9.5, two and two 9.
        let kinds = [kind(20, 1.0), kind(20, 3.5)];
        let need = |counts: &[u32]| 4 * counts[0] + 16 * counts[1] >= 40;
        let (found, plain, asked) = both(&kinds, need);
        assert_eq!((found, plain), (Some(9.0), Some(9.0)));
        assert!(asked <= 50, "{asked} of 400");
    }

    #[test]
    fn where_the_largest_mix_is_not_enough_there_is_none() {
        let (found, plain, asked) = both(&[kind(3, 1.0), kind(3, 1.0)], |_| false);
        assert_eq!((found, plain, asked), (None, None, 1));
    }

    proptest! {
        #[test]
        fn it_is_as_cheap_as_the_cheapest_of_all(
            sizes in proptest::collection::vec((1_u32..6, 1_u32..20, 1_u32..20, 1_u32..20), 1..4),
            cpu in 1_u32..120,
            memory in 1_u32..120,
        ) {
            let kinds: Vec<Kind> = sizes.iter().map(|&(most, price, ..)| kind(most, price.into())).collect();
            let need = |counts: &[u32]| {
                let sum = |of: fn(&(u32, u32, u32, u32)) -> u32| -> u32 {
                    sizes.iter().zip(counts).map(|(size, count)| of(size) * count).sum()
                };
                sum(|size| size.2) >= cpu && sum(|size| size.3) >= memory
            };
            let (found, plain, _) = both(&kinds, need);
            prop_assert_eq!(found, plain);
        }
    }

    #[test]
    fn what_could_not_be_confirmed_is_left_out_of_the_next_search() {
        let kinds = [kind(3, 1.0), kind(3, 1.0)];
        let mut known = Known::default();
        let find = |known: &mut Known| {
            let found = cheapest(&kinds, known, |mix| {
                Ok::<_, Infallible>(mix[0] + mix[1] >= 2)
            });
            found.unwrap().unwrap()
        };
        let first = find(&mut known);
        assert_eq!(price(&kinds, &first), 4.0);
        known.learn(&first, false);
        let second = find(&mut known);
        assert_eq!(price(&kinds, &second), 4.0);
        assert_ne!(first, second);
    }

    #[test]
    fn neighbours_have_one_place_more_or_less() {
        let kinds = [kind(3, 1.0), kind(2, 1.0)];
        assert_eq!(one_less(&vec![0, 1]), [vec![0, 0]]);
        assert_eq!(one_more(&kinds, &vec![0, 1]), [vec![1, 1]]);
    }
}

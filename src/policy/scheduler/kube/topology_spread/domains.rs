//! How many pods a constraint counts in each domain.

use std::collections::BTreeMap;

use crate::ids::ValueId;

/// Pods by domain, and the smallest such number at hand.
///
/// kube-scheduler keeps the two emptiest domains only (`criticalPaths`), which is exact as long as
/// what is added and taken away in thought stays on one node; so is this, and always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domains {
    pods: BTreeMap<ValueId, i64>,
    /// How many domains have so many pods.
    with: BTreeMap<i64, u32>,
}

impl Domains {
    /// Counts pods in a domain, perhaps less than none. With zero the domain is known, no more.
    pub fn add(&mut self, domain: ValueId, pods: i64) {
        let before = self.pods.get(&domain).copied();
        let after = before.unwrap_or(0) + pods;
        if let Some(before) = before {
            self.forget(before);
        }
        self.pods.insert(domain, after);
        *self.with.entry(after).or_default() += 1;
    }

    fn forget(&mut self, pods: i64) {
        let with = self.with.get_mut(&pods).expect("a domain has so many");
        *with -= 1;
        if *with == 0 {
            self.with.remove(&pods);
        }
    }

    /// Pods in the domain.
    pub fn pods(&self, domain: ValueId) -> i64 {
        self.pods.get(&domain).copied().unwrap_or(0)
    }

    /// Pods in the emptiest domain. Where there are fewer domains than `min_domains`, those that are
    /// missing count as empty.
    pub fn fewest(&self, min_domains: i64) -> i64 {
        let fewest = self.with.first_key_value().map_or(0, |(&pods, _)| pods);
        if (self.pods.len() as i64) < min_domains {
            0
        } else {
            fewest
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: ValueId = ValueId(1);
    const B: ValueId = ValueId(2);
    const C: ValueId = ValueId(3);

    #[test]
    fn the_emptiest_domain_is_found_after_every_change() {
        let mut domains = Domains::default();
        assert_eq!(domains.fewest(1), 0, "there is none");
        for (domain, pods, fewest) in [
            (A, 3, 3),
            (B, 0, 0),
            (C, 2, 0),
            (B, 2, 2),
            (C, -3, -1),
            (C, 4, 2),
            (A, 1, 2),
            (B, 1, 3),
        ] {
            domains.add(domain, pods);
            assert_eq!(domains.fewest(1), fewest);
        }
        assert_eq!([A, B, C].map(|domain| domains.pods(domain)), [4, 3, 3]);
        assert_eq!((domains.fewest(3), domains.fewest(4)), (3, 0));
    }

    /// The two emptiest domains, kept as kube-scheduler keeps them: a third one comes in only when
    /// it becomes emptier than one of them.
    struct Two([(Option<ValueId>, i64); 2]);

    impl Two {
        fn new(domains: &BTreeMap<ValueId, i64>) -> Two {
            let mut two = Two([(None, i64::MAX); 2]);
            for (&domain, &pods) in domains {
                two.set(domain, pods);
            }
            two
        }

        fn set(&mut self, domain: ValueId, pods: i64) {
            let entry = (Some(domain), pods);
            if let Some(known) = self.0.iter_mut().find(|known| known.0 == entry.0) {
                *known = entry;
            } else if pods < self.0[0].1 {
                self.0 = [entry, self.0[0]];
            } else if pods < self.0[1].1 {
                self.0[1] = entry;
            }
            self.0.sort_by_key(|&(_, pods)| pods);
        }
    }

    proptest! {
        #[test]
        fn two_domains_suffice_while_one_of_all_changes(
            counts in prop::collection::vec(0..6_i64, 1..6),
            at in any::<prop::sample::Index>(),
            changes in prop::collection::vec(-1..=1_i64, 0..12),
        ) {
            let mut plain: BTreeMap<ValueId, i64> = (0..).map(ValueId).zip(counts).collect();
            let mut domains = Domains::default();
            for (&domain, &pods) in &plain {
                domains.add(domain, pods);
            }
            let mut two = Two::new(&plain);
            let domain = ValueId(at.index(plain.len()) as u32);
            for change in changes {
                domains.add(domain, change);
                *plain.entry(domain).or_default() += change;
                two.set(domain, plain[&domain]);
                prop_assert_eq!(domains.fewest(1), *plain.values().min().expect("some"));
                prop_assert_eq!(domains.fewest(1), two.0[0].1);
            }
        }
    }
}

//! The fast scheduler decides as the plain one does, whatever happens.

mod random;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::Fast;
use crate::policy::queue::Waking;
use crate::policy::scheduler::kube::plain::Plain;
use crate::policy::scheduler::testing::{Step, World};
use crate::policy::scheduler::{Placement, Scheduler};
use random::{Case, Happening, cases, crowds};

/// Lets everything happen and compares every decision. How often pods found a node, none, or others
/// to evict.
fn compare(case: &Case) -> [usize; 3] {
    let mut fast = Fast::new(case.profile.clone(), Waking::Room);
    let mut plain = Plain {
        profile: case.profile.clone(),
        waking: Waking::Room,
    };
    let mut world = World::new(case.catalog.clone());
    let mut outcomes = [0; 3];
    for happening in &case.happenings {
        if let Happening::Plain(Step::Forget) = happening {
            fast.forget();
        }
        let Some(pod) = happening.happen(&mut world) else {
            continue;
        };
        let expected = plain.place(&world.view(), pod);
        let decided = fast.place(&world.view(), pod);
        assert_eq!(decided, expected, "{:?}", world.cluster.rules(pod));
        outcomes[match decided {
            Placement::Bind { .. } => 0,
            Placement::Wait { .. } => 1,
            Placement::Preempt { .. } => 2,
        }] += 1;
        world.carry_out(pod, decided);
    }
    outcomes
}

#[test]
fn pods_of_random_clusters_are_bound_wait_and_preempt() {
    let mut runner = TestRunner::deterministic();
    let mut outcomes = [0; 3];
    for _ in 0..64 {
        let case = cases().new_tree(&mut runner).unwrap().current();
        for (sum, here) in outcomes.iter_mut().zip(compare(&case)) {
            *sum += here;
        }
    }
    assert!(outcomes.iter().all(|&times| times > 20), "{outcomes:?}");
}

proptest! {
    #[test]
    fn fast_decides_as_plain(case in cases()) {
        compare(&case);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 16,
        ..ProptestConfig::default()
    })]

    #[test]
    fn fast_decides_as_plain_in_larger_clusters(case in crowds()) {
        compare(&case);
    }
}

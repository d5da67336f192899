//! The fast scheduler decides as the plain one does, whatever happens.

mod random;

use proptest::prelude::*;

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn fast_decides_as_plain(case in cases()) {
        compare(&case);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn fast_decides_as_plain_where_not_all_nodes_are_looked_at(case in crowds()) {
        compare(&case);
    }
}

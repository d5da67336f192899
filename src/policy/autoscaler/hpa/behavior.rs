//! What becomes of a proposal: earlier recommendations hold it back, and limits of size and speed.
//!
//! Source: `normalizeDesiredReplicas` and `normalizeDesiredReplicasWithBehaviors` of
//! `pkg/controller/podautoscaler/horizontal.go` (Kubernetes v1.34).

use std::collections::VecDeque;

use crate::cluster::service::Resize;
use crate::policy::autoscaler::Limit;
use crate::time::{Duration, Time};

/// `spec.behavior` of a HorizontalPodAutoscaler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behavior {
    /// None is given.
    Absent {
        /// How long the highest recommendation holds.
        window: Duration,
    },
    /// Rules for both directions.
    Given {
        /// Growing.
        up: Rules,
        /// Shrinking.
        down: Rules,
    },
}

/// Rules of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long recommendations count (`stabilizationWindowSeconds`).
    pub window: Duration,
    /// Which of the policies decides.
    pub select: Select,
    /// How much may change in how much time.
    pub policies: Vec<Policy>,
}

/// `selectPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// The policy that allows the greatest change.
    Max,
    /// The policy that allows the smallest change.
    Min,
    /// No change is allowed.
    Disabled,
}

/// A scaling policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The most that may change.
    pub change: Change,
    /// In how much time (`periodSeconds`).
    pub period: Duration,
}

/// An amount of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// So many pods.
    Pods(u32),
    /// So many percent of the pods at the beginning of the period.
    Percent(u32),
}

/// What is proposed, and between which bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Replicas wanted until now.
    pub current: u32,
    /// Replicas proposed.
    pub proposed: u32,
    /// Fewest replicas allowed.
    pub min: u32,
    /// Most replicas allowed.
    pub max: u32,
}

/// What went before.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// Proposals made, with the size the autoscaler found at first as the first one.
    pub recommendations: &'a VecDeque<(Time, u32)>,
    /// Changes of size made.
    pub resizes: &'a VecDeque<Resize>,
}

/// What becomes of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Replicas from now on.
    pub replicas: u32,
    /// Replicas that earlier recommendations leave of the proposal.
    pub stabilized: u32,
    /// What limited them.
    pub limit: Option<Limit>,
}

/// Without rules a service may always grow to 4 replicas (`scaleUpLimitMinimum`).
const GROWTH_MIN: u32 = 4;

/// Without rules a service may always double (`scaleUpLimitFactor`).
const GROWTH_FACTOR: u32 = 2;

impl Behavior {
    /// How long a recommendation matters.
    pub fn memory(&self) -> Duration {
        match self {
            Behavior::Absent { window } => *window,
            Behavior::Given { up, down } => up.window.max(down.window),
        }
    }

    /// What becomes of a proposal now.
    pub fn settle(&self, wish: Wish, history: History, now: Time) -> Settled {
        let stabilized = self.stabilize(wish, history, now);
        let (most, fewest) = self.limits(wish, stabilized, history, now);
        let (replicas, limit) = match stabilized {
            wanted if wanted > most.0 => (most.0, Some(most.1)),
            wanted if wanted < fewest.0 => (fewest.0, Some(fewest.1)),
            wanted => (wanted, None),
        };
        Settled {
            replicas,
            stabilized,
            limit,
        }
    }

    /// What earlier recommendations leave of a proposal. Without rules those exactly one window old
    /// still count, with rules they do not.
    fn stabilize(&self, wish: Wish, history: History, now: Time) -> u32 {
        let made = history.recommendations.iter();
        match self {
            Behavior::Absent { window } => {
                let recent = made.filter(|&&(at, _)| at + *window >= now);
                recent.fold(wish.proposed, |most, &(_, replicas)| most.max(replicas))
            }
            Behavior::Given { up, down } => {
                let (mut low, mut high) = (wish.proposed, wish.proposed);
                for &(at, replicas) in made {
                    if at + up.window > now {
                        low = low.min(replicas);
                    }
                    if at + down.window > now {
                        high = high.max(replicas);
                    }
                }
                wish.current.max(low).min(high)
            }
        }
    }

    /// The most and the fewest replicas allowed now. With rules only the bound in the direction of
    /// the change holds.
    fn limits(&self, wish: Wish, wanted: u32, history: History, now: Time) -> (Bound, Bound) {
        let most = (wish.max, Limit::MostReplicas);
        let fewest = (wish.min, Limit::FewestReplicas);
        let any = ((u32::MAX, Limit::MostReplicas), (0, Limit::FewestReplicas));
        let Wish { current, .. } = wish;
        match self {
            Behavior::Absent { .. } => {
                let growth = (current * GROWTH_FACTOR).max(GROWTH_MIN);
                (lower(most, (growth, Limit::Growth)), fewest)
            }
            Behavior::Given { up, .. } if wanted > current => {
                let growth = up.most(current, history.resizes, now);
                (lower(most, (growth, Limit::Growth)), any.1)
            }
            Behavior::Given { down, .. } if wanted < current => {
                let shrinkage = down.fewest(current, history.resizes, now);
                (any.0, higher(fewest, (shrinkage, Limit::Shrinkage)))
            }
            Behavior::Given { .. } => any,
        }
    }
}

/// A number of replicas, and what it limits.
type Bound = (u32, Limit);

/// The lower bound, of equal ones the first.
fn lower(first: Bound, second: Bound) -> Bound {
    if second.0 < first.0 { second } else { first }
}

/// The higher bound, of equal ones the first.
fn higher(first: Bound, second: Bound) -> Bound {
    if second.0 > first.0 { second } else { first }
}

impl Rules {
    /// The most replicas that the policies allow a growing service.
    fn most(&self, current: u32, resizes: &VecDeque<Resize>, now: Time) -> u32 {
        let allowed = self.policies.iter().map(|policy| {
            let start = policy.start(current, resizes, now);
            match policy.change {
                Change::Pods(pods) => start + i64::from(pods),
                // Rounded up, so that a small percentage of few pods still lets them grow.
                Change::Percent(percent) => {
                    (start as f64 * (1.0 + f64::from(percent) / 100.0)).ceil() as i64
                }
            }
        });
        let allowed = match self.select {
            Select::Max => allowed.max(),
            Select::Min => allowed.min(),
            Select::Disabled => None,
        };
        allowed.map_or(current, |most| count(most).max(current))
    }

    /// The fewest replicas that the policies allow a shrinking service.
    fn fewest(&self, current: u32, resizes: &VecDeque<Resize>, now: Time) -> u32 {
        let allowed = self.policies.iter().map(|policy| {
            let start = policy.start(current, resizes, now);
            match policy.change {
                Change::Pods(pods) => start - i64::from(pods),
                Change::Percent(percent) => {
                    (start as f64 * (1.0 - f64::from(percent) / 100.0)) as i64
                }
            }
        });
        let allowed = match self.select {
            Select::Max => allowed.min(),
            Select::Min => allowed.max(),
            Select::Disabled => None,
        };
        allowed.map_or(current, |fewest| count(fewest).min(current))
    }
}

impl Policy {
    /// Replicas at the beginning of the period that ends now, but for changes that others made.
    fn start(&self, current: u32, resizes: &VecDeque<Resize>, now: Time) -> i64 {
        let recent = resizes
            .iter()
            .filter(|resize| resize.at + self.period > now);
        let grown = recent.map(|resize| i64::from(resize.to) - i64::from(resize.from));
        i64::from(current) - grown.sum::<i64>()
    }
}

/// A number of replicas that is not negative.
fn count(replicas: i64) -> u32 {
    u32::try_from(replicas.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const fn policy(change: Change, period: u64) -> Policy {
        Policy {
            change,
            period: secs(period),
        }
    }

    const ABSENT: Behavior = Behavior::Absent { window: secs(300) };

    fn rules(window: u64, select: Select, policies: &[Policy]) -> Rules {
        Rules {
            window: secs(window),
            select,
            policies: policies.to_vec(),
        }
    }

    /// The rules that the documentation gives as the defaults.
    fn default() -> Behavior {
        let all = policy(Change::Percent(100), 15);
        Behavior::Given {
            up: rules(0, Select::Max, &[policy(Change::Pods(4), 15), all]),
            down: rules(300, Select::Max, &[all]),
        }
    }

    /// What becomes of `proposed` at 1000 s when there are `current`, between 1 and 100.
    fn settle(
        behavior: &Behavior,
        current: u32,
        proposed: u32,
        recommendations: &[(u64, u32)],
        resizes: &[(u64, u32, u32)],
    ) -> (u32, Option<Limit>) {
        let recommendations = recommendations.iter();
        let recommendations =
            recommendations.map(|&(at, replicas)| (Time::from_secs(at), replicas));
        let resizes = resizes.iter().map(|&(at, from, to)| Resize {
            at: Time::from_secs(at),
            from,
            to,
        });
        let history = History {
            recommendations: &recommendations.collect(),
            resizes: &resizes.collect(),
        };
        let wish = Wish {
            current,
            proposed,
            min: 1,
            max: 100,
        };
        let settled = behavior.settle(wish, history, Time::from_secs(1000));
        (settled.replicas, settled.limit)
    }

    #[test]
    fn the_highest_recommendation_of_300_seconds_holds_a_service_up() {
        let made = [(699, 9), (700, 8), (800, 5), (985, 2)];
        // Without rules 300 s ago still counts, with rules it does not.
        assert_eq!(settle(&ABSENT, 10, 2, &made, &[]), (8, None));
        assert_eq!(settle(&default(), 10, 2, &made, &[]), (5, None));
    }

    #[test]
    fn nothing_holds_a_growing_service_back_unless_it_has_a_window() {
        let made = [(900, 2), (985, 3)];
        assert_eq!(settle(&default(), 4, 6, &made, &[]), (6, None));
        let Behavior::Given { down, .. } = default() else {
            unreachable!("rules are given");
        };
        let up = rules(60, Select::Max, &[policy(Change::Pods(100), 15)]);
        let slow = Behavior::Given { up, down };
        // The lowest of the last 60 s is 3, less than the present 4: it stays.
        assert_eq!(settle(&slow, 4, 6, &made, &[]), (4, None));
        assert_eq!(settle(&slow, 4, 6, &[(900, 2), (985, 5)], &[]), (5, None));
    }

    #[test]
    fn without_rules_a_service_grows_to_4_or_to_twice_its_size() {
        assert_eq!(settle(&ABSENT, 1, 50, &[], &[]), (4, Some(Limit::Growth)));
        assert_eq!(settle(&ABSENT, 3, 50, &[], &[]), (6, Some(Limit::Growth)));
    }

    #[test]
    fn with_the_default_rules_a_service_grows_by_4_or_doubles_in_15_seconds() {
        assert_eq!(
            settle(&default(), 1, 50, &[], &[]),
            (5, Some(Limit::Growth))
        );
        assert_eq!(
            settle(&default(), 7, 50, &[], &[]),
            (14, Some(Limit::Growth))
        );
        // 5 of the 7 came 14 s ago: 2 + 4 would be fewer than there are. 15 s ago is long enough.
        let stays = (7, Some(Limit::Growth));
        assert_eq!(settle(&default(), 7, 50, &[], &[(986, 2, 7)]), stays);
        let doubles = (14, Some(Limit::Growth));
        assert_eq!(settle(&default(), 7, 50, &[], &[(985, 2, 7)]), doubles);
    }

    #[test]
    fn a_change_down_in_the_period_leaves_more_room_up() {
        // 10 at the beginning of the period: it may grow to 20.
        let down = [(990, 10, 6)];
        assert_eq!(
            settle(&default(), 6, 50, &[], &down),
            (20, Some(Limit::Growth))
        );
    }

    #[test]
    fn the_bounds_hold_in_both_directions() {
        let most = (100, Some(Limit::MostReplicas));
        let fewest = (1, Some(Limit::FewestReplicas));
        for behavior in [ABSENT, default()] {
            assert_eq!(settle(&behavior, 90, 150, &[], &[]), most);
            assert_eq!(settle(&behavior, 90, 0, &[], &[]), fewest);
        }
    }

    #[test]
    fn the_selected_policy_decides() {
        let policies = [policy(Change::Pods(3), 60), policy(Change::Percent(10), 60)];
        let given = |select| Behavior::Given {
            up: rules(0, select, &policies),
            down: rules(0, select, &policies),
        };
        // Up from 11: 14, or 12.1 rounded up to 13. Down: 8, or 9.9 cut to 9.
        let limits = [
            (Select::Max, 14, 8),
            (Select::Min, 13, 9),
            (Select::Disabled, 11, 11),
        ];
        for (select, up, down) in limits {
            let grown = (up, Some(Limit::Growth));
            assert_eq!(settle(&given(select), 11, 50, &[], &[]), grown);
            let shrunk = (down, Some(Limit::Shrinkage));
            assert_eq!(settle(&given(select), 11, 2, &[], &[]), shrunk);
        }
    }
}

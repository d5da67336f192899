//! Replicas that the measured use of CPU asks for.
//!
//! Source: `GetResourceReplicas` and `groupPods` of `pkg/controller/podautoscaler/replica_calculator.go`
//! and `GetResourceUtilizationRatio` of `metrics/utilization.go` (Kubernetes v1.34), with their
//! arithmetic: utilization is a whole percentage, rounded down; ratios are doubles.

use crate::time::{Duration, Time};

/// What is known of a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// It is being deleted or has failed.
    pub over: bool,
    /// None of its containers has run yet.
    pub pending: bool,
    /// When it was started (`status.startTime`).
    pub started: Option<Time>,
    /// Whether it is ready, and when that last changed.
    pub ready: Option<(bool, Time)>,
    /// When its use was measured.
    pub measured: Option<Time>,
}

/// How a pod counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Its use counts.
    Ready,
    /// It counts only where more replicas are wanted, as using nothing.
    Unready,
    /// Its use is not known: nothing where more replicas are wanted, all of its request where fewer
    /// are.
    Missing,
    /// It does not count.
    Ignored,
}

/// When a pod's use of CPU counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// How long after its start the use of a pod may be that of its start.
    pub initialization: Duration,
    /// How long after its start a change to "not ready" is no loss of readiness.
    pub initial_delay: Duration,
    /// The time over which use is measured.
    pub window: Duration,
}

/// The pods of a service, added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Wanted use in percent of the request.
    target: u32,
    ready: Sum,
    unready: Sum,
    missing: Sum,
}

/// Pods that count alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    pods: u32,
    /// Thousandths of a core.
    requests: u64,
    /// Thousandths of a core: measured, or for missing pods what they are taken to use at most.
    usage: u64,
}

/// A number of replicas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// Replicas.
    pub replicas: u32,
    /// Use of the ready pods over the target.
    pub ratio: f64,
}

impl Readiness {
    /// How a pod counts now.
    pub fn class(&self, pod: &Known, now: Time) -> Class {
        if pod.over {
            return Class::Ignored;
        }
        if pod.pending {
            return Class::Unready;
        }
        let Some(measured) = pod.measured else {
            return Class::Missing;
        };
        let (Some(started), Some((ready, changed))) = (pod.started, pod.ready) else {
            return Class::Unready;
        };
        let initializing = started + self.initialization > now;
        let counts = match (initializing, ready) {
            (true, true) => measured >= changed + self.window,
            (true, false) => false,
            (false, true) => true,
            (false, false) => started + self.initial_delay <= changed,
        };
        if counts { Class::Ready } else { Class::Unready }
    }
}

impl Tally {
    /// No pods, to be brought to `target` percent of their requests.
    pub fn new(target: u32) -> Tally {
        Tally {
            target,
            ready: Sum::default(),
            unready: Sum::default(),
            missing: Sum::default(),
        }
    }

    /// Adds a pod with its request and, if it is ready, its use, in thousandths of a core.
    pub fn add(&mut self, class: Class, request: u64, usage: u64) {
        self.add_equal(class, 1, request, usage);
    }

    /// Adds pods with the same request, and what they use together.
    pub fn add_equal(&mut self, class: Class, pods: u32, request: u64, usage: u64) {
        let (sum, usage) = match class {
            Class::Ready => (&mut self.ready, usage),
            Class::Unready => (&mut self.unready, 0),
            Class::Missing => {
                let most = request * u64::from(self.target.max(100)) / 100;
                (&mut self.missing, u64::from(pods) * most)
            }
            Class::Ignored => return,
        };
        sum.pods += pods;
        sum.requests += u64::from(pods) * request;
        sum.usage += usage;
    }

    /// The replicas that use asks for when there are `current`; `None` when no use is known.
    pub fn propose(&self, current: u32, tolerance: f64) -> Option<Proposal> {
        let ratio = self.ratio(self.ready)?;
        let replicas = self.replicas(ratio, current, tolerance);
        Some(Proposal { replicas, ratio })
    }

    fn replicas(&self, ratio: f64, current: u32, tolerance: f64) -> u32 {
        let within = |ratio: f64| (1.0 - tolerance..=1.0 + tolerance).contains(&ratio);
        let (grows, shrinks) = (ratio > 1.0, ratio < 1.0);
        let with_unready = grows && self.unready.pods > 0;
        if !with_unready && self.missing.pods == 0 {
            return match within(ratio) {
                true => current,
                false => ceil(ratio * f64::from(self.ready.pods)),
            };
        }
        let mut sum = self.ready;
        if grows {
            sum = sum.and(Sum {
                usage: 0,
                ..self.missing
            });
            sum = sum.and(self.unready);
        } else if shrinks {
            sum = sum.and(self.missing);
        }
        let again = self.ratio(sum).expect("ready pods have requests");
        let turned = shrinks && again > 1.0 || grows && again < 1.0;
        if within(again) || turned {
            return current;
        }
        let replicas = ceil(again * f64::from(sum.pods));
        let turned = again < 1.0 && replicas > current || again > 1.0 && replicas < current;
        if turned { current } else { replicas }
    }

    /// Use over target.
    fn ratio(&self, sum: Sum) -> Option<f64> {
        let percent = (sum.usage * 100).checked_div(sum.requests)?;
        Some(percent as f64 / f64::from(self.target))
    }
}

impl Sum {
    fn and(self, other: Sum) -> Sum {
        Sum {
            pods: self.pods + other.pods,
            requests: self.requests + other.requests,
            usage: self.usage + other.usage,
        }
    }
}

/// The least whole number that is not smaller.
fn ceil(replicas: f64) -> u32 {
    replicas.ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: f64 = 0.1;

    /// So many pods that each request 100 and use so much.
    fn alike(class: Class, pods: u32, each: u64) -> Tally {
        also(Tally::new(100), class, pods, each)
    }

    fn also(mut tally: Tally, class: Class, pods: u32, each: u64) -> Tally {
        (0..pods).for_each(|_| tally.add(class, 100, each));
        tally
    }

    fn replicas(tally: Tally, current: u32) -> Option<u32> {
        let proposal = tally.propose(current, TOLERANCE);
        proposal.map(|proposal| proposal.replicas)
    }

    #[test]
    fn replicas_grow_and_shrink_with_the_ratio_of_use_to_target() {
        // 4 · 200 ÷ 100 = 8; 4 · 50 ÷ 100 = 2.
        assert_eq!(replicas(alike(Class::Ready, 4, 200), 4), Some(8));
        assert_eq!(replicas(alike(Class::Ready, 4, 50), 4), Some(2));
        // 3 · 150 ÷ 100 = 4.5, rounded up.
        assert_eq!(replicas(alike(Class::Ready, 3, 150), 3), Some(5));
    }

    #[test]
    fn a_ratio_within_the_tolerance_both_ends_included_changes_nothing() {
        for (each, wanted) in [(109, 10), (110, 10), (111, 12), (90, 10), (89, 9)] {
            // 10 · 111 ÷ 100 = 11.1; 10 · 89 ÷ 100 = 8.9.
            assert_eq!(replicas(alike(Class::Ready, 10, each), 10), Some(wanted));
        }
    }

    #[test]
    fn utilization_is_rounded_down_to_a_whole_percentage() {
        // 1109 of 1000 are 110.9 %, which counts as 110: within the tolerance.
        let mut tally = Tally::new(100);
        tally.add_equal(Class::Ready, 10, 100, 1109);
        assert_eq!(replicas(tally, 10), Some(10));
    }

    #[test]
    fn unready_pods_count_as_idle_when_more_replicas_are_wanted() {
        // 4 · 200 over 4 + 4 pods are 100 %: within the tolerance. Over 4 + 2 they are 133 %, and
        // 6 · 1.33 = 7.98.
        let ready = alike(Class::Ready, 4, 200);
        assert_eq!(replicas(also(ready, Class::Unready, 4, 0), 8), Some(8));
        assert_eq!(replicas(also(ready, Class::Unready, 2, 0), 6), Some(8));
    }

    #[test]
    fn unready_pods_do_not_count_when_fewer_replicas_are_wanted() {
        let ready = alike(Class::Ready, 4, 50);
        assert_eq!(replicas(also(ready, Class::Unready, 4, 0), 8), Some(2));
    }

    #[test]
    fn missing_pods_count_as_idle_or_as_using_their_request() {
        // 4 · 200 over 4 + 2 pods are 133 %: 6 · 1.33 = 7.98. (4 · 50 + 2 · 100) ÷ 6 are 66 %:
        // 6 · 0.66 = 3.96.
        let growing = also(alike(Class::Ready, 4, 200), Class::Missing, 2, 0);
        assert_eq!(replicas(growing, 6), Some(8));
        let shrinking = also(alike(Class::Ready, 4, 50), Class::Missing, 2, 0);
        assert_eq!(replicas(shrinking, 6), Some(4));
    }

    #[test]
    fn missing_pods_never_turn_the_direction() {
        // 2 · 120 over 2 + 2 pods are 60 %: the ready pods ask for more, all together for fewer.
        let tally = also(alike(Class::Ready, 2, 120), Class::Missing, 2, 0);
        assert_eq!(replicas(tally, 4), Some(4));
        // (8 · 50 + 1 · 100) ÷ 9 are 55 %: 9 · 0.55 = 4.95, more than the 4 there should be.
        let tally = also(alike(Class::Ready, 8, 50), Class::Missing, 1, 0);
        assert_eq!(replicas(tally, 4), Some(4));
    }

    #[test]
    fn above_a_target_of_100_percent_missing_pods_count_as_on_target() {
        // Target 200 %: (2 · 100 + 2 · 200) ÷ 4 are 150 %, a ratio of 0.75: 3 replicas.
        let mut tally = Tally::new(200);
        tally.add_equal(Class::Ready, 2, 100, 200);
        tally.add_equal(Class::Missing, 2, 100, 0);
        assert_eq!(replicas(tally, 4), Some(3));
    }

    #[test]
    fn without_use_or_requests_there_is_no_proposal() {
        assert_eq!(replicas(alike(Class::Unready, 4, 0), 4), None);
        let mut tally = Tally::new(100);
        tally.add(Class::Ready, 0, 50);
        assert_eq!(replicas(tally, 1), None);
    }

    #[test]
    fn a_young_pod_counts_once_it_was_ready_for_a_whole_window() {
        let at = Time::from_secs;
        let readiness = Readiness {
            initialization: Duration::from_secs(300),
            initial_delay: Duration::from_secs(30),
            window: Duration::from_secs(15),
        };
        let class = |now, started, ready, changed, measured| {
            let pod = Known {
                started: Some(at(started)),
                ready: Some((ready, at(changed))),
                measured: Some(at(measured)),
                ..Known::default()
            };
            readiness.class(&pod, at(now))
        };
        // Started at 100, ready since 120.
        assert_eq!(class(150, 100, true, 120, 134), Class::Unready);
        assert_eq!(class(150, 100, true, 120, 135), Class::Ready);
        // Until 400 no use counts of a pod that is not ready; afterwards it does, unless the pod has
        // never been ready: its last change was within 30 s of its start.
        assert_eq!(class(399, 100, false, 200, 390), Class::Unready);
        assert_eq!(class(400, 100, false, 130, 390), Class::Ready);
        assert_eq!(class(400, 100, false, 129, 390), Class::Unready);
        assert_eq!(class(400, 100, true, 399, 390), Class::Ready);
    }

    #[test]
    fn a_pod_counts_by_the_first_that_holds_of_over_pending_unmeasured() {
        let readiness = Readiness {
            initialization: Duration::ZERO,
            initial_delay: Duration::ZERO,
            window: Duration::ZERO,
        };
        let class = |pod: Known| readiness.class(&pod, Time::from_secs(1));
        let mut pod = Known {
            over: true,
            pending: true,
            ..Known::default()
        };
        assert_eq!(class(pod), Class::Ignored);
        pod.over = false;
        assert_eq!(class(pod), Class::Unready);
        pod.pending = false;
        assert_eq!(class(pod), Class::Missing);
        pod.measured = Some(Time::ZERO);
        assert_eq!(class(pod), Class::Unready);
        pod.started = Some(Time::ZERO);
        pod.ready = Some((true, Time::ZERO));
        assert_eq!(class(pod), Class::Ready);
    }
}

//! What a policy decided and why, in a few words: `scaled catalog 5 → 8: cpu 81 %, target 60 %`.

use crate::cluster::catalog::Catalog;
use crate::cluster::pod::{Deletion, Owner};
use crate::ids::{NodeId, ServiceId};
use crate::policy::Plan;
use crate::policy::autoscaler::{Limit, Scaling, WhyScaled};
use crate::policy::healer::{Disruption, NodeAction, PodAction};
use crate::policy::scheduler::{Chosen, Placement, Refused};
use crate::record::standing::Decision;
use crate::report::text::count;
use crate::time::{Duration, Time};

/// A decision in a few words.
pub fn words(catalog: &Catalog, decision: &Decision) -> String {
    let pod = match decision.pod {
        Some((Owner::Service(service), index)) => {
            format!("{}-{index}", catalog.services[service].name)
        }
        Some((Owner::Job(job), _)) => format!("job-{}", job.0),
        None => "a pod".to_owned(),
    };
    let node = |node: NodeId| catalog.nodes[node].name.as_str();
    match &decision.plan {
        Plan::Place { placement, .. } => match placement {
            Placement::Bind {
                node: place, why, ..
            } => {
                let place = node(*place);
                format!("placed {pod} on {place}: {}", chosen(why))
            }
            Placement::Wait { why, .. } => format!("{pod} waits: {}", refused(*why)),
            Placement::Preempt {
                node: place,
                victims,
                why,
                ..
            } => {
                let pods = count(victims.len() as u64, "pod");
                let (place, why) = (node(*place), refused(*why));
                format!("evicts {pods} from {place} for {pod}: {why}")
            }
        },
        &Plan::Scale { service, scaling } => scaled(catalog, service, &scaling),
        &Plan::HealPod { action, .. } => healed(&pod, action, decision.at),
        &Plan::HealNode { node: ill, action } => healed_node(node(ill), action),
        &Plan::HealZone {
            zone, disruption, ..
        } => format!("zone {}: {}", catalog.zones[zone], disrupted(disruption)),
    }
}

/// Why a node was chosen.
fn chosen(why: &Chosen) -> String {
    match *why {
        Chosen::Score(score) => format!("the highest score, {score}"),
        Chosen::Apart {
            in_zone, on_node, ..
        } => format!(
            "the fewest replicas beside it, {in_zone} in the zone and {on_node} on the node"
        ),
        Chosen::First => "the first that fits".to_owned(),
        Chosen::Only => "no other fits".to_owned(),
        Chosen::Nominated => "others were evicted for it".to_owned(),
        Chosen::Lot { feasible } => format!("by lot among {feasible}"),
        Chosen::Sampled { candidates, score } => {
            format!("the highest score of {candidates} drawn, {score}")
        }
        Chosen::Fewest {
            in_zone,
            failures,
            on_node,
            pods,
        } => {
            let failed = match failures {
                0 => String::new(),
                some => format!("{}, ", count(u64::from(some), "recent failure")),
            };
            format!(
                "the fewest replicas beside it, {failed}{in_zone} in the zone and {on_node} of \
                 {pods} on the node"
            )
        }
    }
}

/// Why a pod waits.
fn refused(why: Refused) -> String {
    match why {
        Refused::NoNodeFits { nodes } => {
            format!("none of {} fits", count(u64::from(nodes), "node"))
        }
    }
}

fn scaled(catalog: &Catalog, service: ServiceId, scaling: &Scaling) -> String {
    let spec = &catalog.services[service];
    let Scaling { from, to, why, .. } = *scaling;
    let why = match why {
        WhyScaled::Use {
            ratio,
            proposed,
            stabilized,
            limit,
        } => {
            let target = spec.hpa.map_or(100, |hpa| hpa.cpu_percent);
            let mut why = format!("cpu {:.0} %, target {target} %", ratio * f64::from(target));
            if stabilized != proposed {
                why.push_str(&format!(
                    ", {proposed} by use alone and {stabilized} by what was recommended before"
                ));
            }
            if let Some(limit) = limit {
                why.push_str(&format!(", {}", limited(limit)));
            }
            why
        }
        WhyScaled::OutOfBounds => match spec.hpa {
            Some(hpa) => format!("{} to {} are allowed", hpa.min, hpa.max),
            None => "out of bounds".to_owned(),
        },
        WhyScaled::NoMetrics => "no use is known".to_owned(),
    };
    match from == to {
        true => format!("{} stays at {to}: {why}", spec.name),
        false => format!("scaled {} {from} → {to}: {why}", spec.name),
    }
}

/// What keeps a service from the size that is recommended.
const fn limited(limit: Limit) -> &'static str {
    match limit {
        Limit::MostReplicas => "no more are allowed",
        Limit::FewestReplicas => "no fewer are allowed",
        Limit::Growth => "no faster growth is allowed",
        Limit::Shrinkage => "no faster shrinkage is allowed",
    }
}

fn healed(pod: &str, action: PodAction, now: Time) -> String {
    match action {
        PodAction::RestartAt { at, step } => {
            let wait = match at > now {
                true => rounded(at.since(now)),
                false => "now".to_owned(),
            };
            format!("{pod} restarts {wait}: its container died, restart {step} in a row")
        }
        PodAction::Restart => format!("restarted {pod}: its container died"),
        PodAction::Fail => format!("gave {pod} up: its container died and is not restarted"),
        PodAction::Evict(deletion) => format!("evicted {pod}: {}", deleted(deletion)),
    }
}

/// A wait in whole seconds, for a person to read.
fn rounded(wait: Duration) -> String {
    format!("in {:.0} s", wait.secs_f64().max(1.0))
}

/// Why a pod is deleted.
const fn deleted(deletion: Deletion) -> &'static str {
    match deletion {
        Deletion::ScaledDown => "the service is to have fewer replicas",
        Deletion::Requested => "a user asked for it",
        Deletion::Unreachable => "its node has been unreachable for too long",
        Deletion::Drained => "its node is being drained",
        Deletion::NodeRemoved => "its node left the cluster",
        Deletion::Preempted => "a pod of higher priority needs its place",
    }
}

fn healed_node(node: &str, action: NodeAction) -> String {
    match action {
        NodeAction::NotReady => {
            format!("{node} counts as not ready: it has been silent for too long")
        }
        NodeAction::Ready => format!("{node} counts as ready: it was heard again"),
        NodeAction::Taint { .. } => format!("tainted {node}: it is not ready, its pods are to go"),
        NodeAction::Untaint => format!("took the taint of {node} back: it is ready"),
    }
}

/// How fast nodes of a zone are tainted.
const fn disrupted(disruption: Disruption) -> &'static str {
    match disruption {
        Disruption::None => "nodes are tainted as usual",
        Disruption::Slowed => "nodes are tainted slowly, too many are not ready",
        Disruption::Halted => "no node is tainted, too many are not ready",
        Disruption::Full => "no node is ready",
        Disruption::Blackout => "no node is tainted, none of any zone is ready",
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::cluster::gpu::GpuSet;
    use crate::cluster::queue::RejectedBy;
    use crate::ids::PodId;
    use crate::policy::scheduler::Nomination;
    use crate::scenario;

    const SHOP: &str = r#"
duration = "100s"
[[nodes]]
name = "worker"
count = 2
cpu = "2"
memory = "1Gi"
zones = ["a", "b"]
[[services]]
name = "catalog"
replicas = 5
requests = { cpu = "100m", memory = "16Mi" }
load = 1
hpa = { min = 4, max = 12, cpu = 0.6 }
"#;

    const POD: PodId = PodId(9);
    const NODE: NodeId = NodeId(1);
    const SERVICE: ServiceId = ServiceId(0);

    fn check(plans: impl IntoIterator<Item = Plan>, expected: &Expect) {
        let unread = |path: &Path| panic!("{} is not to be read", path.display());
        let loaded = scenario::parse(Path::new("shop.toml"), SHOP, &unread).unwrap();
        let mut text = String::new();
        for plan in plans {
            let decision = Decision {
                at: Time::from_secs(40),
                plan,
                pod: Some((Owner::Service(SERVICE), 7)),
            };
            let words = words(&loaded.scenario.catalog, &decision);
            let _ = writeln!(text, "{words}");
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn a_placement_says_where_and_why_there() {
        let all = [
            Chosen::Score(42),
            Chosen::Apart {
                in_zone: 2,
                on_node: 1,
                score: 42,
            },
            Chosen::First,
            Chosen::Only,
            Chosen::Nominated,
            Chosen::Lot { feasible: 3 },
            Chosen::Sampled {
                candidates: 2,
                score: 42,
            },
            Chosen::Fewest {
                in_zone: 0,
                failures: 1,
                on_node: 2,
                pods: 5,
            },
        ];
        let bind = |why| Placement::on_gpus(NODE, GpuSet::default(), why);
        let why = Refused::NoNodeFits { nodes: 3 };
        let by = RejectedBy::default();
        let wait = Placement::Wait {
            why,
            by,
            nomination: Nomination::Kept,
            remember: None,
        };
        let preempt = Placement::Preempt {
            node: NODE,
            victims: [POD, POD].into(),
            cleared: [].into(),
            why,
            by,
            remember: None,
        };
        let placements = all.map(bind).into_iter().chain([wait, preempt]);
        let plans = placements.map(|placement| Plan::Place {
            pod: POD,
            placement,
        });
        check(
            plans,
            &expect![[r#"
            placed catalog-7 on worker-1: the highest score, 42
            placed catalog-7 on worker-1: the fewest replicas beside it, 2 in the zone and 1 on the node
            placed catalog-7 on worker-1: the first that fits
            placed catalog-7 on worker-1: no other fits
            placed catalog-7 on worker-1: others were evicted for it
            placed catalog-7 on worker-1: by lot among 3
            placed catalog-7 on worker-1: the highest score of 2 drawn, 42
            placed catalog-7 on worker-1: the fewest replicas beside it, 1 recent failure, 0 in the zone and 2 of 5 on the node
            catalog-7 waits: none of 3 nodes fits
            evicts 2 pods from worker-1 for catalog-7: none of 3 nodes fits
        "#]],
        );
    }

    #[test]
    fn a_scaling_says_what_was_measured_and_what_limits_it() {
        let by_use = |proposed, stabilized, limit| WhyScaled::Use {
            ratio: 1.35,
            proposed,
            stabilized,
            limit,
        };
        let all = [
            (5, 8, by_use(8, 8, None)),
            (5, 12, by_use(14, 14, Some(Limit::MostReplicas))),
            (8, 4, by_use(3, 3, Some(Limit::FewestReplicas))),
            (5, 9, by_use(14, 14, Some(Limit::Growth))),
            (8, 7, by_use(4, 4, Some(Limit::Shrinkage))),
            (8, 7, by_use(4, 7, None)),
            (3, 4, WhyScaled::OutOfBounds),
            (5, 5, WhyScaled::NoMetrics),
        ];
        let plans = all.map(|(from, to, why)| Plan::Scale {
            service: SERVICE,
            scaling: Scaling {
                from,
                to,
                recommended: None,
                why,
            },
        });
        check(
            plans,
            &expect![[r#"
            scaled catalog 5 → 8: cpu 81 %, target 60 %
            scaled catalog 5 → 12: cpu 81 %, target 60 %, no more are allowed
            scaled catalog 8 → 4: cpu 81 %, target 60 %, no fewer are allowed
            scaled catalog 5 → 9: cpu 81 %, target 60 %, no faster growth is allowed
            scaled catalog 8 → 7: cpu 81 %, target 60 %, no faster shrinkage is allowed
            scaled catalog 8 → 7: cpu 81 %, target 60 %, 4 by use alone and 7 by what was recommended before
            scaled catalog 3 → 4: 4 to 12 are allowed
            catalog stays at 5: no use is known
        "#]],
        );
    }

    #[test]
    fn a_repair_says_what_was_amiss() {
        let pods = [
            PodAction::RestartAt {
                at: Time::from_secs(44),
                step: 3,
            },
            PodAction::RestartAt {
                at: Time::from_secs(40),
                step: 1,
            },
            PodAction::Restart,
            PodAction::Fail,
            PodAction::Evict(Deletion::Unreachable),
            PodAction::Evict(Deletion::Drained),
        ];
        let nodes = [
            NodeAction::NotReady,
            NodeAction::Taint { zone_next: 0 },
            NodeAction::Untaint,
            NodeAction::Ready,
        ];
        let pods = pods.map(|action| Plan::HealPod { pod: POD, action });
        let nodes = nodes.map(|action| Plan::HealNode { node: NODE, action });
        let zone = Plan::HealZone {
            zone: crate::ids::ZoneId(1),
            disruption: Disruption::Halted,
            zone_next: 0,
        };
        check(
            pods.into_iter().chain(nodes).chain([zone]),
            &expect![[r#"
                catalog-7 restarts in 4 s: its container died, restart 3 in a row
                catalog-7 restarts now: its container died, restart 1 in a row
                restarted catalog-7: its container died
                gave catalog-7 up: its container died and is not restarted
                evicted catalog-7: its node has been unreachable for too long
                evicted catalog-7: its node is being drained
                worker-1 counts as not ready: it has been silent for too long
                tainted worker-1: it is not ready, its pods are to go
                took the taint of worker-1 back: it is ready
                worker-1 counts as ready: it was heard again
                zone b: no node is tainted, too many are not ready
            "#]],
        );
    }
}

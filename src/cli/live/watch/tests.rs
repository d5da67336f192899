//! Lines about a run that is made by hand.

use std::path::Path;

use expect_test::{Expect, expect};

use super::*;
use crate::cluster::catalog::Catalog;
use crate::cluster::pod::Owner;
use crate::ids::{NodeId, PodId, ServiceId};
use crate::live::load::tally::{Outcome, Tally};
use crate::policy::Plan;
use crate::policy::autoscaler::{Scaling, WhyScaled};
use crate::policy::healer::NodeAction;
use crate::policy::scheduler::{Chosen, Placement};
use crate::scenario;

const SHOP: &str = r#"
duration = "150s"
[[nodes]]
name = "worker"
count = 3
cpu = "2"
memory = "1Gi"
[[services]]
name = "catalog"
replicas = 5
requests = { cpu = "100m", memory = "16Mi" }
load = 1
hpa = { min = 4, max = 12, cpu = 0.6 }
[[services]]
name = "cart"
requests = { cpu = "100m", memory = "16Mi" }
load = 1
"#;

fn catalog() -> Arc<Catalog> {
    let unread = |path: &Path| panic!("{} is not to be read", path.display());
    let loaded = scenario::parse(Path::new("shop.toml"), SHOP, &unread);
    loaded.unwrap().scenario.catalog
}

/// A cluster of three nodes of which so many are ready, with replicas that are ready and desired.
fn standing(ready: u32, replicas: [(u64, u64); 2]) -> Standing {
    let mut standing = Standing::new(&catalog());
    for node in 0..3 {
        let shown = &mut standing.nodes[NodeId(node)];
        (shown.present, shown.ready) = (true, node < ready);
    }
    for (service, (ready, desired)) in replicas.into_iter().enumerate() {
        let shown = &mut standing.services[ServiceId(service as u32)];
        (shown.ready, shown.desired) = (ready, desired);
    }
    standing
}

fn scaling(at: Time) -> Decision {
    let why = WhyScaled::Use {
        ratio: 1.35,
        proposed: 8,
        stabilized: 8,
        limit: None,
    };
    let scaling = Scaling {
        from: 5,
        to: 8,
        recommended: None,
        why,
    };
    let plan = Plan::Scale {
        service: ServiceId(0),
        scaling,
    };
    Decision {
        at,
        plan,
        pod: None,
    }
}

fn placing(at: Time) -> Decision {
    Decision {
        at,
        plan: Plan::Place {
            pod: PodId(7),
            placement: Placement::on_gpus(NodeId(1), Default::default(), Chosen::Only),
        },
        pod: Some((Owner::Service(ServiceId(0)), 5)),
    }
}

fn healing(at: Time) -> Decision {
    Decision {
        at,
        plan: Plan::HealNode {
            node: NodeId(2),
            action: NodeAction::NotReady,
        },
        pod: None,
    }
}

/// Requests of a second: so many answered in 7 ms and so many lost.
fn requests(answered: u32, lost: u32) -> Requests {
    let tally = Tally::new(1, Time::ZERO);
    let service = ServiceId(0);
    let before = tally.all();
    let served = Outcome::Served(std::time::Duration::from_millis(7));
    let all = (0..answered).map(|_| served);
    for outcome in all.chain((0..lost).map(|_| Outcome::TimedOut)) {
        tally.offered(service, Time::ZERO);
        tally.ended(service, Time::ZERO, outcome);
    }
    Requests::between(&before, &tally.all())
}

fn line(at: u64, standing: &Standing, requests: &Requests) -> String {
    let catalog = catalog();
    text(&Shown {
        at: Time::from_secs(at),
        end: Time::from_secs(150),
        standing,
        passed: Duration::from_secs(1),
        requests,
        decision: told(standing).map(|last| decisions::words(&catalog, last)),
    })
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(text);
}

#[test]
fn a_line_says_how_the_run_stands_and_what_was_decided_last() {
    let mut standing = standing(3, [(8, 8), (5, 5)]);
    check(
        &line(5, &standing, &requests(0, 0)),
        &expect!["0:05 of 2:30 · 3/3 nodes · 13/13 replicas · 0 req/s"],
    );
    standing.last_scaling = Some(scaling(Time::from_secs(46)));
    check(
        &line(47, &standing, &requests(98, 0)),
        &expect![
            "0:47 of 2:30 · 3/3 nodes · 13/13 replicas · 98 req/s, 100 % answered, p95 7.0 ms · scaled catalog 5 → 8: cpu 81 %, target 60 %"
        ],
    );
}

#[test]
fn all_are_answered_only_where_none_is_lost() {
    let mut standing = standing(2, [(5, 8), (5, 5)]);
    standing.last_healing = Some(healing(Time::from_secs(86)));
    check(
        &line(87, &standing, &requests(1999, 1)),
        &expect![
            "1:27 of 2:30 · 2/3 nodes · 10/13 replicas · 2000 req/s, 99.9 % answered, p95 7.0 ms · worker-2 counts as not ready: it has been silent for too long"
        ],
    );
    check(
        &line(87, &standing, &requests(0, 10)),
        &expect![
            "1:27 of 2:30 · 2/3 nodes · 10/13 replicas · 10 req/s, 0.0 % answered · worker-2 counts as not ready: it has been silent for too long"
        ],
    );
}

#[test]
fn what_others_follow_from_stands_for_a_while() {
    let mut standing = standing(3, [(5, 5), (5, 5)]);
    let at = Time::from_secs;
    assert_eq!(told(&standing), None);
    standing.last_scaling = Some(scaling(at(40)));
    standing.last_placing = Some(placing(at(41)));
    assert_eq!(told(&standing), standing.last_scaling.as_ref());
    standing.last_placing = Some(placing(at(44)));
    assert_eq!(told(&standing), standing.last_placing.as_ref());
    standing.last_healing = Some(healing(at(41)));
    assert_eq!(told(&standing), standing.last_healing.as_ref());
    standing.last_scaling = Some(scaling(at(45)));
    assert_eq!(told(&standing), standing.last_scaling.as_ref());
}

#[test]
fn a_line_is_cut_where_the_terminal_ends() {
    let cut = |columns| fit("13/13 replicas · 98 req/s".to_owned(), columns);
    assert_eq!(cut(26), "13/13 replicas · 98 req/s");
    assert_eq!(cut(25), "13/13 replicas · 98 req…");
    assert_eq!(cut(17), "13/13 replicas…");
    assert_eq!(cut(2), "…");
    for columns in 2..40 {
        assert!(cut(columns).chars().count() < columns, "{columns}");
    }
}

#[test]
fn times_have_hours_when_they_are_needed() {
    let clock = |seconds| clock(Time::from_secs(seconds));
    assert_eq!((clock(7), clock(150)), ("0:07".into(), "2:30".into()));
    assert_eq!(clock(3723), "1:02:03");
}

#[test]
fn an_address_is_typed_in_full() {
    for good in ["127.0.0.1:9464", "[::1]:9464", "0.0.0.0:9464"] {
        assert_eq!(
            address(good).map(|read| read.to_string()).as_deref(),
            Ok(good)
        );
    }
    for bad in [
        "9464",
        ":9464",
        "localhost:9464",
        "127.0.0.1",
        "127.0.0.1:99999",
    ] {
        assert!(address(bad).is_err(), "{bad}");
    }
}

//! Whole simulations of small worlds, with the arithmetic beside them. Every one ends with the
//! checkers: indexes equal a rebuild, and belief equals truth.

mod world;

use world::{World, at, secs};

use plimsoll::cluster::pod::Exit;
use plimsoll::dist::Distribution;
use plimsoll::ids::{NodeId, ZoneId};
use plimsoll::record::{Flow, Record, Truth};
use plimsoll::script::NodeEventKind::{self, Add, Drain, Fail, Recover, Remove, Undrain};
use plimsoll::script::failure::Target;
use plimsoll::script::load::Load;
use plimsoll::script::service::MemoryUse;
use plimsoll::sim::config::{Crowd, Delay};
use plimsoll::time::{Duration, Time};
use plimsoll::units::{Bytes, MilliCpu};

#[test]
fn a_job_runs_from_its_arrival_for_its_duration() {
    let ran = World::new(1).job(at(5), secs(30)).run(at(60));
    assert_eq!(ran.starts(), [at(5)]);
    assert_eq!(ran.exits(), [(at(35), Exit::Completed)]);
}

#[test]
fn a_job_waits_until_another_makes_room() {
    // A node has 4 cores and each job asks for 3. The second is tried at 1 s and fails; when the
    // first ends at 10 s its back-off of 1 s is long over, so it is tried at once.
    let ran = World::new(1)
        .job(at(0), secs(10))
        .job(at(1), secs(10))
        .run(at(60));
    assert_eq!(ran.starts(), [at(0), at(10)]);
}

#[test]
fn an_idle_scheduler_does_not_wait_for_the_end_of_a_back_off() {
    // The second job fails at 9.5 s; room comes at 10 s. Its back-off ends with the second after
    // 10.5 s, but nothing else is to be placed.
    let late = Time::from_secs_f64(9.5);
    let ran = World::new(1)
        .job(at(0), secs(10))
        .job(late, secs(10))
        .run(at(60));
    assert_eq!(ran.starts(), [at(0), at(10)]);
}

#[test]
fn losing_one_of_three_zones_unnoticed_loses_a_third_of_the_traffic() {
    // Three replicas, one in each zone, 900 requests per second: 300 each. A replica could serve
    // 1 core ÷ 1 ms = 1000, so the two that live have room for all 900; but a third goes to the
    // dead one as long as nobody has noticed.
    let world = World::new(3).service(3, Load::Constant { rate: 900.0 });
    let ran = world.event(at(100), 0, Fail).run_unhealed(at(200));
    let flow = ran.last_flow();
    assert_eq!(
        (flow.served, flow.stale_endpoint, flow.over_capacity),
        (600.0, 300.0, 0.0)
    );
    assert_eq!(flow.capacity, 2000.0);
}

#[test]
fn traffic_beyond_a_replicas_limit_is_lost() {
    // Two replicas with a limit of 1 core each and 1 ms per request serve 2000 of 3000.
    let ran = World::new(2)
        .service(2, Load::Constant { rate: 3000.0 })
        .run(at(10));
    let flow = ran.last_flow();
    assert_eq!((flow.served, flow.over_capacity), (2000.0, 1000.0));
}

#[test]
fn a_probe_at_the_instant_a_container_can_serve_finds_it_ready() {
    let mut world = World::new(1).service(1, Load::Constant { rate: 7.0 });
    // The second probe, 20 s after the start.
    world.startup(secs(20), secs(10));
    let ran = world.run(at(30));
    assert_eq!(ran.last_flow().served, 7.0);
}

/// One second for a container that starts alone, five for three that start at once.
fn crowd() -> Crowd {
    let fixed = |seconds| Delay::Always(secs(seconds));
    Crowd::new(vec![(1, fixed(1)), (3, fixed(5))]).expect("ascending from one on")
}

#[test]
fn containers_that_start_at_once_on_a_node_slow_each_other_down() {
    // Four replicas on one node: beyond three it is as for three.
    let mut world = World::new(1).service(4, Load::Zero);
    world.delays().create = crowd();
    assert_eq!(world.run(at(30)).starts(), [at(5); 4]);
    // One on each of three nodes: each starts alone, unless the nodes are one machine.
    let mut world = World::new(3).service(3, Load::Zero);
    world.delays().create = crowd();
    assert_eq!(world.run(at(30)).starts(), [at(1); 3]);
    let mut world = World::new(3).service(3, Load::Zero);
    world.delays().create = crowd();
    world.delays().shared_machine = true;
    assert_eq!(world.run(at(30)).starts(), [at(5); 3]);
}

#[test]
fn a_container_whose_image_is_still_pulled_slows_no_other_down() {
    // A replica waits 10 s for 100 MB at 10 MB/s. A job that comes meanwhile starts by itself.
    let mut world = World::new(1).service(1, Load::Zero).job(at(1), secs(100));
    world.pull_bandwidth(10_000_000, Bytes(100_000_000));
    let fixed = |seconds| Delay::Always(secs(seconds));
    let crowd = Crowd::new(vec![(1, fixed(1)), (2, fixed(5))]);
    world.delays().create = crowd.expect("ascending from one on");
    assert_eq!(world.run(at(30)).starts(), [at(2), at(11)]);
}

#[test]
fn a_container_serves_so_late_after_its_startup_and_a_job_lasts_as_long_as_ever() {
    let mut world = World::new(1)
        .service(1, Load::Constant { rate: 7.0 })
        .job(at(10), secs(5));
    world.startup(secs(2), secs(1));
    world.delays().create = Crowd::alike(Delay::Always(secs(4)));
    world.delays().ready = Delay::Always(secs(3));
    let ran = world.run(at(30));
    assert_eq!(ran.starts(), [at(4), at(14)]);
    // 4 s to create, 2 s of startup, 3 s more.
    assert_eq!(ran.served_since(), at(9));
    assert_eq!(ran.exits(), [(at(19), Exit::Completed)]);
}

#[test]
fn what_a_node_tells_is_heard_late_and_in_its_order() {
    let lengths = Distribution::uniform(0.0, 10.0).expect("possible");
    let mut world = World::new(1);
    for second in 0..40 {
        world = world.job(at(second), secs(1));
    }
    world.delays().status = Delay::Drawn(lengths);
    let ran = world.run(at(1000));
    let started = ran.heard("ContainerStarted");
    let exited = ran.heard("ContainerExited");
    assert_eq!((started.len(), exited.len()), (40, 40));
    // Each job's end is told a second after its start, and never heard before it.
    assert!(
        started
            .iter()
            .zip(&exited)
            .all(|(start, exit)| start <= exit)
    );
    let ended = ran.exits();
    let late = exited
        .iter()
        .zip(&ended)
        .map(|(heard, (end, _))| *heard - *end);
    let late: Vec<Duration> = late.collect();
    assert!(late.iter().all(|&late| late <= secs(10)), "{late:?}");
    let spread = late.iter().filter(|&&late| late > secs(1)).count();
    assert!(spread > 10, "{late:?}");
}

#[test]
fn a_service_without_replicas_loses_everything_for_want_of_an_endpoint() {
    let ran = World::new(1)
        .service(0, Load::Constant { rate: 7.0 })
        .run(at(10));
    assert_eq!(ran.last_flow().no_endpoint, 7.0);
}

#[test]
fn a_crashed_node_is_heard_of_when_its_heartbeat_is_due() {
    // Leases are renewed every 10 s: a crash at 100 s is heard of in (100 s, 110 s].
    let ran = World::new(1)
        .event(at(100), 0, Fail)
        .event(at(200), 0, Recover)
        .run_unhealed(at(300));
    let missed = ran.heard("HeartbeatMissed");
    assert!(
        missed.len() == 1 && missed[0] > at(100) && missed[0] <= at(110),
        "{missed:?}"
    );
    assert_eq!(ran.heard("HeartbeatSeen"), [at(200)]);
    assert_eq!(ran.heard("RelistEnded"), [at(200)]);
}

#[test]
fn a_node_that_is_back_before_its_heartbeat_is_due_is_only_relisted() {
    let back = Time::from_nanos(at(100).nanos() + 1);
    let ran = World::new(1)
        .event(at(100), 0, Fail)
        .event(back, 0, Recover)
        .run_unhealed(at(300));
    assert_eq!(ran.heard("HeartbeatMissed"), []);
    assert_eq!(ran.heard("RelistEnded"), [back]);
}

#[test]
fn a_node_that_fails_while_it_boots_boots_anew() {
    // It boots for 20 s from 110 s on, fails at 115 s, and boots again from 120 s on.
    let mut world = World::new(1);
    for (time, event) in [(100, Fail), (110, Recover), (115, Fail), (120, Recover)] {
        world = world.event(at(time), 0, event);
    }
    world.boot(secs(20));
    let ran = world.run_unhealed(at(300));
    assert_eq!(ran.heard("RelistEnded"), [at(140)]);
}

/// One node, whose zone is out from 100 s to 200 s, and these events of a trace.
fn zone_out(events: &[(u64, NodeEventKind)]) -> World {
    let zone = Target::Zones(vec![ZoneId(0)]);
    let world = World::new(1).failure(zone, at(100), 100.0);
    events.iter().fold(world, |world, &(time, event)| {
        world.event(at(time), 0, event)
    })
}

#[test]
fn a_node_that_joins_a_zone_that_is_out_is_down_until_the_zone_is_back() {
    // It leaves before the outage begins, or during it: both times it joins when the zone is back.
    for leaves in [50, 110] {
        let world = zone_out(&[(leaves, Remove), (120, Add)]);
        let ran = world.job(at(130), secs(50)).run(at(300));
        assert_eq!(ran.heard("NodeAdded"), [at(0), at(200)]);
        assert_eq!(ran.starts(), [at(200)]);
    }
}

#[test]
fn a_failure_ends_only_by_its_own_recovery() {
    // The zone is back at 200 s, yet the trace's failure lasts until 300 s; and the other way round.
    let ran = zone_out(&[(110, Remove), (120, Add), (130, Fail), (300, Recover)]).run(at(400));
    assert_eq!(ran.heard("NodeAdded"), [at(0), at(300)]);
    let ran = zone_out(&[(110, Remove), (120, Add), (130, Fail), (140, Recover)]).run(at(400));
    assert_eq!(ran.heard("NodeAdded"), [at(0), at(200)]);
    // Out with its zone until 200 s, by itself from 150 s to 250 s.
    let node = Target::Nodes(vec![NodeId(0)]);
    let ran = zone_out(&[]).failure(node, at(150), 100.0).run(at(400));
    assert_eq!(ran.heard("RelistEnded"), [at(250)]);
}

#[test]
fn a_failure_of_the_trace_ends_when_its_node_leaves() {
    let mut world = World::new(1);
    for (time, event) in [(100, Fail), (110, Remove), (120, Add)] {
        world = world.event(at(time), 0, event);
    }
    assert_eq!(world.run(at(300)).heard("NodeAdded"), [at(0), at(120)]);
}

#[test]
fn a_node_that_boots_when_it_leaves_does_not_come_up_when_that_boot_would_have_ended() {
    // It would have been up at 230 s; added anew at 220 s, with nothing against it, it is at once.
    let mut world = zone_out(&[(210, Remove), (220, Add), (225, Fail), (300, Recover)]);
    world.boot(secs(30));
    let ran = world.run(at(400));
    assert_eq!(ran.heard("NodeAdded"), [at(0), at(220)]);
    assert_eq!(ran.heard("RelistEnded"), [at(330)]);
}

#[test]
fn an_operators_drain_of_a_node_that_has_not_come_up_yet_holds_when_it_does() {
    let (leaves, joins) = ((110, Remove), (120, Add));
    let world = zone_out(&[leaves, joins, (130, Drain)]);
    assert_eq!(world.job(at(140), secs(50)).run(at(300)).starts(), []);
    let world = zone_out(&[leaves, joins, (130, Drain), (150, Undrain)]);
    let ran = world.job(at(140), secs(50)).run(at(300));
    assert_eq!(ran.starts(), [at(200)]);
    // A node that leaves takes its drain along.
    let again = [(150, Remove), (160, Add)];
    let world = zone_out(&[&[leaves, joins, (130, Drain)], &again[..]].concat());
    let ran = world.job(at(140), secs(50)).run(at(300));
    assert_eq!(ran.starts(), [at(200)]);
}

#[test]
fn a_drained_node_gives_its_jobs_up_and_takes_no_new_ones() {
    let world = World::new(2).job(at(0), secs(50)).event(at(10), 0, Drain);
    let ran = world.job(at(20), secs(50)).run(at(200));
    // The first job starts over on node 1 at 10 s and ends at 60 s; only then the second fits.
    assert_eq!(ran.starts(), [at(0), at(10), at(60)]);
    assert_eq!(
        ran.exits(),
        [
            (at(10), Exit::Stopped),
            (at(60), Exit::Completed),
            (at(110), Exit::Completed)
        ]
    );
}

#[test]
fn a_removed_node_takes_its_containers_along_and_an_added_one_takes_new_ones() {
    let world = World::new(1).job(at(0), secs(50)).event(at(10), 0, Remove);
    let ran = world.event(at(30), 0, Add).run(at(200));
    assert_eq!(ran.starts(), [at(0), at(30)]);
    assert_eq!(
        ran.exits(),
        [(at(10), Exit::NodeLost), (at(80), Exit::Completed)]
    );
}

#[test]
fn no_traffic_goes_to_a_node_that_was_removed() {
    // The replica of node 0 is replaced on node 1, and both share the traffic there.
    let world = World::new(2).service(2, Load::Constant { rate: 900.0 });
    let flow = world.event(at(100), 0, Remove).run(at(200)).last_flow();
    assert_eq!((flow.served, flow.stale_endpoint), (900.0, 0.0));
}

#[test]
fn an_image_is_pulled_once_and_one_at_a_time() {
    // 100 MB at 10 MB/s take 10 s. Both replicas on the one node wait for the same pull.
    let mut world = World::new(1).service(2, Load::Zero);
    world.pull_bandwidth(10_000_000, Bytes(100_000_000));
    assert_eq!(world.run(at(60)).starts(), [at(10), at(10)]);
}

#[test]
fn a_replica_that_gets_ready_at_the_instant_of_a_probe_passes_it() {
    // Probed after 5, 10 and 15 s: one ready after 10 s passes the second, after 11 s the third.
    for (startup, passed) in [(10, 10), (11, 15)] {
        let mut world = World::new(1).service(1, Load::Constant { rate: 1.0 });
        world.startup(secs(startup), secs(5));
        assert_eq!(world.run(at(60)).heard("ProbeChanged"), [at(passed)]);
    }
}

#[test]
fn a_sidecar_uses_its_request_and_lends_the_container_nothing() {
    // Of 4 cores the sidecar has 2, and the container the others: 2 cores ÷ 1 ms = 2000. Its own
    // request promises 1 core ÷ 1 ms = 1000.
    let world = World::new(1).service(1, Load::Constant { rate: 5000.0 });
    let ran = world.beside(MilliCpu(2000), Bytes(0)).run_unhealed(at(60));
    let flow = ran.last_flow();
    assert_eq!((flow.served, flow.over_capacity), (2000.0, 3000.0));
    assert_eq!((flow.per_replica, flow.capacity), (1000.0, 1000.0));
    // What the sidecar uses is not known.
    let told =
        |(_, record): &&(Time, Record)| matches!(record, Record::Truth(Truth::NodeUse { .. }));
    assert_eq!(ran.records.iter().filter(told).count(), 0);
}

#[test]
fn a_sidecars_memory_leaves_its_node_less() {
    // Of 8 GiB the sidecar has 4. The container grows from 1 by 3 GiB an hour: 4 GiB after one hour.
    let mut world = World::new(1).service(1, Load::Zero);
    world.memory(MemoryUse {
        base: Bytes(Bytes::GIB),
        growth_per_hour: Bytes(3 * Bytes::GIB),
    });
    let world = world.beside(MilliCpu(0), Bytes(4 * Bytes::GIB));
    let ran = world.run_unhealed(at(4000));
    let late = at(3600) + Duration::from_nanos(1);
    assert_eq!(ran.exits(), [(late, Exit::NodeOutOfMemory)]);
}

#[test]
fn a_container_that_grows_past_its_limit_is_killed() {
    // 100 MiB at the start, limit 1024 MiB, 924 MiB an hour: over after exactly an hour.
    let mut world = World::new(1).service(1, Load::Zero);
    world.memory(MemoryUse {
        base: Bytes::from_mib(100),
        growth_per_hour: Bytes::from_mib(924),
    });
    let ran = world.run_unhealed(at(4000));
    assert_eq!(ran.exits(), [(at(3600), Exit::OutOfMemory)]);
}

#[test]
fn equal_seeds_give_equal_records() {
    let records = || {
        let world = World::new(3).service(3, Load::Constant { rate: 900.0 });
        world
            .job(at(3), secs(40))
            .event(at(100), 0, Fail)
            .run_unhealed(at(200))
            .records
    };
    assert_eq!(records(), records());
}

#[test]
fn flow_adds_up() {
    let world = World::new(3).service(3, Load::Constant { rate: 5000.0 });
    let ran = world.event(at(100), 1, Fail).run_unhealed(at(200));
    for (_, record) in ran.records {
        if let Record::Truth(Truth::Traffic { flow, .. }) = record {
            let Flow {
                offered,
                served,
                no_endpoint,
                stale_endpoint,
                over_capacity,
                ..
            } = flow;
            let sum = served + no_endpoint + stale_endpoint + over_capacity;
            assert!((offered - sum).abs() < 1e-9, "{flow:?}");
        }
    }
}

#[test]
fn a_node_that_loses_its_last_replica_uses_nothing() {
    let world = World::new(1).service(1, Load::Constant { rate: 100.0 });
    let ran = world.event(at(50), 0, Drain).run_unhealed(at(60));
    let mut uses = ran.records.iter().filter_map(|(_, record)| match record {
        Record::Truth(Truth::NodeUse { cpu, memory, .. }) => Some((*cpu, *memory)),
        _ => None,
    });
    assert_eq!(uses.next_back(), Some((0.0, Some(0.0))));
}

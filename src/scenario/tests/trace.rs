//! What the tables of a trace mean.

use super::{TABLE_FILES, TABLES, meaning};
use crate::cluster::gpu::GpuModels;
use crate::ids::{GpuModelId, Id, JobId, NodeId, ServiceId};
use crate::script::NodeEventKind;
use crate::script::load::Load;
use crate::time::{Duration, Time};
use crate::units::Bytes;

fn secs(seconds: u64) -> Time {
    Time::from_secs(seconds)
}

#[test]
fn nodes_of_a_trace_are_grouped_by_what_they_are() {
    let scenario = meaning(TABLES, &TABLE_FILES);
    let catalog = &scenario.catalog;
    let groups = ["32cpu-65537Mi", "96cpu-256Gi-2xT4"];
    assert_eq!(catalog.groups.as_slice(), groups);
    let listed: Vec<_> = catalog
        .nodes
        .as_slice()
        .iter()
        .map(|node| {
            let zone = catalog.zones[node.zone].as_str();
            (node.name.as_str(), node.group.index(), zone, node.at_start)
        })
        .collect();
    let expected = [
        ("n0", 1, "a", true),
        ("n1", 0, "b", true),
        ("n2", 1, "b", false),
    ];
    assert_eq!(listed, expected);
    assert_eq!(catalog.nodes[NodeId(0)].price_per_hour, Some(2.5));
    assert_eq!(
        catalog.nodes[NodeId(0)].allocatable.memory,
        Bytes(256 << 30)
    );
}

#[test]
fn pods_of_a_trace_come_in_order_of_arrival() {
    let scenario = meaning(TABLES, &TABLE_FILES);
    let jobs = &scenario.outline.trace;
    let names: Vec<_> = (0..4).map(|n| jobs.names.get(JobId(n))).collect();
    assert_eq!(names, ["first", "whole", "late", "with, comma"]);
    let late = Time::from_nanos(20_250_000_000);
    assert_eq!(jobs.arrivals, [secs(0), secs(5), late, late]);
    let durations = [
        Duration::from_secs(60),
        Duration::ZERO,
        Duration::MAX,
        Duration::from_nanos(1_000_000_001),
    ];
    assert_eq!(jobs.durations, durations);
    assert_eq!(jobs.replace, [false; 4]);
    // The plain pods ask for the same: they share a shape.
    assert_eq!(jobs.shapes[0], jobs.shapes[3]);
    let shape = |n: usize| &scenario.catalog.shapes[jobs.shapes[n]];
    assert_eq!((shape(1).gpus.count, shape(1).gpus.milli), (2, 1000));
    assert_eq!(
        (shape(2).gpus.count, shape(2).gpus.milli, shape(2).priority),
        (1, 500, 3)
    );
    assert_eq!(shape(2).requests.memory, Bytes(2 << 30));
    let models = GpuModels::ANY.with(GpuModelId(0)).with(GpuModelId(1));
    assert_eq!(shape(2).gpus.models, models);
    assert_eq!(scenario.catalog.gpu_models.as_slice(), ["T4", "V100"]);
    // The last arrival is at 20.25 s: the run ends with that second.
    assert_eq!(scenario.end, secs(21));
    assert_eq!(scenario.excluded, [("duration unknown".to_owned(), 897)]);
}

#[test]
fn events_and_load_of_a_trace_come_in_order_of_time() {
    let scenario = meaning(TABLES, &TABLE_FILES);
    let events: Vec<_> = scenario
        .outline
        .node_events
        .iter()
        .map(|event| (event.at, event.node, event.event))
        .collect();
    let expected = [
        (secs(5), NodeId(1), NodeEventKind::Fail),
        (secs(7), NodeId(1), NodeEventKind::Recover),
        (secs(8), NodeId(0), NodeEventKind::Drain),
        (secs(10), NodeId(2), NodeEventKind::Add),
    ];
    assert_eq!(events, expected);
    let load = Load::Piecewise([(secs(0), 5.0), (Time::from_secs_f64(10.5), 7.0)].into());
    assert_eq!(scenario.outline.services[ServiceId(0)].load, load);
}

#[test]
fn what_a_trace_says_in_vain_is_noted() {
    let scenario = meaning(TABLES, &TABLE_FILES);
    expect_test::expect![[r#"
        2 of 3 nodes have no price: costs leave them out
        dir/nodes.csv: racks are read, but nothing depends on them
        dir/pods.csv: the names of workloads are not used: no policy knows which pods belong together
        dir/pods.csv: put in order of arrival
        dir/events.csv: put in order of time"#]].assert_eq(&[scenario.warnings, scenario.notes].concat().join("\n"));
}

#[test]
fn a_trace_of_many_kinds_of_node_is_one_group() {
    let rows: String = (1..=65).map(|n| format!("n{n},{n}000,1024\n")).collect();
    let table = format!("name,cpu_milli,memory_mib\n{rows}");
    let text = "[trace]\nnodes = \"nodes.csv\"\npods = \"pods.csv\"\n";
    let files = [("dir/nodes.csv", table.as_str()), TABLE_FILES[1]];
    assert_eq!(meaning(text, &files).catalog.groups.as_slice(), ["trace"]);
}

#[test]
fn the_hash_is_of_all_files() {
    let hash = |text: &str, files: &[(&str, &str)]| meaning(text, files).hash;
    let base = hash(TABLES, &TABLE_FILES);
    assert_eq!(base.len(), 32);
    assert_eq!(base, hash(TABLES, &TABLE_FILES));
    assert_ne!(base, hash(&format!("# Why?\n{TABLES}"), &TABLE_FILES));
    for n in 0..TABLE_FILES.len() {
        let mut files = TABLE_FILES;
        let changed = format!("{}\n", files[n].1);
        files[n].1 = &changed;
        assert_ne!(base, hash(TABLES, &files), "{}", files[n].0);
    }
}

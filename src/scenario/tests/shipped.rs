//! The scenarios that are shipped, and the one to start from.

use std::path::Path;

use super::{meaning, rendered, shipped};
use crate::ids::ShapeId;
use crate::scenario::{parse, starter};

#[test]
fn every_shipped_scenario_loads_without_a_warning() {
    let files = shipped();
    assert!(files.len() >= 4, "{files:?}");
    for (path, text) in files {
        let read = |path: &Path| std::fs::read(path);
        let loaded = parse(&path, &text, &read);
        let loaded = loaded.map_err(|problems| rendered(&problems)).unwrap();
        assert_eq!(rendered(&loaded.warnings), "");
        assert!(
            loaded.scenario.question.ends_with('?'),
            "{}",
            loaded.scenario.question
        );
        assert_eq!(
            Some(loaded.scenario.name.as_str()),
            path.file_stem().unwrap().to_str()
        );
    }
}

#[test]
fn the_starter_loads_without_a_warning() {
    let read = |path: &Path| std::fs::read(path);
    let loaded = parse(Path::new("scenario.toml"), starter(), &read).unwrap();
    assert!(loaded.warnings.is_empty());
    // Its commented lines are right as well: uncommented and put after the rest, they load too.
    let more: Vec<&str> = starter()
        .lines()
        .skip_while(|line| !line.starts_with("# [[jobs]]"))
        .take_while(|line| !line.starts_with("# [trace]"))
        .map(|line| line.trim_start_matches(['#', ' ']))
        .collect();
    assert!(more.len() > 4);
    let text = format!("{}{}", starter(), more.join("\n"));
    let scenario = parse(Path::new("scenario.toml"), &text, &read)
        .unwrap()
        .scenario;
    assert_eq!(scenario.outline.sources.len(), 1);
}

#[test]
fn the_gpu_batch_asks_for_90_percent_of_its_gpus() {
    let (_, text) = &shipped()[1];
    let scenario = meaning(text, &[]);
    let [source] = &scenario.outline.sources[..] else {
        panic!("one source");
    };
    let weights: f64 = source.shapes.iter().map(|&(weight, _)| weight).sum();
    let mean = |amount: &dyn Fn(ShapeId) -> u64| {
        let sum = source
            .shapes
            .iter()
            .map(|&(weight, id)| weight * amount(id) as f64);
        sum.sum::<f64>() / weights
    };
    let shapes = &scenario.catalog.shapes;
    let nodes = scenario.catalog.nodes.as_slice();
    // Jobs that run at a time, by Little's law.
    let running = source.duration.mean().unwrap() / source.interarrival.mean().unwrap();
    let gpus: u64 = nodes.iter().map(|node| node.allocatable.gpu.0).sum();
    let load = running * mean(&|id| shapes[id].requests.gpu.0) / gpus as f64;
    assert_eq!(gpus, 158_000);
    assert!((load - 0.9).abs() < 1e-4, "{load}");
    let cores: u64 = nodes.iter().map(|node| node.allocatable.cpu.0).sum();
    let load = running * mean(&|id| shapes[id].requests.cpu.0) / cores as f64;
    assert_eq!(cores, 2_976_000);
    assert!((load - 0.67).abs() < 5e-3, "{load}");
}

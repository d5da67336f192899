//! The heat map: which nodes share a row, and what its cells hold.

use expect_test::expect;

use super::world::{World, catalog, node, node_in, shape};
use crate::ids::NodeId;
use crate::metrics::fold::Options;
use crate::metrics::measured::{Entity, HeatRow};
use crate::record::{Cause, Truth};

#[test]
fn a_cell_is_the_share_of_what_nodes_that_were_up_could_give() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(1000, 1)],
        vec![],
    ));
    let pod = world.job(0.0, 0, 1e6);
    world.place(0.1, pod, 0);
    // Cells of 0.2 s. x is down from the edge of the sixth to the middle of the seventh.
    world.fail_node(1.0, NodeId(0), Cause::Node);
    world.truth(1.3, Truth::NodeUp(NodeId(0)));
    let rows = world.measure(0.0, 100.0).heat;
    let names: Vec<&str> = rows.iter().map(|row| row.first.as_str()).collect();
    assert_eq!(names, ["x", "y"]);
    let told = |row: &HeatRow, cell: usize| {
        let cell = row.cells[cell];
        (cell.share(), row.is_down(cell))
    };
    // One of four cores is requested, for half of the first cell; in the seventh x is up again for
    // half of it, and what was bound is still believed bound.
    let seen = [0, 1, 4, 5, 6, 7].map(|cell| told(&rows[0], cell));
    assert_eq!(
        seen,
        [
            (Some(0.125), false),
            (Some(0.25), false),
            (Some(0.25), false),
            (None, true),
            (Some(0.25), true),
            (Some(0.25), false),
        ]
    );
    assert!((0..500).all(|cell| told(&rows[1], cell) == (Some(0.0), false)));
}

#[test]
fn a_node_that_is_not_there_yet_is_absent() {
    let mut world = World::empty(catalog(vec![node("late")], vec![shape(1000, 1)], vec![]));
    world.add_node(50.0, NodeId(0));
    world.truth(99.0, Truth::NodeReleased(NodeId(0)));
    let row = &world.measure(0.0, 100.0).heat[0];
    let down: Vec<usize> = (0..500)
        .filter(|&cell| row.is_down(row.cells[cell]))
        .collect();
    // [0 s, 50 s) and [99 s, 100 s) of cells of 0.2 s.
    let expected: Vec<usize> = (0..250).chain(495..500).collect();
    assert_eq!(down, expected);
}

#[test]
fn many_nodes_share_rows_of_a_round_size_within_their_zone() {
    let sizes = |zones: &[usize]| {
        let mut nodes = Vec::new();
        // Dealt out in turn, as scenarios do.
        for n in 0..zones.iter().copied().max().unwrap_or(0) {
            let zones = (0_u32..).zip(zones).filter(|&(_, &count)| n < count);
            nodes.extend(zones.map(|(zone, _)| node_in(&format!("{zone}-{n}"), zone)));
        }
        let world = World::new(catalog(nodes, vec![], vec![]));
        let rows = world.measure(0.0, 1.0).heat;
        let last = rows.last().unwrap();
        format!(
            "{} rows, the first of {} nodes from {} to {} in zone {:?}, the last of {} in {:?}\n",
            rows.len(),
            rows[0].nodes,
            rows[0].first,
            rows[0].last,
            rows[0].zone,
            last.nodes,
            last.zone
        )
    };
    let said = [
        sizes(&[64]),
        sizes(&[65]),
        sizes(&[20, 30, 10]),
        sizes(&[400, 400, 200]),
        sizes(&[10_000]),
        sizes(&[3; 64]),
        sizes(&[3; 65]),
    ];
    expect![[r#"
        64 rows, the first of 1 nodes from 0-0 to 0-0 in zone "a", the last of 1 in "a"
        33 rows, the first of 2 nodes from 0-0 to 0-1 in zone "a", the last of 1 in "a"
        60 rows, the first of 1 nodes from 0-0 to 0-0 in zone "a", the last of 1 in "c"
        50 rows, the first of 20 nodes from 0-0 to 0-19 in zone "a", the last of 20 in "c"
        50 rows, the first of 200 nodes from 0-0 to 0-199 in zone "a", the last of 200 in "a"
        64 rows, the first of 3 nodes from 0-0 to 0-2 in zone "a", the last of 3 in "\u{a0}"
        39 rows, the first of 5 nodes from 0-0 to 1-1 in zone "", the last of 5 in ""
    "#]]
    .assert_eq(&said.concat());
}

#[test]
fn rows_add_up_to_the_cluster() {
    let nodes = (0..150).map(|n| node_in(&format!("n{n}"), n % 7)).collect();
    let mut world = World::new(catalog(nodes, vec![shape(300, 1)], vec![]));
    for n in 0..400 {
        let at = 0.21 * f64::from(n);
        let pod = world.job(at, 0, 1e6);
        world.place(at, pod, n * 37 % 150);
    }
    let measured = world.measure(10.0, 90.0);
    let whole = |s: &&crate::metrics::measured::Series| {
        s.entity == Entity::Cluster && s.metric == "allocated.cpu"
    };
    let cluster = &measured.series.iter().find(whole).unwrap().values;
    for (cell, share) in cluster.iter().enumerate() {
        let cells = measured.heat.iter().map(|row| row.cells[cell]);
        let (bound, capacity) = cells.fold((0.0, 0.0), |(b, c), cell| {
            (b + cell.bound, c + cell.capacity)
        });
        assert!(
            (bound / capacity - share.unwrap()).abs() < 1e-12,
            "cell {cell}"
        );
    }
}

#[test]
fn nothing_is_kept_unless_asked_for() {
    let world = World::new(catalog(vec![node("x")], vec![], vec![]));
    let measured = world.measure_with(0.0, 1.0, Options::default());
    assert_eq!((measured.heat, measured.cells), (vec![], vec![]));
}

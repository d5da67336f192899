use std::fs;
use std::path::PathBuf;

use expect_test::{Expect, expect};

use super::*;
use crate::folder::testing::Scratch;
use crate::import::folder::Existing;
use crate::import::openb::options::Share;

const NODE_LIST: &str = "\
sn,cpu_milli,memory_mib,gpu,model
n0,64000,262144,4,T4
n1,32000,131072,2,G2
n2,32000,131072,0,
";

const POD_LIST: &str = "\
name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
p0,12000,16384,2,1000,T4|G2,LS,Running,0,10001000,0
p1,6000,12288,1,500,,LS,Running,10000200,10001000,10000400
p2,4000,0,0,0,T4,BE,Failed,10000100,10000250,10000200
p3,4000,1024,1,250,,BE,Pending,10000300,10000500,
p4,4000,1024,8,1000,,BE,Succeeded,10000300,10000300,10000300
";

/// What every imported scenario begins with, before its notes.
const HEAD: &str = "\
# Which scheduler serves Alibaba's openb GPU cluster best?
# Source: openb, a production GPU cluster of Alibaba, 2023
#   (hkust-adsl/kubernetes-scheduler-simulator, data/csv): node_list.csv, pod_list.csv.
# Licence: Apache-2.0, as that repository; alibaba/clusterdata, which has the same lists, states
#   none for them.
# Import:
";

/// What follows the notes, the name and the warm-up, before what was left out.
const FOOT: &str = r#"
[policy]
scheduler = "least-allocated"
autoscaler = "fixed"
healer = "kubernetes"

[trace]
nodes = "nodes.csv"
pods = "pods.csv"
"#;

const NODE_HEADER: &str = "name,cpu_milli,memory_mib,gpu,gpu_model\n";

/// A folder with the lists.
struct Lists(Scratch);

impl Lists {
    fn new(name: &str) -> Lists {
        let lists = Lists(Scratch::new(&format!("openb-{name}")));
        lists.write("node_list.csv", NODE_LIST);
        lists.write("pod_list.csv", POD_LIST);
        lists
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.0.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn import(&self, options: &Options) -> Result<Imported, ImportError> {
        import(
            &self.path("node_list.csv"),
            &self.path("pod_list.csv"),
            &self.path("out"),
            options,
        )
    }

    /// A file that was imported.
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path("out").join(name)).unwrap()
    }
}

fn times(copies: u32, assume: Option<u64>) -> Options {
    Options {
        mode: Mode::Times {
            copies: NonZeroU32::new(copies).unwrap(),
            assume_duration: assume.map(Duration::from_secs),
        },
        nodes: Share::ALL,
        seed: 1,
        existing: Existing::Refuse,
    }
}

fn arrivals(fill: &str) -> Options {
    Options {
        mode: Mode::ArrivalsOnly {
            fill: fill.parse().unwrap(),
        },
        ..times(1, None)
    }
}

/// Imports the lists and compares what differs between imports: what the scenario says up to its
/// policies and what stands at its end, which of the nodes are kept in which order, and the pods.
fn check(
    name: &str,
    options: &Options,
    notes: Expect,
    excluded: &str,
    kept: &[usize],
    pods: Expect,
) {
    let lists = Lists::new(name);
    lists.import(options).unwrap();
    let scenario = lists.read("scenario.toml");
    let (said, end) = scenario.split_once(FOOT).expect(&scenario);
    notes.assert_eq(said.strip_prefix(HEAD).expect(said));
    assert_eq!(end, excluded);
    let listed: Vec<&str> = NODE_LIST.split_inclusive('\n').skip(1).collect();
    let kept: String = kept.iter().map(|&node| listed[node]).collect();
    assert_eq!(lists.read("nodes.csv"), format!("{NODE_HEADER}{kept}"));
    pods.assert_eq(&lists.read("pods.csv"));
}

#[test]
fn the_trace_with_its_own_times() {
    check(
        "times",
        &times(1, None),
        expect![[r##"
            # - 3 nodes with 6 GPUs: 1 without GPU, 1 G2, 1 T4.
            # - Arrival = creation_time, duration = deletion_time − scheduled_time; qos and pod_phase are not
            #   used.
            # - Pods listed: 5; never scheduled, so that their duration is unknown: 1 (left out;
            #   --assume-duration would keep them).
            # - Pods listed that ran until the trace's end (10,001,000 s), so that their duration is a lower
            #   bound: 2.
            # - Pods written: 4; left out: 1.
            # - Offered GPU load, if every pod ran from its arrival: mean 38.3 % over 10,000,000 to 10,001,000
            #   s, peak 2.5 of 6 GPUs.
            # - Pods listed that name a GPU model but ask for no GPU: 1; the model is ignored, as in the
            #   published procedure.
            # - Pods written that fit no node, not even an empty one: 1.
            name = "out"
        "##]],
        "\n[trace.excluded]\n\"duration unknown\" = 1\n",
        &[0, 1, 2],
        expect![[r#"
            name,arrival_s,duration_s,cpu_milli,memory_mib,gpu,gpu_milli,gpu_model
            p0,0,10001000,12000,16384,2,1000,T4|G2
            p2,10000100,50,4000,0,0,0,
            p1,10000200,600,6000,12288,1,500,
            p4,10000300,0,4000,1024,8,1000,
        "#]],
    );
}

#[test]
fn copies_come_later_and_bring_the_never_scheduled_if_told_how_long() {
    check(
        "copies",
        &times(2, Some(60)),
        expect![[r##"
            # - 3 nodes with 6 GPUs: 1 without GPU, 1 G2, 1 T4.
            # - Arrival = creation_time, duration = deletion_time − scheduled_time; qos and pod_phase are not
            #   used.
            # - Pods listed: 5; never scheduled, so that their duration is unknown: 1 (kept, with an assumed
            #   duration of 60 s).
            # - Pods listed that ran until the trace's end (10,001,000 s), so that their duration is a lower
            #   bound: 2.
            # - Copies of the trace: 2; all but the first come later, each by a random time within 86,400 s
            #   (seed 1).
            # - Pods written: 10; left out: 0.
            # - Offered GPU load, if every pod ran from its arrival: mean 71.9 % over 10,000,000 to 10,001,000
            #   s, peak 4.75 of 6 GPUs.
            # - The trace is dense from 10,000,000 s on: the scenario measures from then on (warm_up).
            # - Pods listed that name a GPU model but ask for no GPU: 1; the model is ignored, as in the
            #   published procedure.
            # - Pods written that fit no node, not even an empty one: 2.
            name = "out"
            warm_up = "10000000s"
        "##]],
        "",
        &[0, 1, 2],
        expect![[r#"
            name,arrival_s,duration_s,cpu_milli,memory_mib,gpu,gpu_milli,gpu_model
            p0,0,10001000,12000,16384,2,1000,T4|G2
            p0@2,40930,10001000,12000,16384,2,1000,T4|G2
            p2,10000100,50,4000,0,0,0,
            p1,10000200,600,6000,12288,1,500,
            p3,10000300,60,4000,1024,1,250,
            p4,10000300,0,4000,1024,8,1000,
            p2@2,10041030,50,4000,0,0,0,
            p1@2,10041130,600,6000,12288,1,500,
            p3@2,10041230,60,4000,1024,1,250,
            p4@2,10041230,0,4000,1024,8,1000,
        "#]],
    );
}

#[test]
fn arrivals_alone_on_a_share_of_the_nodes() {
    let options = Options {
        nodes: "70%".parse().unwrap(),
        ..arrivals("6")
    };
    check(
        "arrivals",
        &options,
        expect![[r##"
            # - 2 of 3 nodes (70 %, by largest remainder over the GPU models, seed 1) with 2 GPUs: 1 of 1
            #   without GPU, 1 of 1 G2, 0 of 1 T4.
            # - Pods listed: 5; clones of random pods appended: 3; random pods left out: 0; written: 8.
            # - They arrive in a random order (seed 1), 1 s apart, and never leave; qos, pod_phase and all times
            #   are not used. Nodes are in a random order too: it is the order of ties.
            # - They ask for 18.75 GPUs in all, 937.5 % of the 2 there are.
            # - Pods listed that name a GPU model but ask for no GPU: 1; the model is ignored, as in the
            #   published procedure.
            # - Pods written that fit no node, not even an empty one: 2.
            name = "out"
        "##]],
        "",
        &[2, 1],
        expect![[r#"
            name,arrival_s,duration_s,cpu_milli,memory_mib,gpu,gpu_milli,gpu_model
            p3,0,,4000,1024,1,250,
            p4,1,,4000,1024,8,1000,
            p1,2,,6000,12288,1,500,
            p2,3,,4000,0,0,0,
            p0,4,,12000,16384,2,1000,T4|G2
            p2@2,5,,4000,0,0,0,
            p2@3,6,,4000,0,0,0,
            p4@2,7,,4000,1024,8,1000,
        "#]],
    );
}

#[test]
fn the_counts_are_told_as_data() {
    let lists = Lists::new("counts");
    let imported = lists.import(&times(3, None)).unwrap();
    let left_out = imported.excluded.unwrap();
    assert_eq!((left_out.reason, left_out.pods), ("duration unknown", 3));
    assert_eq!(imported.rows * 3, imported.written + left_out.pods);
    // Pod p4 asks for eight GPUs; the largest node has four.
    assert_eq!((imported.fit_nowhere, imported.models_ignored), (3, 1));
    assert_eq!(
        (imported.gpus, imported.gpus_listed),
        (MilliGpu(6000), MilliGpu(6000))
    );
    let Load::Times(timed) = imported.load else {
        panic!("a trace with times");
    };
    assert_eq!((timed.never_scheduled, timed.censored), (1, 2));
    // p0 with two GPUs and p1 with half a one; p4 ran for no time at all.
    assert_eq!(timed.recorded_peak, MilliGpu(2500));
}

#[test]
fn the_offered_mean_is_over_the_dense_part() {
    let lists = Lists::new("mean");
    let Load::Times(timed) = lists.import(&times(1, None)).unwrap().load else {
        panic!("a trace with times");
    };
    // [10,000,000, 10,001,000) s: p0 1,000 s of 2 GPUs, p1 600 s of 0.5 from 10,000,200:
    // 2,300 of 1,000 s × 6 GPUs.
    assert!((timed.offered_mean.unwrap() - 2300.0 / 6000.0).abs() < 1e-12);
    assert_eq!(timed.offered_peak, MilliGpu(2500));
}

#[test]
fn copies_that_all_arrive_before_the_dense_part_have_no_warm_up() {
    let lists = Lists::new("sparse");
    let sparse: Vec<&str> = POD_LIST.lines().take(2).collect();
    lists.write("pod_list.csv", &sparse.join("\n"));
    let Load::Times(timed) = lists.import(&times(2, None)).unwrap().load else {
        panic!("a trace with times");
    };
    assert_eq!(timed.warm_up, None);
    assert!(!lists.read("scenario.toml").contains("warm_up"));
}

#[test]
fn what_is_written_is_a_scenario() {
    let lists = Lists::new("scenario");
    let cases = [
        (times(1, None), 0),
        (times(2, None), 10_000_000),
        (arrivals("2"), 0),
    ];
    for (options, warm_up) in cases {
        let existing = Existing::Replace;
        let options = Options {
            existing,
            ..options
        };
        lists.import(&options).unwrap();
        let loaded = crate::scenario::load(&lists.path("out/scenario.toml")).unwrap();
        assert_eq!(loaded.scenario.warm_up, Time::from_secs(warm_up));
    }
}

#[test]
fn a_scenario_is_named_after_its_folder_if_that_is_a_name() {
    // The tables above are of a folder called `out`.
    let lists = Lists::new("names");
    let (nodes, pods) = (lists.path("node_list.csv"), lists.path("pod_list.csv"));
    let dir = lists.path("my import");
    import(&nodes, &pods, &dir, &times(1, None)).unwrap();
    let text = fs::read_to_string(dir.join("scenario.toml")).unwrap();
    assert!(text.contains("\nname = \"openb\"\n"), "{text}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let pods = |name, seed| {
        let lists = Lists::new(name);
        let options = Options {
            seed,
            ..times(20, None)
        };
        lists.import(&options).unwrap();
        lists.read("pods.csv")
    };
    assert_eq!(pods("seed-a", 1), pods("seed-b", 1));
    assert_ne!(pods("seed-c", 1), pods("seed-d", 2));
}

#[test]
fn a_light_trace_is_told_with_the_copies_that_would_load_it() {
    let lists = Lists::new("light");
    let many: String = (0..100).map(|n| format!("m{n},1,1,8,G2\n")).collect();
    lists.write("node_list.csv", &format!("{NODE_LIST}{many}"));
    let told = lists.import(&times(1, None)).unwrap().to_string();
    // Peak 2.5 of 806 GPUs is 0.3 %, mean 2.3 of 806 is 0.285 %: 0.9 / 0.00285 = 315 copies.
    expect!["Pods written that fit no node, not even an empty one: 1."]
        .assert_eq(told.lines().last().unwrap());
}

#[test]
fn a_failed_import_leaves_nothing_behind() {
    let lists = Lists::new("failed");
    let broken = POD_LIST.replace("10000300,10000500", "abc,10000500");
    lists.write("pod_list.csv", &broken);
    let error = lists.import(&times(1, None)).unwrap_err();
    let place = lists.path("pod_list.csv");
    let reason = "creation_time `abc` is not a number (whole, at least 0)";
    assert_eq!(
        error.to_string(),
        format!("{}:5: {reason}", place.display())
    );
    assert!(!error.is_environment());
    assert_eq!(lists.0.names(), ["node_list.csv", "pod_list.csv"]);
}

#[test]
fn an_import_with_nothing_to_write_is_refused() {
    let lists = Lists::new("nothing");
    let refused = |options: &Options, list: &str, message: &str| {
        let error = lists.import(options).unwrap_err().to_string();
        let list = lists.path(list);
        assert_eq!(error, format!("{}: {message}", list.display()));
    };
    let pods = |row: &str| {
        let header = POD_LIST.lines().next().unwrap();
        lists.write("pod_list.csv", &format!("{header}\n{row}\n"));
    };
    pods("p,1,1,0,0,,LS,Pending,5,6,");
    refused(
        &times(1, None),
        "pod_list.csv",
        "every pod would be left out",
    );
    refused(
        &arrivals("1.3"),
        "pod_list.csv",
        "no pod asks for a GPU to fill",
    );
    let node = "sn,cpu_milli,memory_mib,gpu,model\nn,1,1,0,\n";
    lists.write("node_list.csv", node);
    refused(
        &arrivals("1.3"),
        "node_list.csv",
        "no kept node has a GPU to fill",
    );
    fs::remove_file(lists.path("node_list.csv")).unwrap();
    let error = lists.import(&times(1, None)).unwrap_err();
    assert!(matches!(error, ImportError::Read { .. }));
}

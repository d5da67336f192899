//! Random clusters with every kind of rule, and what happens to them.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::cluster::catalog::{Catalog, Image, Namespace, NodeSpec, Shape};
use crate::cluster::change::Change;
use crate::cluster::gpu::GpuModels;
use crate::cluster::labels::{Labels, Requirement, Selector, Test};
use crate::cluster::rules::{
    Effect, HostPort, NameRequirement, NodeAffinity, NodeTerm, PodAffinity, PodTerm, Protocol,
    Rules, SpreadConstraint, Taint, Toleration, Traits, well_known,
};
use crate::ids::{
    ExtendedId, Id, ImageId, KeyId, NamespaceId, NodeId, PodId, RevisionId, RulesId, ValueId,
    ZoneId,
};
use crate::policy::scheduler::kube::inter_pod_affinity::score::Args;
use crate::policy::scheduler::kube::profile::{Profile, Scorer, Ties};
use crate::policy::scheduler::kube::resources::{Counted, Strategy as Use};
use crate::policy::scheduler::kube::topology_spread::Defaults;
use crate::policy::scheduler::testing::{
    Step, World, asking_gpus, catalog, node, shape, with_gpus,
};
use crate::units::Resource;

/// A cluster, what happens to it, and who schedules.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) profile: Profile,
    pub(super) catalog: Arc<Catalog>,
    pub(super) happenings: Vec<Happening>,
}

/// Something happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Happening {
    /// To any policy.
    Plain(Step),
    /// A node is updated to one of its revisions.
    Update(Index, bool),
    /// A node gets an image.
    Pull(Index, Index),
    /// A waiting pod is nominated to a node, or no longer is.
    Nominate(Index, Index),
}

const ZONES: u32 = 3;
const IMAGES: u32 = 3;
const APP: KeyId = KeyId(100);
const TIER: KeyId = KeyId(101);
const DISK: KeyId = KeyId(102);
const DEDICATED: KeyId = KeyId(103);
const VALUES: [ValueId; 3] = [ValueId(100), ValueId(101), well_known::EMPTY];
const NAMES: u32 = 200;
const DISKS: ExtendedId = ExtendedId(0);

impl Happening {
    /// The pod that is to be placed then.
    pub(super) fn happen(&self, world: &mut World) -> Option<PodId> {
        let nodes = world.cluster.nodes().len();
        let node = |index: &Index| NodeId::from_index(index.index(nodes));
        match self {
            Happening::Plain(step) => return world.step(*step),
            Happening::Update(index, second) => {
                let node = node(index);
                let revision = RevisionId(2 * node.0 + u32::from(*second));
                world.apply(Change::NodeUpdated { node, revision });
            }
            Happening::Pull(index, image) => {
                let (node, image) = (node(index), ImageId(image.index(IMAGES as usize) as u32));
                if world.cluster.nodes()[node].present {
                    world.apply(Change::ImagePulled { node, image });
                }
            }
            Happening::Nominate(pod, index) => {
                let waiting = world.cluster.queue().unschedulable_since().iter();
                let waiting: Vec<PodId> = waiting.map(|&(_, pod)| pod).collect();
                if waiting.is_empty() || !world.cluster.nodes()[node(index)].present {
                    return None;
                }
                let pod = waiting[pod.index(waiting.len())];
                world.apply(match world.cluster.pods()[pod].nominated {
                    None => Change::PodNominated {
                        pod,
                        node: node(index),
                    },
                    Some(_) => Change::PodUnnominated(pod),
                });
            }
        }
        None
    }
}

/// Few nodes, so that everything meets.
pub(super) fn cases() -> impl Strategy<Value = Case> {
    of_size(2..14, 20..140)
}

/// More nodes than kube-scheduler looks at.
pub(super) fn crowds() -> impl Strategy<Value = Case> {
    of_size(101..140, 100..300)
}

fn of_size(
    nodes: std::ops::Range<usize>,
    happenings: std::ops::Range<usize>,
) -> impl Strategy<Value = Case> {
    let nodes = prop::collection::vec((specs(), [traits(), traits(), traits()]), nodes);
    let rules = prop::collection::vec(rules(), 1..5);
    let shapes = prop::collection::vec(shapes(), 1..7);
    let happenings = prop::collection::vec(happening(), happenings);
    (profiles(), nodes, rules, shapes, happenings).prop_map(
        |(profile, nodes, rules, shapes, happenings)| Case {
            profile,
            catalog: Arc::new(whole(nodes, rules, shapes)),
            happenings,
        },
    )
}

fn whole(
    nodes: Vec<(NodeSpec, [Traits; 3])>,
    rules: Vec<Rules>,
    mut shapes: Vec<Shape>,
) -> Catalog {
    let count = nodes.len();
    let dressed = |at: usize, spec: &NodeSpec, traits: &Traits| {
        let mut traits = traits.clone();
        // Half of the nodes lack a host name in some of their revisions.
        let host = (well_known::HOSTNAME, ValueId(NAMES + at as u32));
        let hosts = at % 8 != 7;
        let labels = traits.labels.iter().chain(hosts.then_some(host));
        traits.labels = labels.collect();
        traits.name = Some(ValueId(NAMES + at as u32));
        NodeSpec {
            // Not in order of ids.
            name: format!("node-{:03}", at * 37 % count.next_power_of_two().max(64)),
            zone: ZoneId(at as u32 % ZONES),
            traits,
            ..spec.clone()
        }
    };
    for shape in &mut shapes {
        shape.rules.0 %= rules.len() as u32 + 1;
    }
    let each = nodes.iter().enumerate();
    let at_start = each
        .clone()
        .map(|(at, (spec, traits))| dressed(at, spec, &traits[0]));
    let revisions = each.flat_map(|(at, (spec, traits))| {
        let [_, second, third] = traits;
        let mut larger = dressed(at, spec, second);
        larger.allocatable.cpu.0 += 500;
        [larger, dressed(at, spec, third)]
    });
    let revisions = revisions.collect();
    let plain = catalog(ZONES, at_start.collect(), shapes);
    let image = |size: u64| Image {
        name: format!("image-{size}"),
        size: size << 20,
    };
    Catalog {
        revisions,
        rules: std::iter::once(Rules::default()).chain(rules).collect(),
        namespaces: (0..2).map(|_| Namespace::default()).collect(),
        images: [10, 300, 2000].map(image).into_iter().collect(),
        extended: ["example.com/disk"].into_iter().collect(),
        ..Catalog::clone(&plain)
    }
}

fn profiles() -> impl Strategy<Value = Profile> {
    let strategies = select(vec![
        Use::LeastAllocated,
        Use::LeastAllocated,
        Use::MostAllocated,
        Use::RequestedToCapacityRatio(vec![(0, 0), (40, 100), (100, 10)]),
    ]);
    let counted = select(vec![
        vec![(Resource::Cpu, 1), (Resource::Memory, 1)],
        vec![(Resource::Cpu, 1), (Resource::Memory, 1)],
        vec![(Resource::Memory, 2), (Resource::Cpu, 3)],
        vec![
            (Resource::Cpu, 1),
            (Resource::Memory, 1),
            (Resource::Gpu, 5),
        ],
        vec![(Resource::Memory, 1)],
    ]);
    let args = (select(vec![0_i64, 1, 7]), any::<bool>());
    let defaults = prop_oneof![
        3 => Just(Defaults::System),
        1 => prop::collection::vec(constraints(), 0..3).prop_map(Defaults::List),
    ];
    let added = prop_oneof![4 => Just(NodeAffinity::default()), 1 => node_affinities()];
    let ties = select(vec![Ties::Lot, Ties::Name]);
    let percentage = select(vec![0_u32, 100, 100, 30]);
    (
        (strategies, counted),
        args,
        defaults,
        added,
        ties,
        percentage,
    )
        .prop_map(
            |(
                (strategy, counted),
                (hard_weight, ignore_others),
                defaults,
                added,
                ties,
                percentage,
            )| {
                let mut profile = Profile::kube_1_34();
                let plain =
                    |&(resource, weight): &(Resource, i64)| (Counted::Plain(resource), weight);
                let resources: Vec<(Counted, i64)> = counted.iter().map(plain).collect();
                for weighted in &mut profile.scorers {
                    match &mut weighted.scorer {
                        scorer @ Scorer::NodeResourcesFit { .. } => {
                            *scorer = Scorer::NodeResourcesFit {
                                strategy: strategy.clone(),
                                resources: resources.clone(),
                            };
                        }
                        Scorer::InterPodAffinity(args) => {
                            *args = Args {
                                hard_weight,
                                ignore_others,
                            };
                        }
                        Scorer::NodeResourcesBalancedAllocation(balanced) => {
                            *balanced = resources.iter().map(|&(resource, _)| resource).collect();
                        }
                        Scorer::TaintToleration
                        | Scorer::NodeAffinity
                        | Scorer::PodTopologySpread
                        | Scorer::ImageLocality => {}
                    }
                }
                Profile {
                    spread_defaults: defaults,
                    added_affinity: added,
                    percentage_of_nodes_to_score: percentage,
                    ties,
                    ..profile
                }
            },
        )
}

fn specs() -> impl Strategy<Value = NodeSpec> {
    let sizes = (
        select(&[0, 2000, 4000, 4000, 8000][..]),
        select(&[0, 4096, 4096, 8192][..]),
        select(&[2, 6, 110][..]),
    );
    let gpus = (select(&[0, 0, 2][..]), prop::option::of(0..2_u32));
    (sizes, gpus, prop::bool::weighted(0.9)).prop_map(
        |((cpu, mib, max_pods), (gpus, model), at_start)| NodeSpec {
            max_pods,
            at_start,
            ..with_gpus(node(cpu, mib), gpus, model)
        },
    )
}

fn traits() -> impl Strategy<Value = Traits> {
    let zone = prop_oneof![
        4 => (0..ZONES).prop_map(|zone| Some(ValueId(10 + zone))),
        1 => Just(None),
        1 => Just(Some(well_known::EMPTY)),
    ];
    let disk = prop::option::of(select(&VALUES[..]));
    let taints = prop::collection::vec(taints(), 0..3);
    let images = prop::collection::btree_set(0..IMAGES, 0..2);
    (zone, disk, taints, images, 0..3_u64).prop_map(|(zone, disk, taints, images, disks)| {
        let zone = zone.map(|value| (well_known::ZONE, value));
        let disk = disk.map(|value| (DISK, value));
        Traits {
            labels: zone.into_iter().chain(disk).collect(),
            name: None,
            taints: taints.into_iter().flatten().collect(),
            images: images.into_iter().map(ImageId).collect(),
            extended: (disks > 0).then_some((DISKS, disks)).into_iter().collect(),
        }
    })
}

fn effects() -> impl Strategy<Value = Effect> {
    select(vec![
        Effect::NoSchedule,
        Effect::NoExecute,
        Effect::PreferNoSchedule,
        Effect::PreferNoSchedule,
    ])
}

fn taints() -> impl Strategy<Value = Option<Taint>> {
    let taint = (select(&VALUES[..]), effects()).prop_map(|(value, effect)| Taint {
        key: DEDICATED,
        value,
        effect,
    });
    prop::option::weighted(0.3, taint)
}

fn tolerations() -> impl Strategy<Value = Toleration> {
    let keys = select(vec![
        Some(DEDICATED),
        Some(well_known::UNSCHEDULABLE),
        Some(well_known::UNREACHABLE),
        None,
    ]);
    let value = prop::option::of(select(&VALUES[..]));
    (keys, value, prop::option::of(effects())).prop_map(|(key, value, effect)| Toleration {
        key,
        value,
        effect,
    })
}

fn labels() -> impl Strategy<Value = Labels> {
    let value = || prop::option::of(select(&VALUES[..]));
    (value(), value()).prop_map(|(app, tier)| {
        let app = app.map(|value| (APP, value));
        app.into_iter()
            .chain(tier.map(|value| (TIER, value)))
            .collect()
    })
}

fn requirements(keys: &'static [KeyId]) -> impl Strategy<Value = Requirement> {
    let tests = prop_oneof![
        4 => select(&VALUES[..]).prop_map(|value| Test::In(vec![value])),
        1 => select(&VALUES[..]).prop_map(|value| Test::NotIn(vec![value])),
        1 => Just(Test::Exists),
        1 => Just(Test::DoesNotExist),
    ];
    (select(keys), tests).prop_map(|(key, test)| Requirement { key, test })
}

fn selectors() -> impl Strategy<Value = Option<Selector>> {
    let some = prop::collection::vec(requirements(&[APP, TIER]), 0..2).prop_map(Selector);
    prop::option::weighted(0.95, some)
}

fn node_terms() -> impl Strategy<Value = NodeTerm> {
    let names = prop::collection::vec(0..14_u32, 1..8);
    let fields = (prop::bool::weighted(0.6), names).prop_map(|(among, names)| NameRequirement {
        among,
        names: names.into_iter().map(|at| ValueId(NAMES + at)).collect(),
    });
    let expressions = prop::collection::vec(requirements(&[DISK]), 0..2);
    let fields = prop::option::weighted(0.2, fields);
    (expressions, fields).prop_map(|(expressions, field)| NodeTerm {
        expressions,
        fields: field.into_iter().collect(),
    })
}

fn node_affinities() -> impl Strategy<Value = NodeAffinity> {
    let required = prop::option::weighted(0.3, prop::collection::vec(node_terms(), 1..3));
    let preferred = prop::collection::vec((1..100_i64, node_terms()), 0..3);
    (required, preferred).prop_map(|(required, preferred)| NodeAffinity {
        required,
        preferred,
    })
}

fn keys() -> impl Strategy<Value = KeyId> {
    select(vec![well_known::HOSTNAME, well_known::ZONE, DISK])
}

fn pod_terms() -> impl Strategy<Value = PodTerm> {
    let namespaces = select(vec![vec![0], vec![0], vec![1], vec![0, 1]]);
    (selectors(), namespaces, keys()).prop_map(|(selector, namespaces, topology_key)| PodTerm {
        selector,
        namespaces: namespaces.into_iter().map(NamespaceId).collect(),
        topology_key,
    })
}

fn pod_affinities() -> impl Strategy<Value = PodAffinity> {
    let required = prop::collection::vec(pod_terms(), 0..2);
    let preferred = prop::collection::vec((1..100_i64, pod_terms()), 0..2);
    (required, preferred).prop_map(|(required, preferred)| PodAffinity {
        required,
        preferred,
    })
}

fn constraints() -> impl Strategy<Value = SpreadConstraint> {
    let honors = (any::<bool>(), any::<bool>());
    let domains = prop::option::weighted(0.2, 1..5_i64);
    (
        1..4_i64,
        keys(),
        any::<bool>(),
        selectors(),
        domains,
        honors,
    )
        .prop_map(
            |(max_skew, topology_key, required, selector, min_domains, honors)| SpreadConstraint {
                max_skew,
                topology_key,
                required,
                selector,
                min_domains: min_domains.filter(|_| required),
                honor_affinity: honors.0,
                honor_taints: honors.1,
            },
        )
}

fn ports() -> impl Strategy<Value = HostPort> {
    let address = prop::option::of(select(&VALUES[..2]));
    (address, select(&[80_u16, 443][..])).prop_map(|(address, port)| HostPort {
        address,
        protocol: Protocol::Tcp,
        port,
    })
}

/// Half of the rules speak of no other pod.
fn rules() -> impl Strategy<Value = Rules> {
    let of_nodes = (
        prop_oneof![3 => Just(NodeAffinity::default()), 2 => node_affinities()],
        prop::collection::vec(tolerations(), 0..3),
        prop::option::weighted(0.1, select(&VALUES[..])),
        prop::option::weighted(0.05, NAMES..NAMES + 4),
    );
    let none = || Just(PodAffinity::default());
    let of_pods = (
        prop_oneof![1 => none(), 1 => pod_affinities()],
        prop_oneof![1 => none(), 1 => pod_affinities()],
        prop::collection::vec(constraints(), 0..3),
        prop::option::weighted(0.3, selectors()),
    );
    let of_pods = prop::option::of(of_pods);
    let rest = (
        prop::collection::vec(ports(), 0..2),
        prop::collection::vec(0..IMAGES, 0..3),
        0..3_u32,
        prop::bool::weighted(0.2),
    );
    let rest = prop::option::of(rest);
    let own = (select(&[0, 0, 1][..]), labels());
    (own, of_nodes, of_pods, rest).prop_map(|((namespace, labels), of_nodes, of_pods, rest)| {
        let (node_affinity, tolerations, disk, name) = of_nodes;
        let (affinity, anti_affinity, spread, default_selector) = of_pods.unwrap_or_default();
        let (host_ports, images, further_containers, never_preempts) = rest.unwrap_or_default();
        Rules {
            namespace: NamespaceId(namespace),
            labels,
            node_name: name.map(ValueId),
            node_selector: disk.map(|value| (DISK, value)).into_iter().collect(),
            node_affinity,
            tolerations,
            affinity,
            anti_affinity,
            spread,
            default_selector: default_selector.flatten(),
            host_ports,
            images: images.into_iter().map(ImageId).collect(),
            further_containers,
            never_preempts,
        }
    })
}

fn shapes() -> impl Strategy<Value = Shape> {
    let cpu = select(&[0, 100, 333, 1000][..]);
    let mib = select(&[0, 64, 512, 2000][..]);
    let gpus = (select(&[0, 0, 0, 1, 2][..]), select(&[300, 1000][..]));
    let rest = (
        select(&[0, 0, 0, 1][..]),
        select(&[0, 0, 0, 10][..]),
        0..10_u32,
    );
    (cpu, mib, gpus, rest).prop_map(|(cpu, mib, (count, milli), (disks, priority, rules))| {
        let mut shape = shape(cpu, mib);
        if count > 0 {
            shape = asking_gpus(shape, count, milli, GpuModels::ANY);
        }
        Shape {
            priority,
            extended: (disks > 0).then_some((DISKS, disks)).into_iter().collect(),
            rules: RulesId(rules),
            ..shape
        }
    })
}

fn happening() -> impl Strategy<Value = Happening> {
    let index = any::<Index>;
    let plain = prop_oneof![
        24 => index().prop_map(Step::Job),
        4 => index().prop_map(Step::Replica),
        3 => Just(Step::Retry),
        3 => index().prop_map(Step::Delete),
        5 => index().prop_map(Step::End),
        1 => index().prop_map(Step::Cordon),
        1 => index().prop_map(Step::Ready),
        1 => index().prop_map(Step::Taint),
        1 => index().prop_map(Step::Node),
        1 => Just(Step::Forget),
    ];
    prop_oneof![
        20 => plain.prop_map(Happening::Plain),
        1 => (index(), any::<bool>()).prop_map(|(node, second)| Happening::Update(node, second)),
        1 => (index(), index()).prop_map(|(node, image)| Happening::Pull(node, image)),
        1 => (index(), index()).prop_map(|(pod, node)| Happening::Nominate(pod, node)),
    ]
}

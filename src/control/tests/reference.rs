//! The node lifecycle controller once more, as upstream wrote it: a look at every node at every pass,
//! a map of zone states, a token bucket for each zone. Whole seconds only.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::rig::{Rig, at};
use crate::control::fact::Fact;
use crate::ids::NodeId;

/// Nodes of each zone: one that can be partly disrupted, two small ones.
const ZONES: [u32; 3] = [6, 2, 1];
/// Seconds between lease renewals.
const HEARTBEAT: u64 = 10;
/// When a story ends.
const END: u64 = 1000;

#[derive(Clone, Copy, Debug)]
enum Event {
    /// The node renews its lease and dies.
    Dies,
    /// It runs again.
    Returns,
    /// It leaves the cluster.
    Leaves,
    /// It joins the cluster.
    Joins,
}

/// What happens, in order of time; each node does one thing in a second.
type Story = Vec<(u64, u32, Event)>;

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    present: bool,
    alive: bool,
    /// When it last lived.
    lived: u64,
    probed: u64,
    ready: bool,
    not_ready_since: u64,
    tainted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Initial,
    Normal,
    Partial,
    Full,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Seconds for a token; `None`: there never is one.
    every: Option<u64>,
    token_at: u64,
}

impl Bucket {
    const NEW: Bucket = Bucket {
        every: Some(10),
        token_at: 0,
    };

    fn try_accept(&mut self, now: u64) -> bool {
        let Some(every) = self.every.filter(|_| now >= self.token_at) else {
            return false;
        };
        self.token_at = now + every;
        true
    }

    fn swap(&mut self, now: u64, every: Option<u64>) {
        if self.every == every {
            return;
        }
        let mut new = Bucket { every, token_at: 0 };
        if every.is_some() && !self.try_accept(now) {
            new.try_accept(now);
        }
        *self = new;
    }
}

#[derive(Default)]
struct Reference {
    nodes: Vec<(u32, Node)>,
    states: BTreeMap<u32, State>,
    buckets: BTreeMap<u32, Bucket>,
    lines: BTreeSet<(u64, String)>,
}

impl Reference {
    fn run(story: &Story) -> BTreeSet<(u64, String)> {
        let mut reference = Reference::default();
        for (zone, &nodes) in (0..).zip(&ZONES) {
            reference.nodes.extend((0..nodes).map(|_| {
                let node = Node {
                    present: true,
                    alive: true,
                    ready: true,
                    ..Node::default()
                };
                (zone, node)
            }));
        }
        for now in 0..END {
            for &(_, node, event) in story.iter().filter(|&&(time, ..)| time == now) {
                reference.happen(now, node, event);
            }
            if now % 5 == 0 {
                reference.monitor(now);
            }
            reference.taint(now);
        }
        reference.lines
    }

    fn say(&mut self, now: u64, node: usize, what: &str) {
        self.lines.insert((now, format!("n{node} {what}")));
    }

    fn happen(&mut self, now: u64, node: u32, event: Event) {
        let state = &mut self.nodes[node as usize].1;
        match event {
            Event::Dies => (state.alive, state.lived) = (false, now),
            Event::Returns => state.alive = true,
            Event::Leaves => *state = Node::default(),
            Event::Joins => {
                (state.present, state.alive, state.ready) = (true, true, true);
                state.probed = now;
            }
        }
    }

    fn monitor(&mut self, now: u64) {
        for node in 0..self.nodes.len() {
            let (zone, state) = &mut self.nodes[node];
            if !state.present {
                continue;
            }
            if !self.states.contains_key(zone) {
                self.states.insert(*zone, State::Initial);
                self.buckets.insert(*zone, Bucket::NEW);
            }
            let renewed = state.alive || (state.lived + 5 > now && state.lived > 0);
            if renewed {
                state.probed = now;
                if !std::mem::replace(&mut state.ready, true) {
                    self.say(now, node, "ready");
                    self.untaint(now, node);
                }
            } else if state.ready && now >= state.probed + 50 {
                (state.ready, state.not_ready_since) = (false, now);
                self.say(now, node, "not ready");
            }
        }
        self.handle_disruption(now);
    }

    fn untaint(&mut self, now: u64, node: usize) {
        if std::mem::take(&mut self.nodes[node].1.tainted) {
            self.say(now, node, "untainted");
        }
    }

    fn handle_disruption(&mut self, now: u64) {
        let mut zones: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        for (zone, node) in self.nodes.iter().filter(|(_, node)| node.present) {
            let (size, ready) = zones.entry(*zone).or_default();
            *size += 1;
            *ready += usize::from(node.ready);
        }
        let state = |&(size, ready): &(usize, usize)| match size - ready {
            _ if ready == 0 => State::Full,
            lost if lost > 2 && lost as f32 / size as f32 >= 0.55 => State::Partial,
            _ => State::Normal,
        };
        let new: BTreeMap<u32, State> = zones.iter().map(|(&id, zone)| (id, state(zone))).collect();
        let all_are = new.values().all(|&state| state == State::Full);
        self.states.retain(|zone, _| new.contains_key(zone));
        let all_were = self.states.values().all(|&state| state == State::Full);
        if all_are && all_were {
            return;
        }
        if all_are {
            for node in 0..self.nodes.len() {
                self.untaint(now, node);
            }
        }
        for (zone, &state) in &new {
            let old = self.states.insert(*zone, state);
            if all_are || all_were || old != Some(state) {
                let every = match state {
                    State::Full if all_are => None,
                    State::Partial => None,
                    State::Full | State::Normal | State::Initial => Some(10),
                };
                let bucket = self.buckets.get_mut(zone);
                bucket.expect("every zone has one").swap(now, every);
            }
        }
    }

    fn taint(&mut self, now: u64) {
        let mut queue: Vec<(u64, usize)> = Vec::new();
        for (node, (_, state)) in self.nodes.iter().enumerate() {
            if state.present && !state.ready && !state.tainted {
                queue.push((state.not_ready_since, node));
            }
        }
        queue.sort_unstable();
        for (_, node) in queue {
            let zone = self.nodes[node].0;
            let bucket = self.buckets.get_mut(&zone);
            if bucket.expect("every zone has one").try_accept(now) {
                self.nodes[node].1.tainted = true;
                self.say(now, node, "tainted");
            }
        }
    }
}

/// The same story as the real control plane tells it.
fn told(story: &Story) -> BTreeSet<(u64, String)> {
    let mut facts: Vec<(u64, Fact)> = Vec::new();
    for (index, &(time, node, event)) in story.iter().enumerate() {
        let id = NodeId(node);
        match event {
            Event::Dies => {
                let due = time + HEARTBEAT;
                let later = &story[index + 1..];
                let noticed = !later
                    .iter()
                    .any(|&(at, other, _)| other == node && at <= due);
                let last = at(time as f64);
                let missed = Fact::HeartbeatMissed { node: id, last };
                facts.extend(noticed.then_some((due, missed)));
            }
            Event::Returns => facts.push((time, Fact::HeartbeatSeen(id))),
            Event::Leaves => facts.push((time, Fact::NodeRemoved(id))),
            Event::Joins => facts.push((time, Fact::NodeAdded(id))),
        }
    }
    facts.sort_by_key(|&(time, _)| time);
    let mut rig = Rig::new("kubernetes", &ZONES);
    for together in facts.chunk_by(|(a, _), (b, _)| a == b) {
        let now = together[0].0 as f64;
        rig.tell(at(now), together.iter().map(|&(_, fact)| fact));
    }
    let lines = rig.log_of((END - 1) as f64, &[" n"]);
    let lines = lines.iter().map(|line| {
        let (time, what) = line.split_once(' ').expect("a time and what happened");
        (time.parse().expect("whole seconds"), what.to_owned())
    });
    lines.collect()
}

/// Events that make sense one after another.
fn stories() -> impl Strategy<Value = Story> {
    let total: u32 = ZONES.iter().sum();
    let step = (0_u64..40, 0..total, prop::bool::weighted(0.2));
    prop::collection::vec(step, 0..40).prop_map(move |steps| {
        let mut nodes = vec![(true, true, 0); total as usize];
        let mut now = 1;
        let mut story = Vec::new();
        for (wait, node, moves) in steps {
            now += wait;
            let (present, alive, last) = &mut nodes[node as usize];
            if *last == now || now >= END {
                continue;
            }
            let event = match (*present, *alive, moves) {
                (false, _, _) => Event::Joins,
                (true, false, false) => Event::Returns,
                (true, true, false) => Event::Dies,
                (true, _, true) => Event::Leaves,
            };
            *present = !matches!(event, Event::Leaves);
            *alive = matches!(event, Event::Returns | Event::Joins);
            *last = now;
            story.push((now, node, event));
        }
        story
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_healer_does_what_upstreams_passes_do(story in stories()) {
        let (real, reference) = (told(&story), Reference::run(&story));
        let missing: Vec<_> = reference.difference(&real).collect();
        let surplus: Vec<_> = real.difference(&reference).collect();
        prop_assert!(missing.is_empty() && surplus.is_empty(), "{missing:?} {surplus:?}");
    }
}

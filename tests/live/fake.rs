//! An engine that does everything wrong: a small HTTP server on a socket, in the place of dockerd.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};
use std::thread;

use plimsoll::control::fact::Fact;
use plimsoll::ids::NodeId;
use plimsoll::live::config::Endpoint;
use plimsoll::live::world::Place;
use plimsoll::script::{NodeEvent, NodeEventKind};
use plimsoll::time::Time;

use crate::Test;
use crate::rig::{CLUSTER, Rig, Story, rest, scenario, service};

pub(crate) const TESTS: &[Test] = &[
    (
        "an_engine_that_does_everything_right_is_believed",
        an_engine_that_does_everything_right_is_believed,
    ),
    (
        "a_death_missed_in_a_broken_stream_is_found_in_the_list",
        a_death_missed_in_a_broken_stream_is_found_in_the_list,
    ),
    (
        "events_that_come_twice_and_late_are_heard_once",
        events_that_come_twice_and_late_are_heard_once,
    ),
    (
        "a_death_of_an_earlier_runs_container_is_none_of_this_ones",
        a_death_of_an_earlier_runs_container_is_none_of_this_ones,
    ),
    (
        "what_an_earlier_run_made_otherwise_makes_way_and_counts_for_nothing",
        what_an_earlier_run_made_otherwise_makes_way_and_counts_for_nothing,
    ),
    (
        "an_answer_that_is_lost_makes_no_second_container",
        an_answer_that_is_lost_makes_no_second_container,
    ),
    (
        "a_refused_container_is_a_failed_command",
        a_refused_container_is_a_failed_command,
    ),
    (
        "a_container_that_is_gone_before_it_starts_is_a_failed_command",
        a_container_that_is_gone_before_it_starts_is_a_failed_command,
    ),
    (
        "a_foreign_container_is_not_stopped_for_its_name",
        a_foreign_container_is_not_stopped_for_its_name,
    ),
    (
        "lists_that_are_garbage_say_nothing",
        lists_that_are_garbage_say_nothing,
    ),
];

/// The id of somebody's container.
const FOREIGN: &str = "foreign";

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// The stream of events ends as soon as it begins, and the first container dies unheard.
    Streams,
    /// Every death is told three times, and again whenever another container starts.
    Events,
    /// While the first container is created an earlier one of its name is told to have died.
    Ghost,
    /// Before the first container is created one of the cluster has its name that is made otherwise, and runs.
    Earlier,
    /// The first creation is done, and not answered.
    Answer,
    /// The first creation is refused.
    Create,
    /// The first container is gone when it is to start.
    Start,
    /// Before the first container is created somebody's has its name, and the answer takes 3 s.
    Foreigner,
    /// The first stream of events ends when it is cut, and the list that is asked for then is no JSON.
    Lists,
}

#[derive(Debug, Default)]
struct Container {
    id: String,
    labels: serde_json::Value,
    runs: bool,
}

#[derive(Debug)]
struct State {
    wrong: Wrong,
    containers: BTreeMap<String, Container>,
    created: u32,
    /// Containers that were stopped, by id.
    stopped: Vec<String>,
    /// Whether the first stream of events is over, and whether garbage was listed since.
    cut: bool,
    garbled: bool,
    /// Lines that every stream of events is to be told.
    told: Vec<String>,
}

fn an_engine_that_does_everything_right_is_believed() {
    let story = play("right", Wrong::Nothing, |state| kill(state, 1));
    let (started, exited) = counts(&story);
    assert_eq!((started, exited), (2, 1), "{}", story.told());
}

fn a_death_missed_in_a_broken_stream_is_found_in_the_list() {
    let story = play("streams", Wrong::Streams, |state| kill(state, 1));
    let (started, exited) = counts(&story);
    assert_eq!((started, exited), (2, 1), "{}", story.told());
}

fn events_that_come_twice_and_late_are_heard_once() {
    let story = play("events", Wrong::Events, |state| kill(state, 1));
    let (started, exited) = counts(&story);
    assert_eq!((started, exited), (2, 1), "{}", story.told());
}

fn a_death_of_an_earlier_runs_container_is_none_of_this_ones() {
    // Events are told from a little while ago on, and the one that died had the name of the one that starts.
    let story = play("earlier", Wrong::Ghost, |state| {
        let state = state.lock().expect("the state");
        assert_eq!((state.created, state.told.len()), (1, 2), "{state:?}");
    });
    let (started, exited) = counts(&story);
    assert_eq!((started, exited), (1, 0), "{}", story.told());
}

fn what_an_earlier_run_made_otherwise_makes_way_and_counts_for_nothing() {
    let story = play("otherwise", Wrong::Earlier, |state| {
        let state = state.lock().expect("the state");
        let ids: Vec<&str> = state.containers.values().map(|one| &*one.id).collect();
        assert_eq!((state.created, &ids[..]), (1, &["id1"][..]), "{state:?}");
    });
    let failed = story.when(|fact| matches!(fact, Fact::CommandFailed { .. }));
    assert_eq!(failed.len(), 0, "{}", story.told());
    let (started, exited) = counts(&story);
    assert_eq!((started, exited), (1, 0), "{}", story.told());
    assert_eq!(story.played.notes, [""; 0]);
}

fn an_answer_that_is_lost_makes_no_second_container() {
    let story = play("answer", Wrong::Answer, |state| {
        let state = state.lock().expect("the state");
        assert_eq!((state.created, state.containers.len()), (1, 1));
    });
    let (started, exited) = counts(&story);
    assert_eq!((started, exited), (1, 0), "{}", story.told());
}

fn a_refused_container_is_a_failed_command() {
    let story = play("create", Wrong::Create, |_| {});
    let failed = story.when(|fact| matches!(fact, Fact::CommandFailed { .. }));
    assert_eq!(failed.len(), 1, "{}", story.told());
    let note = "node-0 did not start web-0: no, not today (500)";
    assert_eq!(story.played.notes, [note]);
    let (started, exited) = counts(&story);
    assert_eq!((started, exited), (1, 0), "{}", story.told());
}

fn a_container_that_is_gone_before_it_starts_is_a_failed_command() {
    let story = play("start", Wrong::Start, |_| {});
    let failed = story.when(|fact| matches!(fact, Fact::CommandFailed { .. }));
    assert_eq!(failed.len(), 1, "{}", story.told());
    let (started, exited) = counts(&story);
    assert_eq!((started, exited), (1, 0), "{}", story.told());
}

fn a_foreign_container_is_not_stopped_for_its_name() {
    // Asked to stop while it is created, under a name that is taken.
    let story = drained(
        "taken",
        Wrong::Foreigner,
        |_| {},
        |state| {
            assert_eq!(state.stopped, [""; 0]);
            assert!(state.containers.values().any(|one| one.id == FOREIGN));
        },
    );
    let (started, exited) = counts(&story);
    assert_eq!((started, exited), (1, 1), "{}", story.told());
    // Asked to stop when its name has gone to another.
    let swap = |state: &mut State| {
        let one = state.containers.values_mut().next();
        *one.expect("it was created") = foreigner();
    };
    drained("swapped", Wrong::Nothing, swap, |state| {
        assert_eq!(state.stopped, [""; 0]);
        assert!(state.containers.values().any(|one| one.id == FOREIGN));
    });
}

/// Drains the node of the one replica after 2 s, once something has happened to its engine, and looks at
/// that in the end.
fn drained(
    name: &str,
    wrong: Wrong,
    before: impl FnOnce(&mut State) + Send,
    after: impl FnOnce(&State),
) -> Story {
    let mut scenario = scenario(6, &service("web", 1, ""));
    scenario.outline.node_events = [NodeEvent {
        at: Time::from_secs(2),
        node: NodeId(0),
        event: NodeEventKind::Drain,
    }]
    .into();
    let rig = Rig::cold(&format!("fake-{name}"), &[]);
    let state = state(wrong);
    let story = rig.play(&scenario, places(&rig, &state), || {
        rest(1.5);
        before(&mut state.lock().expect("the state"));
    });
    after(&state.lock().expect("the state"));
    story
}

fn lists_that_are_garbage_say_nothing() {
    let story = play("lists", Wrong::Lists, |state| {
        state.lock().expect("the state").cut = true;
        rest(1.5);
        assert!(state.lock().expect("the state").garbled);
        kill(state, 1);
    });
    let (started, exited) = counts(&story);
    assert_eq!((started, exited), (2, 1), "{}", story.told());
}

fn counts(story: &Story) -> (usize, usize) {
    let started = story.when(|fact| matches!(fact, Fact::ContainerStarted { .. }));
    let exited = story.when(|fact| matches!(fact, Fact::ContainerExited { .. }));
    (started.len(), exited.len())
}

/// Runs one replica on a fake engine for 6 s; something happens after 2 s.
fn play(name: &str, wrong: Wrong, then: impl FnOnce(&Mutex<State>) + Send) -> Story {
    let rig = Rig::cold(&format!("fake-{name}"), &[]);
    let state = &state(wrong);
    rig.run_on(places(&rig, state), 6, &service("web", 1, ""), || {
        rest(2.0);
        then(state);
    })
}

fn state(wrong: Wrong) -> Arc<Mutex<State>> {
    Arc::new(Mutex::new(State {
        wrong,
        containers: BTreeMap::new(),
        created: 0,
        stopped: Vec::new(),
        cut: false,
        garbled: false,
        told: Vec::new(),
    }))
}

/// Two engines, of which the first is in this state: the one replica goes there. Nothing is wrong with the
/// other.
fn places(rig: &Rig, first: &Arc<Mutex<State>>) -> Vec<Place> {
    let other = state(Wrong::Nothing);
    let places = [("a", first), ("b", &other)].map(|(node, state)| {
        let socket = rig.dir.join(format!("{node}.sock"));
        let listener = UnixListener::bind(&socket).expect("a socket");
        let state = Arc::clone(state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                thread::spawn(move || drop(converse(&stream, &state)));
            }
        });
        Place::Given(Endpoint::Unix(socket))
    });
    places.into()
}

/// Somebody's container.
fn foreigner() -> Container {
    Container {
        id: FOREIGN.to_owned(),
        labels: serde_json::json!({}),
        runs: true,
    }
}

/// The n-th container that was created dies.
fn kill(state: &Mutex<State>, n: u32) {
    let mut state = state.lock().expect("the state");
    let id = format!("id{n}");
    let (name, container) = state
        .containers
        .iter_mut()
        .find(|(_, container)| container.id == id)
        .expect("it was created");
    container.runs = false;
    let event = death(name, &id);
    let times = match state.wrong {
        Wrong::Streams => 0,
        Wrong::Events => 3,
        _ => 1,
    };
    let line = format!("{event}\n");
    state.told.extend(std::iter::repeat_n(line, times));
}

/// The event that a container has died.
fn death(name: &str, id: &str) -> String {
    let event = serde_json::json!({
        "Type": "container", "Action": "die", "time": 1,
        "Actor": { "ID": id, "Attributes": { "name": name, "exitCode": "1" } },
    });
    event.to_string()
}

/// Answers one request: the client opens a connection for each.
fn converse(stream: &UnixStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line)? > 2 {
        let lower = line.to_ascii_lowercase();
        if let Some(number) = lower.strip_prefix("content-length:") {
            length = number.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let target = first.split(' ').nth(1).unwrap_or("").to_owned();
    // Less the version: /v1.41/containers/json.
    let path = target
        .strip_prefix("/v")
        .and_then(|rest| rest.split_once('/'));
    let path = path
        .map_or(target.trim_start_matches('/'), |(_, path)| path)
        .to_owned();
    let takes_long = path.starts_with("containers/create")
        && state.lock().expect("the state").wrong == Wrong::Foreigner;
    if takes_long {
        rest(3.0);
    }
    if path.starts_with("events") {
        return events(stream, state);
    }
    let method = first.split(' ').next().unwrap_or("");
    let Some((status, text)) = answer(method, &path, &body, state) else {
        return Ok(());
    };
    let mut out = stream;
    write!(
        out,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    )
}

/// Tells events as they come, until nobody listens.
fn events(mut stream: &UnixStream, state: &Mutex<State>) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    )?;
    let mut told = 0;
    let was_cut = state.lock().expect("the state").cut;
    for _ in 0..200 {
        let State { wrong, cut, .. } = *state.lock().expect("the state");
        if wrong == Wrong::Streams || cut != was_cut {
            return Ok(());
        }
        let news = state.lock().expect("the state").told[told..].to_vec();
        told += news.len();
        for line in news {
            write!(stream, "{:x}\r\n{line}\r\n", line.len())?;
        }
        rest(0.05);
    }
    Ok(())
}

/// `None`: the connection is closed without an answer.
fn answer(method: &str, path: &str, body: &[u8], state: &Mutex<State>) -> Option<(u16, String)> {
    let mut state = state.lock().expect("the state");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path.split('/').collect();
    let found = |what: &str| {
        (
            404,
            serde_json::json!({ "message": format!("no {what}") }).to_string(),
        )
    };
    Some(match (method, &parts[..]) {
        ("GET", ["_ping"]) => (200, "OK".to_owned()),
        ("GET", ["version"]) => (
            200,
            r#"{"Version":"20.10.0","ApiVersion":"1.41"}"#.to_owned(),
        ),
        ("GET", ["info"]) => (200, "{}".to_owned()),
        ("GET", ["images", name, "json"]) => {
            (200, format!(r#"{{"Id":"{}"}}"#, crate::rig::image_id(name)))
        }
        ("GET", ["networks", _]) => found("such network"),
        ("POST", ["networks", "create"]) => (201, r#"{"Id":"n","Warning":""}"#.to_owned()),
        ("GET", ["networks"]) => (200, "[]".to_owned()),
        ("GET", ["containers", "json"]) => {
            let garbles = state.cut && !state.garbled;
            state.garbled |= garbles;
            match garbles {
                true => (200, "[{\"Id\": oops".to_owned()),
                false => (200, list(&state)),
            }
        }
        ("POST", ["containers", "create"]) => return create(query, body, &mut state),
        (_, ["containers", name, rest @ ..]) => {
            let named =
                |(known, one): &(&String, &mut Container)| known == name || one.id == **name;
            let State {
                wrong,
                containers,
                stopped,
                ..
            } = &mut *state;
            let Some((known, one)) = containers.iter_mut().find(named) else {
                return Some(found("such container"));
            };
            if *wrong == Wrong::Start && one.id == "id1" && rest == ["start"] {
                let known = known.clone();
                containers.remove(&known);
                return Some(found("such container"));
            }
            match (method, rest) {
                ("POST", ["start"]) => {
                    one.runs = true;
                    (204, String::new())
                }
                ("POST", ["stop"]) => {
                    stopped.push(one.id.clone());
                    one.runs = false;
                    (204, String::new())
                }
                ("GET", ["json"]) => (200, inspect(known, one)),
                ("DELETE", []) => {
                    let known = known.clone();
                    containers.remove(&known);
                    (204, String::new())
                }
                _ => (204, String::new()),
            }
        }
        _ => found("such page"),
    })
}

fn create(query: &str, body: &[u8], state: &mut State) -> Option<(u16, String)> {
    let name = query.split('&').find_map(|pair| pair.strip_prefix("name="));
    let name = name.unwrap_or("").to_owned();
    if state.wrong == Wrong::Create && name.ends_with("-1") {
        return Some((500, r#"{"message":"no, not today"}"#.to_owned()));
    }
    if state.wrong == Wrong::Foreigner && name.ends_with("-1") {
        let one = state.containers.entry(name.clone());
        one.or_insert_with(foreigner);
    }
    if state.wrong == Wrong::Earlier && state.created == 0 {
        state.wrong = Wrong::Nothing;
        let mut labels = serde_json::json!({ "plimsoll.spec-hash": "another" });
        labels["plimsoll.cluster"] = CLUSTER.into();
        let earlier = Container {
            id: "before".to_owned(),
            labels,
            runs: true,
        };
        state.containers.insert(name.clone(), earlier);
    }
    if state.containers.contains_key(&name) {
        return Some((409, r#"{"message":"that name is in use"}"#.to_owned()));
    }
    if state.wrong == Wrong::Events {
        // What was told of the container before comes once more.
        let late = state.told.first().cloned();
        state.told.extend(late);
    }
    if state.wrong == Wrong::Ghost {
        let died = death(&name, "before");
        let oom = died.replace("\"die\"", "\"oom\"");
        state.told.extend([format!("{oom}\n"), format!("{died}\n")]);
    }
    state.created += 1;
    let body: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    let id = format!("id{}", state.created);
    let container = Container {
        id: id.clone(),
        labels: body["Labels"].clone(),
        runs: false,
    };
    state.containers.insert(name, container);
    match state.wrong == Wrong::Answer {
        true => None,
        false => Some((201, format!(r#"{{"Id":"{id}","Warnings":[]}}"#))),
    }
}

fn list(state: &State) -> String {
    let all = state.containers.iter().map(|(name, one)| {
        let state = if one.runs { "running" } else { "exited" };
        serde_json::json!({
            "Id": one.id, "Names": [format!("/{name}")], "Labels": one.labels, "State": state,
        })
    });
    serde_json::Value::Array(all.collect()).to_string()
}

fn inspect(name: &str, one: &Container) -> String {
    let network = format!("plimsoll-{CLUSTER}");
    serde_json::json!({
        "Id": one.id,
        "Name": format!("/{name}"),
        "State": { "Running": one.runs, "ExitCode": if one.runs { 0 } else { 1 }, "OOMKilled": false },
        "Config": { "Labels": one.labels },
        "NetworkSettings": { "Networks": { network: { "IPAddress": "127.0.0.1" } } },
    })
    .to_string()
}

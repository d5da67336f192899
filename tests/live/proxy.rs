//! Real engines behind a line on which answers are lost.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use plimsoll::cluster::pod::Exit;
use plimsoll::control::fact::Fact;
use plimsoll::live::config::Endpoint;
use plimsoll::live::engine::PATIENCE;
use plimsoll::live::world::Place;

use crate::Test;
use crate::rig::{Rig, Story, docker, rest, running, until};

pub(crate) const TESTS: &[Test] = &[
    (
        "answers_that_are_lost_on_the_way_make_no_second_container",
        answers_that_are_lost_on_the_way_make_no_second_container,
    ),
    (
        "a_creation_that_times_out_and_succeeds_makes_no_second_container",
        a_creation_that_times_out_and_succeeds_makes_no_second_container,
    ),
];

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    /// The connection ends in its place.
    Cut,
    /// The connection stays, and nothing comes.
    Silence,
}

/// Jobs, which nobody has to reach: a node has room for one.
const JOBS: &str = r#"
[[jobs]]
name = "batch"
every = { constant = "200ms" }
count = 2
sizes = [{ cpu = "1500m", memory = "16Mi" }]
duration = { constant = "4s" }
"#;

fn answers_that_are_lost_on_the_way_make_no_second_container() {
    // One does not hear that its container was created, the other that it was started.
    let story = lose("proxy", Loss::Cut, ["/containers/create", "/start"], 10);
    let started = story.when(|fact| matches!(fact, Fact::ContainerStarted { .. }));
    assert!(started.iter().all(|&at| at < 8.0), "{}", story.told());
}

fn a_creation_that_times_out_and_succeeds_makes_no_second_container() {
    let create = "/containers/create";
    let story = lose("silence", Loss::Silence, [create, create], 45);
    // Nobody answers, so the engine is asked again when its patience is at its end.
    let started = story.when(|fact| matches!(fact, Fact::ContainerStarted { .. }));
    let patience = PATIENCE.as_secs_f64();
    assert!(started.iter().all(|&at| at > patience), "{}", story.told());
}

/// Runs one job on each of two engines, whose first answers to these requests are lost, and holds that there
/// is one container of each all the time, which is started once and completed.
fn lose(name: &str, loss: Loss, what: [&'static str; 2], seconds: u32) -> Story {
    let rig = Rig::new(name, &["node-0", "node-1"]);
    let asked = what.map(|_| Arc::new(AtomicUsize::new(0)));
    let places = [0, 1].map(|node| {
        let Endpoint::Unix(engine) = rig.machine(node).endpoint() else {
            panic!("private engines listen on sockets");
        };
        let socket = rig.dir.join(format!("{node}.sock"));
        let line = Line {
            engine,
            loss,
            what: what[node],
            asked: Arc::clone(&asked[node]),
        };
        stand_between(&socket, &line);
        Place::Given(Endpoint::Unix(socket))
    });
    let machines = rig.sandbox.machines();
    let all = || machines.iter().map(|one| docker(one, "ps --all --quiet"));
    let story = rig.run_on(places.into(), seconds, JOBS, || {
        let is_there = || all().all(|ids| ids.lines().count() == 1);
        until("the containers", is_there);
        let before: Vec<String> = all().collect();
        let runs = |machine| running(machine, "job").len() == 1;
        until("their start", || machines.iter().all(runs));
        // Longer than it takes until something is asked again.
        rest(1.5);
        assert_eq!(all().collect::<Vec<_>>(), before, "the same, and no other");
    });
    let told = story.told();
    let asked = asked.map(|asked| asked.load(Ordering::Relaxed));
    assert_eq!(asked, [2, 2], "what was not heard is asked again\n{told}");
    let started = story.when(|fact| matches!(fact, Fact::ContainerStarted { .. }));
    let failed = story.when(|fact| matches!(fact, Fact::CommandFailed { .. }));
    let ended = |fact: &Fact| match fact {
        Fact::ContainerExited { exit, .. } => Some(*exit),
        _ => None,
    };
    let done = story.when(|fact| ended(fact) == Some(Exit::Completed));
    let exits = story.when(|fact| ended(fact).is_some());
    assert_eq!((started.len(), failed.len()), (2, 0), "{told}");
    assert_eq!((done.len(), exits.len()), (2, 2), "{told}");
    assert_eq!(all().collect::<Vec<_>>(), ["", ""], "nothing is left");
    story
}

/// A line to an engine, on which the answer to the first request is lost that changes something and has this
/// in its target.
#[derive(Clone, Debug)]
struct Line {
    engine: PathBuf,
    loss: Loss,
    what: &'static str,
    /// How many such requests were made.
    asked: Arc<AtomicUsize>,
}

/// Listens on a socket in the place of an engine.
fn stand_between(socket: &Path, line: &Line) {
    let listener = UnixListener::bind(socket).expect("a socket");
    let line = line.clone();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let line = line.clone();
            thread::spawn(move || drop(pass_on(&client, &line)));
        }
    });
}

/// One connection, on which the client asks once.
fn pass_on(client: &UnixStream, line: &Line) -> io::Result<()> {
    let engine = &UnixStream::connect(&line.engine)?;
    let (mut from_client, mut to_client) = (client, client);
    let (mut from_engine, mut to_engine) = (engine, engine);
    let mut begun = [0; 4096];
    let length = from_client.read(&mut begun)?;
    to_engine.write_all(&begun[..length])?;
    let begun = String::from_utf8_lossy(&begun[..length]);
    let request = begun.lines().next().unwrap_or_default();
    let is_it = request.starts_with("POST ") && request.contains(line.what);
    let is_lost = is_it && line.asked.fetch_add(1, Ordering::Relaxed) == 0;
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            // Whoever has gone wants no answer.
            drop(io::copy(&mut from_client, &mut to_engine));
            engine.shutdown(Shutdown::Both)
        });
        match is_lost {
            // Once it answers, it is done.
            true => drop(from_engine.read(&mut [0])),
            false => drop(io::copy(&mut from_engine, &mut to_client)),
        }
        // In silence it is the client who ends it.
        if is_lost && line.loss == Loss::Silence {
            drop(asking.join());
        }
        client.shutdown(Shutdown::Both)
    })
}

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
use plimsoll::live::world::Place;

use crate::Test;
use crate::rig::{Rig, docker, rest, running, until};

pub(crate) const TESTS: &[Test] = &[(
    "answers_that_are_lost_on_the_way_make_no_second_container",
    answers_that_are_lost_on_the_way_make_no_second_container,
)];

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
    let rig = Rig::new("proxy", &["node-0", "node-1"]);
    // One does not hear that its container was created, the other that it was started.
    let losing = [(0, "/containers/create"), (1, "/start")];
    let asked = losing.map(|_| Arc::new(AtomicUsize::new(0)));
    let places = losing.map(|(node, what)| {
        let Endpoint::Unix(engine) = rig.machine(node).endpoint() else {
            panic!("private engines listen on sockets");
        };
        let socket = rig.dir.join(format!("{node}.sock"));
        stand_between(&socket, engine, what, &asked[node]);
        Place::Given(Endpoint::Unix(socket))
    });
    let machines = rig.sandbox.machines();
    let all = || machines.iter().map(|one| docker(one, "ps --all --quiet"));
    let story = rig.run_on(places.into(), 10, JOBS, || {
        let runs = |machine| running(machine, "job").len() == 1;
        until("the containers", || machines.iter().all(runs));
        // Longer than it takes until something is asked again.
        rest(1.5);
        let counts: Vec<usize> = all().map(|ids| ids.lines().count()).collect();
        assert_eq!(counts, [1, 1]);
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
}

/// Listens on a socket in the place of an engine, and loses the answer to the first request that changes
/// something and has this in its target. `asked` counts those requests.
fn stand_between(socket: &Path, engine: PathBuf, what: &'static str, asked: &Arc<AtomicUsize>) {
    let listener = UnixListener::bind(socket).expect("a socket");
    let asked = Arc::clone(asked);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (engine, asked) = (engine.clone(), Arc::clone(&asked));
            thread::spawn(move || drop(pass_on(&client, &engine, what, &asked)));
        }
    });
}

/// One connection, on which the client asks once.
fn pass_on(client: &UnixStream, engine: &Path, what: &str, asked: &AtomicUsize) -> io::Result<()> {
    let engine = &UnixStream::connect(engine)?;
    let (mut from_client, mut to_client) = (client, client);
    let (mut from_engine, mut to_engine) = (engine, engine);
    let mut begun = [0; 4096];
    let length = from_client.read(&mut begun)?;
    to_engine.write_all(&begun[..length])?;
    let begun = String::from_utf8_lossy(&begun[..length]);
    let line = begun.lines().next().unwrap_or_default();
    let is_it = line.starts_with("POST ") && line.contains(what);
    let is_lost = is_it && asked.fetch_add(1, Ordering::Relaxed) == 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            // Whoever has gone wants no answer.
            drop(io::copy(&mut from_client, &mut to_engine));
            engine.shutdown(Shutdown::Both)
        });
        match is_lost {
            // Once it answers, it is done.
            true => drop(from_engine.read(&mut [0])),
            false => drop(io::copy(&mut from_engine, &mut to_client)),
        }
        client.shutdown(Shutdown::Both)
    })
}

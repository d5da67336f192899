//! What takes an engine a while: each a function that waits for it.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bollard::models::ContainerInspectResponse;
use futures_util::StreamExt;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use super::Inner;
use crate::live::clock::{date, now};
use crate::live::container::Spec;
use crate::live::engine::Engine;
use crate::live::image::PORT;
use crate::live::labels;
use crate::live::ledger::End;
use crate::live::trouble::{Kind, Trouble};

/// How often a container is asked for before it is given up.
const ATTEMPTS: u32 = 3;
/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(500);
/// Looks for what is left of a cluster, until it is given up.
const LOOKS: u32 = 60;
/// Events are asked for from so many seconds before now on: none is missed while the stream begins,
/// and those heard twice are told once.
const OVERLAP: u64 = 2;

/// What became of a container that was started.
#[derive(Clone, Debug)]
pub(in crate::live) enum Fate {
    /// It runs.
    Up(Up),
    /// It was over before it was looked at.
    Ended(End),
}

/// A container that runs.
#[derive(Clone, Debug)]
pub(in crate::live) struct Up {
    pub(in crate::live) id: String,
    pub(in crate::live) address: SocketAddr,
    /// When it was there and was not started yet.
    pub(in crate::live) created: Instant,
}

/// Creates and starts a container. One that is there already under its name, because an answer was
/// not heard, is taken if it is made as this one is to be.
pub(in crate::live) async fn start(
    engine: &Engine,
    cluster: &str,
    spec: &Spec,
) -> Result<Fate, Trouble> {
    let mut attempt = 1;
    loop {
        match try_start(engine, cluster, spec).await {
            Err(trouble) if trouble.was_unheard() && attempt < ATTEMPTS => {
                attempt += 1;
                sleep(PAUSE).await;
            }
            other => return other,
        }
    }
}

async fn try_start(engine: &Engine, cluster: &str, spec: &Spec) -> Result<Fate, Trouble> {
    let id = create(engine, cluster, spec).await?;
    let created = now();
    engine.start(&id).await?;
    let found = engine.inspect(&id).await?;
    if let Some(end) = ended(&found) {
        return Ok(Fate::Ended(end));
    }
    let address = match spec.published {
        true => published(&found),
        false => address(&found, cluster),
    };
    let address = address
        .ok_or_else(|| Trouble::refused(format!("start {}", spec.name), "it has no address"))?;
    Ok(Fate::Up(Up {
        id,
        address,
        created,
    }))
}

/// Creates a container, or finds the one that is there under its name and made as it is to be. One of the
/// cluster that is made otherwise, as an earlier run with other settings left it, makes way.
async fn create(engine: &Engine, cluster: &str, spec: &Spec) -> Result<String, Trouble> {
    let create = || engine.create(&spec.name, spec.body.clone());
    let conflict = match create().await {
        Err(trouble) if trouble.kind == Kind::Conflict => trouble,
        done => return done,
    };
    let found = engine.inspect(&spec.name).await?;
    if label(&found, labels::CLUSTER) != Some(cluster) {
        let said = "another container is called so";
        return Err(Trouble::refused(conflict.what, said));
    }
    let is_the_same = label(&found, labels::SPEC_HASH) == Some(&spec.hash);
    let id = found.id.unwrap_or_default();
    if is_the_same {
        return Ok(id);
    }
    remove_ours(engine, cluster, &id).await?;
    create().await
}

/// How a container's process ended, if it has.
fn ended(found: &ContainerInspectResponse) -> Option<End> {
    let state = found.state.as_ref()?;
    (state.running == Some(false)).then(|| End {
        code: state.exit_code.unwrap_or(-1),
        out_of_memory: state.oom_killed.unwrap_or(false),
    })
}

/// Where a container is reached.
fn address(found: &ContainerInspectResponse, cluster: &str) -> Option<SocketAddr> {
    let networks = found.network_settings.as_ref()?.networks.as_ref()?;
    let address = networks
        .get(&labels::network(cluster))?
        .ip_address
        .as_ref()?;
    let address: IpAddr = address.parse().ok()?;
    Some(SocketAddr::new(address, PORT))
}

/// Where a container is reached, if it is: at a port of 127.0.0.1 where it has one.
pub(super) async fn address_of(engine: &Engine, cluster: &str, id: &str) -> Option<SocketAddr> {
    let found = engine.inspect(id).await.ok()?;
    published(&found).or_else(|| address(&found, cluster))
}

/// The port of 127.0.0.1 on which a container listens.
fn published(found: &ContainerInspectResponse) -> Option<SocketAddr> {
    let ports = found.network_settings.as_ref()?.ports.as_ref()?;
    let bindings = ports.get(&format!("{PORT}/tcp"))?.as_ref()?;
    let port = bindings.iter().find_map(|one| one.host_port.as_ref());
    Some(SocketAddr::from(([127, 0, 0, 1], port?.parse().ok()?)))
}

fn label<'a>(found: &'a ContainerInspectResponse, key: &str) -> Option<&'a str> {
    let labels = found.config.as_ref()?.labels.as_ref()?;
    labels.get(key).map(String::as_str)
}

/// Removes a container, if it is the cluster's.
pub(in crate::live) async fn remove_ours(
    engine: &Engine,
    cluster: &str,
    id: &str,
) -> Result<(), Trouble> {
    match find_ours(engine, cluster, "remove", id).await? {
        Some(id) => engine.remove(&id).await,
        None => Ok(()),
    }
}

/// Stops a container, if it is the cluster's.
pub(super) async fn stop_ours(engine: &Engine, cluster: &str, id: &str) -> Result<(), Trouble> {
    match find_ours(engine, cluster, "stop", id).await? {
        Some(id) => engine.stop(&id).await,
        None => Ok(()),
    }
}

/// The id of a container to which this is to be done, by id or name; `None` when there is none, and
/// refused when it is not the cluster's.
async fn find_ours(
    engine: &Engine,
    cluster: &str,
    what: &str,
    id: &str,
) -> Result<Option<String>, Trouble> {
    let found = match engine.inspect(id).await {
        Err(trouble) if trouble.kind == Kind::NotFound => return Ok(None),
        other => other?,
    };
    match label(&found, labels::CLUSTER) == Some(cluster) {
        true => Ok(found.id),
        false => Err(Trouble::refused(
            format!("{what} {id}"),
            "it is not the cluster's",
        )),
    }
}

/// Removes every container and network of the cluster. What was being created when it was given up may be
/// there later than the first list.
pub(in crate::live) async fn clear(engine: &Engine, cluster: &str) -> Result<(), Trouble> {
    let mut empty = 0;
    for _ in 0..LOOKS {
        let list = engine.list(cluster).await?;
        empty = if list.is_empty() { empty + 1 } else { 0 };
        if empty == 2 {
            return engine.remove_networks(cluster).await;
        }
        let removed = list.iter().map(|one| remove_ours(engine, cluster, &one.id));
        let removed = futures_util::future::join_all(removed).await;
        removed.into_iter().collect::<Result<(), _>>()?;
        sleep(PAUSE).await;
    }
    let what = format!("clear cluster {cluster}");
    Err(Trouble::refused(what, "its containers do not go"))
}

/// How a container's process ended; `code` is what it ended with if the engine does not know it any
/// more.
pub(in crate::live) async fn end_of(engine: &Engine, id: &str, code: i64) -> End {
    let state = engine.inspect(id).await.ok().and_then(|found| found.state);
    match state {
        Some(state) => End {
            code: state.exit_code.unwrap_or(code),
            out_of_memory: state.oom_killed.unwrap_or(false),
        },
        None => End {
            code,
            out_of_memory: false,
        },
    }
}

/// Follows the engine's events for ever, and says whenever some may have been missed.
pub(super) async fn follow(engine: Engine, cluster: String, tell: UnboundedSender<Inner>) {
    loop {
        let mut events = Box::pin(engine.events(&cluster, date().saturating_sub(OVERLAP)));
        if tell.send(Inner::Adrift).is_err() {
            return;
        }
        // An event that is not understood ends the stream as a broken one does.
        while let Some(Ok(event)) = events.next().await {
            if tell.send(Inner::Event(event)).is_err() {
                return;
            }
        }
        drop(events);
        sleep(PAUSE).await;
    }
}

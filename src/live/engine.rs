//! One Docker engine, as far as plimsoll uses it.

pub mod network;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{
    ContainerInspectResponse, ContainerStatsResponse, ContainerSummary, EventMessage,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, EventsOptionsBuilder, ImportImageOptionsBuilder,
    InspectContainerOptions, KillContainerOptionsBuilder, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveImageOptions, StartContainerOptions, StatsOptionsBuilder,
    StopContainerOptionsBuilder,
};
use bollard::{API_DEFAULT_VERSION, Docker, body_full};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;

use super::config::Endpoint;
use super::image::Image;
use super::labels;
use super::tls;
use super::trouble::{Kind, Trouble};

/// Longest time for one call. Creating a container took up to 3 s on an engine whose two cores were
/// busy; ten times that is a lost answer.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What a container is made with.
pub type Body = bollard::models::ContainerCreateBody;

/// One engine.
#[derive(Clone, Debug)]
pub struct Engine {
    docker: Docker,
    endpoint: Endpoint,
}

/// What an engine says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its id, which another engine on the same machine may share.
    pub id: String,
    /// CPUs of its machine.
    pub cpus: u64,
    /// Bytes of memory of its machine.
    pub memory: u64,
    /// Its version.
    pub version: String,
    /// Its labels, `key=value`.
    pub labels: Vec<String>,
}

/// A container of the cluster as an engine lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its name, without the slash before it.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether its process is there, paused or not.
    pub runs: bool,
}

/// Something that happened to a container of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Its id.
    pub id: String,
    /// What: `start`, `die`, `oom`, `kill`, `destroy` and others.
    pub action: String,
    /// Its labels, and what else the engine says, such as `exitCode`.
    pub attributes: BTreeMap<String, String>,
}

/// What a container has used since its start, and holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// CPU time, in nanoseconds.
    pub cpu_nanos: u64,
    /// Memory that is not just cached files, in bytes.
    pub memory: u64,
}

impl Engine {
    /// An engine that may or may not answer.
    ///
    /// # Errors
    /// When there is no such socket, or its keys cannot be read.
    pub fn new(endpoint: &Endpoint) -> Result<Engine, Trouble> {
        let patience = PATIENCE.as_secs();
        let docker = match endpoint {
            Endpoint::Unix(path) => {
                let path = path.to_string_lossy();
                Docker::connect_with_unix(&path, patience, API_DEFAULT_VERSION)
            }
            Endpoint::Tcp(address) => {
                let address = address.to_string();
                Docker::connect_with_http(&address, patience, API_DEFAULT_VERSION)
            }
            Endpoint::Tls { host, port, keys } => Ok(tls::connect(host, *port, keys, patience)?),
        };
        let docker = docker.map_err(|error| trouble(&endpoint.to_string(), &error))?;
        Ok(Engine {
            docker,
            endpoint: endpoint.clone(),
        })
    }

    /// Agrees on a version of the API, and asks the engine what it is.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn meet(&mut self) -> Result<About, Trouble> {
        let what = self.endpoint.to_string();
        let docker = call(&what, self.docker.clone().negotiate_version()).await?;
        self.docker = docker;
        let version = call(&what, self.docker.version()).await?;
        let info = call(&what, self.docker.info()).await?;
        let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        Ok(About {
            id: info.id.unwrap_or_default(),
            cpus: number(info.ncpu).unwrap_or(0),
            memory: number(info.mem_total).unwrap_or(0),
            version: version.version.unwrap_or_default(),
            labels: info.labels.unwrap_or_default(),
        })
    }

    /// Whether it answers in time.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self, within: Duration) -> Result<(), Trouble> {
        let what = format!("ping {}", self.endpoint);
        within_time(&what, within, self.docker.ping())
            .await
            .map(|_| ())
    }

    /// Whether an image is there.
    ///
    /// # Errors
    /// When something else is called like it.
    pub async fn has(&self, image: &Image) -> Result<bool, Trouble> {
        let what = format!("image {} on {}", image.name, self.endpoint);
        match call(&what, self.docker.inspect_image(&image.name)).await {
            Ok(found) => is_that(&what, image, found.id.as_deref()).map(|()| true),
            Err(trouble) if trouble.kind == Kind::NotFound => Ok(false),
            Err(trouble) => Err(trouble),
        }
    }

    /// Loads an image, unless it is there.
    ///
    /// # Errors
    /// When it cannot, or when something else is called like it.
    pub async fn load(&self, image: &Image) -> Result<(), Trouble> {
        let what = format!("image {} on {}", image.name, self.endpoint);
        if self.has(image).await? {
            return Ok(());
        }
        let options = ImportImageOptionsBuilder::default().quiet(true).build();
        let body = body_full(image.archive.clone().into());
        let mut said = self.docker.import_image(options, body, None);
        while let Some(line) = call_next(&what, &mut said).await? {
            drop(line);
        }
        let found = call(&what, self.docker.inspect_image(&image.name)).await?;
        is_that(&what, image, found.id.as_deref())
    }

    /// Removes an image, if it is there and nothing uses it.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn unload(&self, image: &str) -> Result<(), Trouble> {
        let what = format!("remove image {image} of {}", self.endpoint);
        let options = None::<RemoveImageOptions>;
        gone(call(&what, self.docker.remove_image(image, options, None)).await)
    }

    /// Creates a container and returns its id.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when one is called so.
    pub async fn create(&self, name: &str, body: Body) -> Result<String, Trouble> {
        let what = format!("create {name}");
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        let made = call(&what, self.docker.create_container(Some(options), body)).await?;
        Ok(made.id)
    }

    /// Starts a container.
    ///
    /// # Errors
    /// When it cannot be.
    pub async fn start(&self, id: &str) -> Result<(), Trouble> {
        let options = None::<StartContainerOptions>;
        let what = format!("start {id}");
        match call(&what, self.docker.start_container(id, options)).await {
            Err(trouble) if trouble.kind == Kind::Unchanged => Ok(()),
            other => other,
        }
    }

    /// What a container is, by id or name.
    ///
    /// # Errors
    /// When there is none.
    pub async fn inspect(&self, id: &str) -> Result<ContainerInspectResponse, Trouble> {
        let options = None::<InspectContainerOptions>;
        let what = format!("inspect {id}");
        call(&what, self.docker.inspect_container(id, options)).await
    }

    /// Stops a container by its stop signal. One that does not run is stopped.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn stop(&self, id: &str) -> Result<(), Trouble> {
        let what = format!("stop {id}");
        let options = StopContainerOptionsBuilder::default().t(0).build();
        gone(call(&what, self.docker.stop_container(id, Some(options))).await)
    }

    /// Removes a container, running or not.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn remove(&self, id: &str) -> Result<(), Trouble> {
        let what = format!("remove {id}");
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(true)
            .build();
        let removed = call(&what, self.docker.remove_container(id, Some(options))).await;
        match removed {
            // Somebody removes it already.
            Err(trouble) if trouble.kind == Kind::Conflict => Ok(()),
            other => gone(other),
        }
    }

    /// Sends a signal to the main process of a container.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&self, id: &str, signal: &str) -> Result<(), Trouble> {
        let options = KillContainerOptionsBuilder::default()
            .signal(signal)
            .build();
        let what = format!("kill {id}");
        call(&what, self.docker.kill_container(id, Some(options))).await
    }

    /// Freezes all processes of a container, or lets them go on.
    ///
    /// # Errors
    /// When it is so already.
    pub async fn freeze(&self, id: &str, frozen: bool) -> Result<(), Trouble> {
        let what = format!("pause {id}");
        match frozen {
            true => call(&what, self.docker.pause_container(id)).await,
            false => call(&what, self.docker.unpause_container(id)).await,
        }
    }

    /// All containers that carry the cluster's label, whatever their state.
    ///
    /// # Errors
    /// When the engine does not answer, or not in a way that is understood.
    pub async fn list(&self, cluster: &str) -> Result<Vec<Listed>, Trouble> {
        let what = format!("list {}", self.endpoint);
        let filters = BTreeMap::from([("label".to_owned(), vec![label(cluster)])]);
        let filters = filters.into_iter().collect();
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        let found = call(&what, self.docker.list_containers(Some(options))).await?;
        // The engine filters; a listing is believed only where it carries the label itself.
        let ours = |listed: &Listed| {
            listed.labels.get(labels::CLUSTER).map(String::as_str) == Some(cluster)
        };
        Ok(found.into_iter().filter_map(listed).filter(ours).collect())
    }

    /// What happens to containers of the cluster from a time on, in seconds since 1970.
    pub fn events(
        &self,
        cluster: &str,
        since: u64,
    ) -> impl Stream<Item = Result<Happened, Trouble>> + use<> {
        let filters = BTreeMap::from([
            ("label".to_owned(), vec![label(cluster)]),
            ("type".to_owned(), vec!["container".to_owned()]),
        ]);
        let filters = filters.into_iter().collect();
        let options = EventsOptionsBuilder::default()
            .filters(&filters)
            .since(&since.to_string())
            .build();
        let what = format!("events of {}", self.endpoint);
        let docker = self.docker.clone();
        let stream = docker.events(Some(options));
        stream.map(move |event| match event {
            Ok(event) => Ok(happened(event)),
            Err(error) => Err(trouble(&what, &error)),
        })
    }

    /// What a container has used.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn used(&self, id: &str) -> Result<Used, Trouble> {
        let what = format!("stats of {id}");
        let options = StatsOptionsBuilder::default()
            .stream(false)
            .one_shot(true)
            .build();
        let mut stream = Box::pin(self.docker.stats(id, Some(options)));
        let stats = call_next(&what, &mut stream).await?;
        stats.as_ref().and_then(used).ok_or_else(|| Trouble {
            what,
            kind: Kind::NotFound,
            said: "it does not run".to_owned(),
        })
    }
}

/// The filter that holds for what belongs to a cluster.
fn label(cluster: &str) -> String {
    format!("{}={cluster}", labels::CLUSTER)
}

fn is_that(what: &str, image: &Image, id: Option<&str>) -> Result<(), Trouble> {
    match id {
        Some(id) if image.is(id) => Ok(()),
        other => {
            let said = format!(
                "it is {}, not what plimsoll made",
                other.unwrap_or("without an id")
            );
            Err(Trouble::refused(what, said))
        }
    }
}

fn listed(summary: ContainerSummary) -> Option<Listed> {
    let name = summary.names.unwrap_or_default().into_iter().next()?;
    // `removing` and `dead` have no process any more.
    let state = summary
        .state
        .map(|state| state.to_string())
        .unwrap_or_default();
    Some(Listed {
        id: summary.id?,
        name: name.trim_start_matches('/').to_owned(),
        labels: summary.labels.unwrap_or_default().into_iter().collect(),
        runs: ["running", "paused", "restarting"].contains(&state.as_str()),
    })
}

fn happened(event: EventMessage) -> Happened {
    let actor = event.actor.unwrap_or_default();
    Happened {
        id: actor.id.unwrap_or_default(),
        action: event.action.unwrap_or_default(),
        attributes: actor.attributes.unwrap_or_default().into_iter().collect(),
    }
}

/// `None` for a container that does not run: its counters are zero.
fn used(stats: &ContainerStatsResponse) -> Option<Used> {
    let cpu = stats.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage?;
    let memory = stats.memory_stats.as_ref()?;
    // Cached files can be given back: what the docker command subtracts too (docs, "docker stats").
    let of = |key: &str| {
        memory
            .stats
            .as_ref()
            .and_then(|stats| stats.get(key))
            .copied()
    };
    let cached = of("total_inactive_file")
        .or(of("inactive_file"))
        .unwrap_or(0);
    (cpu > 0).then(|| Used {
        cpu_nanos: cpu,
        memory: memory.usage.unwrap_or(0).saturating_sub(cached),
    })
}

/// What is gone already need not be removed, and what has stopped need not be stopped.
fn gone<T>(done: Result<T, Trouble>) -> Result<(), Trouble> {
    match done {
        Ok(_) => Ok(()),
        Err(trouble) if matches!(trouble.kind, Kind::NotFound | Kind::Unchanged) => Ok(()),
        Err(trouble) => Err(trouble),
    }
}

async fn call<T>(what: &str, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    within_time(what, PATIENCE, answer).await
}

async fn within_time<T>(
    what: &str,
    patience: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Trouble> {
    match timeout(patience, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(trouble(what, &error)),
        Err(_) => Err(Trouble {
            what: what.to_owned(),
            kind: Kind::TimedOut,
            said: format!("no answer within {} s", patience.as_secs_f64()),
        }),
    }
}

async fn call_next<T>(
    what: &str,
    stream: &mut (impl Stream<Item = Result<T, Error>> + Unpin),
) -> Result<Option<T>, Trouble> {
    let next = async { stream.next().await.transpose() };
    call(what, next).await
}

fn trouble(what: &str, error: &Error) -> Trouble {
    let kind = match error {
        Error::DockerResponseServerError { status_code, .. } => match status_code {
            404 => Kind::NotFound,
            409 => Kind::Conflict,
            304 => Kind::Unchanged,
            _ => Kind::Refused,
        },
        Error::RequestTimeoutError => Kind::TimedOut,
        Error::HyperLegacyError { .. }
        | Error::HyperResponseError { .. }
        | Error::IOError { .. }
        | Error::SocketNotFoundError(_) => Kind::Unreachable,
        _ => Kind::Refused,
    };
    let said = match error {
        Error::DockerResponseServerError {
            status_code,
            message,
        } => format!("{message} ({status_code})"),
        other => causes(other),
    };
    Trouble {
        what: what.to_owned(),
        kind,
        said,
    }
}

/// What an error says, and what it says of its causes, each once: the last often says most.
fn causes(error: &Error) -> String {
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let words = error.to_string();
        if !said.contains(&words) {
            said = format!("{said}: {words}");
        }
        cause = error.source();
    }
    match tls::meaning(&said) {
        Some(meaning) => format!("{meaning} ({said})"),
        None => said,
    }
}

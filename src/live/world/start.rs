//! The start of a live run: engines are met, the image is loaded, and the threads begin.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Calendar, Live, Node, Order, Samples};
use crate::cluster::catalog::Catalog;
use crate::cluster::change::Change;
use crate::ids::{Arena, NodeId};
use crate::live::agent::{self, Agent, News};
use crate::live::clock::{Clock, real};
use crate::live::config::Endpoint;
use crate::live::dial::{Dialler, Network};
use crate::live::engine::network::Wanted;
use crate::live::engine::{Engine, Listed};
use crate::live::fault::Fault;
use crate::live::image::Image;
use crate::live::labels;
use crate::live::load::tally::Tally;
use crate::live::load::{self, Asked, Generator};
use crate::live::routes::Routes;
use crate::live::sandbox::Machine;
use crate::live::trouble::Trouble;
use crate::rng::{self, Purpose};
use crate::script::Script;
use crate::script::load::Load;
use crate::script::strikes::Strikes;
use crate::time::{Duration, Time};

/// What a live run is made of.
pub struct Setup {
    /// What nodes, shapes and services are.
    pub catalog: Arc<Catalog>,
    /// What the outside world does.
    pub script: Script,
    /// The end of the run.
    pub end: Time,
    /// Names everything that is made.
    pub cluster: String,
    /// Names this run.
    pub run: String,
    /// The engine of every node.
    pub places: Arena<NodeId, Place>,
    /// The workload's image.
    pub image: Image,
    /// Time between two signs of life of a node.
    pub heartbeat: Duration,
    /// Longest graceful stop.
    pub grace: Duration,
    /// Longest time for the answer to a request.
    pub patience: Duration,
    /// Where what is decided is written down before it is done, for whoever takes over.
    pub journal: Option<PathBuf>,
    /// What is done to the cluster beside the script's failures.
    pub faults: Vec<Fault>,
    /// Whether replicas listen on a port of 127.0.0.1 too, where engines are given.
    pub publish: bool,
}

/// Where the engine of a node is.
#[derive(Clone, Debug)]
pub enum Place {
    /// One that is there already.
    Given(Endpoint),
    /// A private one.
    Private(Machine),
}

/// An engine that answers.
pub(in crate::live) struct Met {
    pub(in crate::live) engine: Engine,
    pub(in crate::live) network: Network,
    pub(in crate::live) machine: Option<Machine>,
    /// What is there of the cluster.
    list: Vec<Listed>,
}

impl Live {
    /// Meets all engines and begins: the clock of the run starts when this is over. What runs of the
    /// cluster goes on; returned is what the control plane is to believe of it before it hears anything.
    ///
    /// Requests are counted in `tally`, which has counted nothing yet.
    ///
    /// # Errors
    /// When an engine does not answer, or cannot take the image.
    pub fn start(setup: Setup, tally: Arc<Tally>) -> Result<(Live, Vec<Change>), Trouble> {
        let threads = |error| Trouble::refused("the engines' thread", error);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(threads)?;
        let met = setup.places.iter();
        let met = met.map(|(node, place)| {
            let wanted = Wanted {
                cluster: setup.cluster.clone(),
                run: setup.run.clone(),
                node: setup.catalog.nodes[node].name.clone(),
                open: setup.publish,
            };
            runtime.block_on(meet(place, &setup.image, &wanted))
        });
        let met = met.collect::<Result<Vec<Met>, Trouble>>()?;
        let clock = Clock::start();
        let routes = Arc::new(Routes::new(setup.catalog.services.len()));
        let (tell, news) = mpsc::channel();
        let mut agents = Vec::new();
        let mut nodes = Arena::new();
        let mut lists = Arena::new();
        for (node, mut met) in setup.catalog.nodes.ids().zip(met) {
            let (orders, ordered) = unbounded_channel();
            lists.push(std::mem::take(&mut met.list));
            agents.push((agent(&setup, node, met, clock, &routes, &tell), ordered));
            nodes.push(Node {
                orders,
                holds: std::collections::BTreeSet::new(),
                provisioned: false,
            });
        }
        let generator = generator(&setup, clock, &routes, &tally)?;
        let mut live = Live {
            strikes: Strikes::new(&setup.script),
            faults: setup.faults,
            struck: std::collections::BTreeSet::new(),
            end: setup.end,
            added_up: Time::ZERO,
            catalog: setup.catalog,
            script: setup.script,
            clock,
            cluster: setup.cluster,
            run: setup.run,
            image: setup.image,
            publish: setup.publish,
            grace: setup.grace,
            news,
            nodes,
            thread: None,
            generator,
            routes,
            tally,
            calendar: Calendar::default(),
            samples: Samples::default(),
            began: false,
            took_over: false,
            last: Time::ZERO,
            events: 0,
            refusals: Vec::new(),
            facts: Vec::new(),
            truth: Vec::new(),
        };
        // Before the agents list what there is: they remove what they have no order for.
        let believed = live.adopt(&lists);
        live.thread = Some(thread::spawn(move || run(&runtime, agents)));
        Ok((live, believed))
    }
}

/// Meets one engine, and gets it ready.
pub(in crate::live) async fn meet(
    place: &Place,
    image: &Image,
    wanted: &Wanted,
) -> Result<Met, Trouble> {
    let (endpoint, machine) = match place {
        Place::Given(endpoint) => (endpoint.clone(), None),
        Place::Private(machine) => (machine.endpoint(), Some(machine.clone())),
    };
    let mut engine = Engine::new(&endpoint)?;
    let about = engine.meet().await?;
    if let Some(machine) = &machine {
        let label = format!("{}={}", labels::NODE, machine.node());
        if !about.labels.contains(&label) {
            return Err(Trouble::refused(
                endpoint.to_string(),
                format!("it has no label {label}"),
            ));
        }
    }
    engine.load(image).await?;
    engine.ensure_network(wanted).await?;
    let list = engine.list(&wanted.cluster).await?;
    let network = match machine.clone() {
        None => Network::Host,
        Some(machine) => Network::Inside(Dialler::new(machine)),
    };
    Ok(Met {
        engine,
        network,
        machine,
        list,
    })
}

fn agent(
    setup: &Setup,
    node: NodeId,
    met: Met,
    clock: Clock,
    routes: &Arc<Routes>,
    news: &mpsc::Sender<News>,
) -> agent::Setup {
    let name = &setup.catalog.nodes[node].name;
    let mut dice = rng::stream(setup.script.seed, Purpose::Heartbeats, name, 0);
    let phase = rng::unit(&mut dice) * setup.heartbeat.secs_f64();
    agent::Setup {
        node,
        cluster: setup.cluster.clone(),
        engine: met.engine,
        network: met.network,
        machine: met.machine,
        heartbeat: real(setup.heartbeat),
        phase: std::time::Duration::from_secs_f64(phase),
        clock,
        routes: Arc::clone(routes),
        news: news.clone(),
    }
}

/// The engines' thread.
fn run(runtime: &Runtime, agents: Vec<(agent::Setup, UnboundedReceiver<Order>)>) {
    let agents = agents
        .into_iter()
        .map(|(setup, orders)| Agent::run(setup, orders));
    runtime.block_on(futures_util::future::join_all(agents.collect::<Vec<_>>()));
}

/// The load, where there is any.
fn generator(
    setup: &Setup,
    clock: Clock,
    routes: &Arc<Routes>,
    tally: &Arc<Tally>,
) -> Result<Option<Generator>, Trouble> {
    let services = setup.catalog.services.iter();
    let services: Arena<_, Asked> = services
        .map(|(service, spec)| Asked {
            name: spec.name.clone(),
            load: setup.script.services[service].load.clone(),
        })
        .collect();
    if services
        .as_slice()
        .iter()
        .all(|asked| asked.load == Load::Zero)
    {
        return Ok(None);
    }
    let load = load::Setup {
        services,
        seed: setup.script.seed,
        end: setup.end,
        clock,
        routes: Arc::clone(routes),
        tally: Arc::clone(tally),
        patience: real(setup.patience),
    };
    Generator::start(load).map(Some)
}

//! Docker engines in the place of the simulator: wall clock, real containers, real failures, real load.
//!
//! Every node is an engine. One thread owns all that is asynchronous; control hears of it through a
//! channel, and orders go the other way.

pub mod config;

#[cfg(feature = "live")]
mod agent;
#[cfg(feature = "live")]
pub mod calibrate;
#[cfg(feature = "live")]
pub mod claim;
#[cfg(feature = "live")]
pub mod clock;
#[cfg(feature = "live")]
pub mod container;
#[cfg(feature = "live")]
pub mod dial;
#[cfg(feature = "live")]
pub mod engine;
#[cfg(feature = "live")]
pub mod exporter;
#[cfg(feature = "live")]
pub mod fault;
#[cfg(feature = "live")]
pub mod http;
#[cfg(feature = "live")]
pub mod image;
#[cfg(feature = "live")]
pub mod journal;
#[cfg(feature = "live")]
pub mod labels;
#[cfg(feature = "live")]
mod ledger;
#[cfg(feature = "live")]
pub mod load;
#[cfg(feature = "live")]
mod probe;
#[cfg(feature = "live")]
pub mod record;
#[cfg(feature = "live")]
pub mod routes;
#[cfg(feature = "live")]
pub mod sandbox;
#[cfg(feature = "live")]
pub mod seen;
#[cfg(feature = "live")]
pub mod tls;
#[cfg(feature = "live")]
pub mod trouble;
#[cfg(feature = "live")]
pub mod world;

#[cfg(feature = "live")]
use config::Engine;
#[cfg(feature = "live")]
use trouble::Trouble;

/// Loads an image into engines, one after the other.
///
/// # Errors
/// When one does not take it.
#[cfg(feature = "live")]
pub fn load(engines: &[Engine], image: &image::Image) -> Result<(), Trouble> {
    on_each(engines, async |engine| engine.load(image).await)
}

/// Removes everything of a cluster from engines. Every one is tried.
///
/// # Errors
/// When one refuses.
#[cfg(feature = "live")]
pub fn clear(engines: &[Engine], cluster: &str) -> Result<(), Trouble> {
    let clear = |engine| {
        with(engine, async |engine, _| {
            agent::clear(&engine, cluster).await
        })
    };
    let cleared: Vec<Result<(), Trouble>> = engines.iter().map(clear).collect();
    cleared.into_iter().collect()
}

/// Does something on each engine, one after the other.
#[cfg(feature = "live")]
fn on_each(
    engines: &[Engine],
    act: impl AsyncFn(engine::Engine) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut engines = engines.iter();
    engines.try_for_each(|engine| with(engine, async |engine, _| act(engine).await))
}

/// Does something on an engine that answers.
#[cfg(feature = "live")]
fn with<T>(
    engine: &Engine,
    act: impl AsyncFnOnce(engine::Engine, engine::About) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Trouble::refused("threads", error))?;
    runtime.block_on(async {
        let mut engine = engine::Engine::new(&engine.endpoint)?;
        let about = engine.meet().await?;
        act(engine, about).await
    })
}

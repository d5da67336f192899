//! Docker engines in the place of the simulator: wall clock, real containers, real failures, real load.
//!
//! Every node is an engine. One thread owns all that is asynchronous; control hears of it through a
//! channel, and orders go the other way.

pub mod config;

#[cfg(feature = "live")]
mod agent;
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
pub mod routes;
#[cfg(feature = "live")]
pub mod sandbox;
#[cfg(feature = "live")]
pub mod seen;
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

/// Removes everything of a cluster from engines.
///
/// # Errors
/// When one refuses.
#[cfg(feature = "live")]
pub fn clear(engines: &[Engine], cluster: &str) -> Result<(), Trouble> {
    on_each(engines, async |engine| agent::clear(&engine, cluster).await)
}

/// Does something on each engine, one after the other.
#[cfg(feature = "live")]
fn on_each(
    engines: &[Engine],
    act: impl AsyncFn(engine::Engine) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Trouble::refused("threads", error))?;
    runtime.block_on(async {
        for engine in engines {
            let mut engine = engine::Engine::new(&engine.endpoint)?;
            engine.meet().await?;
            act(engine).await?;
        }
        Ok(())
    })
}

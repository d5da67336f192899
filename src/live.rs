//! Docker engines in the place of the simulator: wall clock, real containers, real failures, real load.
//!
//! Every node is an engine. One thread owns all that is asynchronous; control hears of it through a
//! channel, and orders go the other way.

pub mod config;

#[cfg(feature = "live")]
pub mod clock;
#[cfg(feature = "live")]
pub mod engine;
#[cfg(feature = "live")]
pub mod image;
#[cfg(feature = "live")]
pub mod labels;
#[cfg(feature = "live")]
pub mod sandbox;
#[cfg(feature = "live")]
pub mod trouble;

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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Trouble::refused("threads", error))?;
    runtime.block_on(async {
        for engine in engines {
            let mut engine = engine::Engine::new(&engine.endpoint)?;
            engine.meet().await?;
            engine.load(image).await?;
        }
        Ok(())
    })
}

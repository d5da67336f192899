//! The load: the scenario's requests, sent when they are due whatever became of those before
//! (an open loop), through plimsoll's own balancer.

mod arrivals;
mod pool;
pub mod tally;

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::clock::{Clock, now};
use super::routes::{Pick, Routes};
use super::trouble::Trouble;
use crate::ids::{Arena, ServiceId};
use crate::rng::Seed;
use crate::script::load::Load;
use crate::time::Time;
use arrivals::Arrivals;
use pool::Pool;
use tally::{Outcome, Tally};

/// What a request asks for.
const PATH: &str = "/";

/// What is asked of one service.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) load: Load,
}

/// What the load is made of.
pub(super) struct Setup {
    pub(super) services: Arena<ServiceId, Asked>,
    pub(super) seed: Seed,
    pub(super) end: Time,
    pub(super) clock: Clock,
    pub(super) routes: Arc<Routes>,
    pub(super) tally: Arc<Tally>,
    /// Longest time for an answer, from when the request was due.
    pub(super) patience: Duration,
}

/// The thread that sends requests and hears of their ends; it ends with this value.
#[derive(Debug)]
pub(super) struct Generator {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Generator {
    /// Sends requests from now on.
    pub(super) fn start(setup: Setup) -> Result<Generator, Trouble> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Trouble::refused("the load's thread", error))?;
        let (stop, stopped) = watch::channel(false);
        let thread = thread::spawn(move || {
            runtime.block_on(send_all(setup, stopped));
            // Requests that are under way are given up.
            runtime.shutdown_background();
        });
        Ok(Generator {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        // A thread that panicked has said so.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn send_all(setup: Setup, mut stopped: watch::Receiver<bool>) {
    let setup = Arc::new(setup);
    let services = setup
        .services
        .ids()
        .map(|service| serve(Arc::clone(&setup), service));
    let all = futures_util::future::join_all(services.collect::<Vec<_>>());
    // When the last is sent, those under way are still to be answered: whoever started this ends it.
    let sending = async {
        all.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = sending => {}
        _ = stopped.changed() => {}
    }
}

/// Sends the requests of one service.
async fn serve(setup: Arc<Setup>, service: ServiceId) {
    let Asked { name, load } = &setup.services[service];
    let pool = Arc::new(Pool::default());
    let arrivals = Arrivals::new(load.clone(), setup.seed, name, setup.end);
    for at in arrivals {
        sleep_until(Instant::from_std(setup.clock.moment(at))).await;
        setup.tally.offered(service, at);
        let (setup, pool) = (Arc::clone(&setup), Arc::clone(&pool));
        tokio::spawn(async move {
            let outcome = ask(&setup, &pool, service, at).await;
            setup.tally.ended(service, at, outcome);
        });
    }
}

/// Sends one request that was due at `at`.
async fn ask(setup: &Setup, pool: &Pool, service: ServiceId, at: Time) -> Outcome {
    let due = setup.clock.moment(at);
    let (pod, place) = match setup.routes.pick(service) {
        Pick::NoEndpoint => return Outcome::NoEndpoint,
        Pick::Stale => return Outcome::Stale,
        Pick::Pod(pod, place) => (pod, place),
    };
    let left = setup.patience.saturating_sub(now() - due);
    let answer = timeout(left, pool.ask(pod, &place, PATH)).await.ok();
    outcome(answer, now() - due, setup.patience)
}

/// What an answer comes to that took so long; `None`: there was none.
fn outcome(answer: Option<io::Result<u16>>, took: Duration, patience: Duration) -> Outcome {
    match answer {
        // An answer that is there is taken before the time is looked at.
        Some(Ok(_)) if took > patience => Outcome::TimedOut,
        Some(Ok(200)) => Outcome::Served(took),
        // It says that it has too much to do, or it cannot serve yet: it was asked beyond what it can.
        Some(Ok(_)) => Outcome::OverCapacity,
        Some(Err(_)) => Outcome::Stale,
        None => Outcome::TimedOut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_after_the_limit_is_none() {
        let patience = Duration::from_millis(20);
        let (then, late) = (patience, patience + Duration::from_nanos(1));
        let of = |status, took| outcome(Some(Ok(status)), took, patience);
        assert_eq!(of(200, then), Outcome::Served(then));
        assert_eq!(of(200, late), Outcome::TimedOut);
        assert_eq!(of(503, then), Outcome::OverCapacity);
        assert_eq!(of(503, late), Outcome::TimedOut);
        assert_eq!(outcome(None, then, patience), Outcome::TimedOut);
    }
}

//! Readiness probes: plimsoll asks containers itself. An engine's own health checks run a process in
//! the container each time, and stay healthy when the network is cut.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{MissedTickBehavior, interval};

use super::agent::Inner;
use super::http::{Place, is_well};
use crate::ids::PodId;

/// Where a container says whether it can serve.
pub(super) const PATH: &str = "/ready";
/// Time between looks for the truth, until a container serves.
const LOOK: Duration = Duration::from_millis(100);
/// Longest time for an answer.
///
/// 1 s: Kubernetes' `timeoutSeconds` (documentation, "Configure Liveness, Readiness and Startup
/// Probes", v1.34).
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// Probes in a row that must fail before a container counts as not ready.
///
/// 3: Kubernetes' `failureThreshold` (as above).
const FAILURES: u32 = 3;

/// Whose container is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub(super) pod: PodId,
    pub(super) incarnation: u32,
    /// Time between probes; `None`: it is only found out when it serves.
    pub(super) period: Option<Duration>,
}

/// Asks a container until it is aborted.
pub(super) async fn watch(subject: Subject, place: Place, tell: UnboundedSender<Inner>) {
    let Subject {
        pod,
        incarnation,
        period,
    } = subject;
    let find = async {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if is_well(&place, PATH, PATIENCE).await {
                // The agent may be gone.
                drop(tell.send(Inner::Serves { pod, incarnation }));
                return;
            }
        }
    };
    let judge = async {
        let Some(period) = period else { return };
        let mut probes = interval(period);
        probes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failed = 0;
        loop {
            probes.tick().await;
            let ready = is_well(&place, PATH, PATIENCE).await;
            failed = if ready { 0 } else { failed + 1 };
            if ready || failed >= FAILURES {
                drop(tell.send(Inner::Judged {
                    pod,
                    incarnation,
                    ready,
                }));
            }
        }
    };
    tokio::join!(find, judge);
}

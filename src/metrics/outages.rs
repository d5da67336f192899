//! Outages: maximal intervals in which too few replicas of a service are ready.

use super::healing::{FailureId, Failures};
use super::measured::Incident;
use super::window::Window;
use crate::cluster::catalog::Catalog;
use crate::ids::ServiceId;
use crate::time::Time;

/// Why a ready replica stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It failed, or its node did.
    Failed(FailureId),
    /// It was ordered to, at this time.
    Ordered(Time),
}

/// One outage.
#[derive(Clone, Debug)]
pub(super) struct Outage {
    start: Time,
    end: Option<Time>,
    stops: Vec<Stop>,
    /// Requests lost before it, and then during it.
    lost: f64,
}

/// All outages of one service.
#[derive(Clone, Debug, Default)]
pub(super) struct Outages {
    over: Vec<Outage>,
    now: Option<Outage>,
    /// Why replicas are missing now.
    missing: Vec<Stop>,
}

impl Outages {
    /// From `since` on for some time there are enough replicas, or not; `lost` requests were lost by
    /// then.
    pub(super) fn holds(&mut self, since: Time, enough: bool, lost: f64) {
        match (&mut self.now, enough) {
            (None, false) => {
                let stops = self.missing.clone();
                self.now = Some(Outage {
                    start: since,
                    end: None,
                    stops,
                    lost,
                });
            }
            (Some(_), true) => self.end(Some(since), lost),
            (None, true) | (Some(_), false) => {}
        }
    }

    fn end(&mut self, end: Option<Time>, lost: f64) {
        if let Some(mut outage) = self.now.take() {
            outage.end = end;
            outage.lost = lost - outage.lost;
            self.over.push(outage);
        }
    }

    /// All replicas that are wanted are ready: nothing is missing.
    pub(super) fn whole(&mut self) {
        self.missing.clear();
    }

    /// A ready replica stops.
    pub(super) fn hurt(&mut self, stop: Stop) {
        let known = |stops: &[Stop]| stops.contains(&stop);
        if !known(&self.missing) {
            self.missing.push(stop);
        }
        if let Some(outage) = self.now.as_mut().filter(|outage| !known(&outage.stops)) {
            outage.stops.push(stop);
        }
    }

    /// The window opens: requests are counted from here.
    pub(super) fn open(&mut self) {
        if let Some(outage) = &mut self.now {
            outage.lost = 0.0;
        }
    }

    /// The run is over.
    pub(super) fn finish(&mut self, lost: f64) -> Vec<Outage> {
        self.end(None, lost);
        std::mem::take(&mut self.over)
    }
}

impl Outage {
    /// Whether any of it lies in the window.
    pub(super) fn reaches_into(&self, window: Window) -> bool {
        self.end.is_none_or(|end| end > window.from)
    }

    /// What there is to tell about it.
    pub(super) fn incident(
        &self,
        service: ServiceId,
        window: Window,
        failures: &Failures,
        catalog: &Catalog,
    ) -> Incident {
        let mut failed = Vec::new();
        let mut ordered = None;
        for &stop in &self.stops {
            match stop {
                Stop::Failed(failure) => failed.push(failure),
                Stop::Ordered(at) => ordered = ordered.or(Some(at)),
            }
        }
        let known = failures
            .first_known(&failed)
            .into_iter()
            .chain(ordered)
            .min();
        let mut causes = failures.describe(&failed, catalog);
        if ordered.is_some() {
            causes.push("stopped as ordered".to_owned());
        }
        Incident {
            service,
            start: self.start,
            detected: known.map(|at| at.max(self.start)),
            recovered: self.end,
            causes,
            censored: self.start <= window.from || self.end.is_none(),
            lost: self.lost,
        }
    }
}

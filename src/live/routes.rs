//! The data plane: which pods a service's requests go to, and where these are.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::http::Place;
use crate::ids::{Id, PodId, ServiceId};
use crate::policy::balancer;

/// The endpoints of all services. Control says which, the engines say where.
#[derive(Debug)]
pub struct Routes {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    services: Vec<Service>,
    places: BTreeMap<PodId, Place>,
}

#[derive(Clone, Debug, Default)]
struct Service {
    endpoints: Vec<PodId>,
    /// Requests dealt so far.
    dealt: u64,
}

/// Where a request goes.
#[derive(Clone, Debug)]
pub enum Pick {
    /// The service has no endpoint.
    NoEndpoint,
    /// To a pod whose container is not there any more.
    Stale,
    /// To this one.
    Pod(PodId, Place),
}

impl Routes {
    /// No endpoints yet, of so many services.
    pub fn new(services: usize) -> Routes {
        let inner = Inner {
            services: vec![Service::default(); services],
            places: BTreeMap::new(),
        };
        Routes {
            inner: Mutex::new(inner),
        }
    }

    /// Requests of the service go to the pod too.
    pub fn route(&self, service: ServiceId, pod: PodId) {
        self.lock().services[service.index()].endpoints.push(pod);
    }

    /// Requests of the service go to the pod no more.
    pub fn unroute(&self, service: ServiceId, pod: PodId) {
        let endpoints = &mut self.lock().services[service.index()].endpoints;
        endpoints.retain(|&other| other != pod);
    }

    /// Where the pod's container is; `None`: nowhere any more.
    pub fn set_place(&self, pod: PodId, place: Option<Place>) {
        match place {
            Some(place) => drop(self.lock().places.insert(pod, place)),
            None => drop(self.lock().places.remove(&pod)),
        }
    }

    /// Where the service's next request goes.
    pub fn pick(&self, service: ServiceId) -> Pick {
        let mut inner = self.lock();
        let state = &mut inner.services[service.index()];
        let turn = balancer::in_turn(state.dealt, state.endpoints.len() as u32);
        let Some(turn) = turn else {
            return Pick::NoEndpoint;
        };
        state.dealt += 1;
        let pod = state.endpoints[turn as usize];
        match inner.places.get(&pod) {
            Some(place) => Pick::Pod(pod, place.clone()),
            None => Pick::Stale,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

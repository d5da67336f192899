//! Pods of more than one container: from what is said of each to what the scheduler reserves.

use super::Builder;
use crate::cluster::catalog::Shape;
use crate::cluster::requests::{Init, Parts, Request};
use crate::scenario::decode::{At, Field};
use crate::scenario::problem::{Problem, Span};
use crate::scenario::raw::pod as raw;
use crate::scenario::values::Amounts;
use crate::units::Resources;

/// What is in a pod beside its main container.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// All of it; the main container is still missing from its containers.
    parts: Parts,
    /// Where something is said for the pod as a whole.
    whole: Option<Span>,
    /// Where a container that runs says nothing of CPU.
    silent: Option<Span>,
}

impl Beside {
    /// Where a container stands that an hpa cannot do without a CPU request of: Kubernetes' takes no
    /// decision then, unless something is said for the pod as a whole (`calculateRequests`, v1.34).
    pub(super) fn unscalable(&self) -> Option<Span> {
        self.silent.filter(|_| self.whole.is_none())
    }
}

impl Builder<'_> {
    /// What stands in the table of a pod beside its main container.
    pub(super) fn beside(&mut self, raw: &raw::Pod) -> Option<Beside> {
        let mut silent = None;
        let containers = raw.further_containers.clone().elements();
        let containers = containers.read(|At { value: raw, span }| {
            let request = self.request(raw.requests, raw.resources)?;
            silent = silent.or(request.cpu.is_none().then_some(span));
            Some(request)
        });
        let inits = raw.init_containers.clone().elements();
        let inits = inits.read(|At { value: raw, span }| {
            let sidecar = raw.restart_policy.optional()?.is_some();
            let request = self.request(raw.requests, raw.resources)?;
            let is_silent = sidecar && request.cpu.is_none();
            silent = silent.or(is_silent.then_some(span));
            Some(Init { request, sidecar })
        });
        let overhead = part(raw.overhead.clone());
        let whole = raw.requests.place();
        let pod = raw.requests.clone();
        let pod = pod.if_given(|at| part(Field::Given(at)));
        Some(Beside {
            parts: Parts {
                containers: containers?,
                inits: inits?,
                pod: pod?,
                overhead: overhead?,
            },
            whole,
            silent,
        })
    }

    fn request(
        &mut self,
        requests: Field<raw::PartRequests>,
        resources: Field<Amounts>,
    ) -> Option<Request> {
        let extended = self.amounts(resources);
        Some(Request {
            extended: extended?.into_iter().collect(),
            ..part(requests)?
        })
    }

    /// The shape of a main container as that of its pod: what is reserved for all of it.
    pub(super) fn whole(&mut self, main: Shape, beside: &Beside) -> Option<Shape> {
        if beside.parts == Parts::default() {
            return Some(main);
        }
        let mut parts = beside.parts.clone();
        parts.containers.insert(0, request_of(&main));
        self.enough(&parts, beside.whole)?;
        let sum = parts.sum();
        Some(Shape {
            requests: Resources {
                gpu: main.requests.gpu,
                ..Resources::new(sum.cpu, sum.memory)
            },
            extended: sum.extended.into_iter().collect(),
            assumed: Some(sum.assumed),
            placing: Some(sum.placing),
            running: Some(parts.running()),
            ..main
        })
    }

    /// Refuses less for a pod as a whole than its containers request, as Kubernetes does.
    fn enough(&mut self, parts: &Parts, span: Option<Span>) -> Option<()> {
        let (Some(whole), Some(span)) = (&parts.pod, span) else {
            return Some(());
        };
        let (cpu, memory) = parts.asked_of_containers();
        let short = match whole {
            Request {
                cpu: Some(whole), ..
            } if *whole < cpu => "cpu",
            Request {
                memory: Some(whole),
                ..
            } if *whole < memory => "memory",
            _ => return Some(()),
        };
        let message = format!("the pod as a whole requests less {short} than its containers do");
        self.problems.push(Problem::error(message).at(span, ""));
        None
    }
}

/// What a main container requests, where zero is "not said".
fn request_of(main: &Shape) -> Request {
    let Resources { cpu, memory, .. } = main.requests;
    Request {
        cpu: (cpu.0 > 0).then_some(cpu),
        memory: (memory.0 > 0).then_some(memory),
        extended: main.extended.iter().copied().collect(),
    }
}

/// CPU and memory as far as they are said.
fn part(raw: Field<raw::PartRequests>) -> Option<Request> {
    let raw = raw.or_blank()?;
    Some(Request {
        cpu: raw.cpu.optional()?.map(|cpu| cpu.value),
        memory: raw.memory.optional()?.map(|memory| memory.value),
        ..Request::default()
    })
}

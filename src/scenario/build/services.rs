//! Services: what the control plane is told of them, and how their replicas behave.

use super::Builder;
use super::gpus::RawGpus;
use super::limits::POD_MEMORY;
use super::rules::Told;
use crate::cluster::catalog::{self, Hpa, ServiceSpec, Shape, Slo};
use crate::cluster::gpu::GpuRequest;
use crate::cluster::rules::Rules;
use crate::ids::{ImageId, ShapeId};
use crate::scenario::decode::{At, Field, List};
use crate::scenario::problem::{Problem, Span};
use crate::scenario::raw;
use crate::script::service::{Behaviour, Image, MemoryUse};
use crate::time::Duration;
use crate::units::{Bytes, MilliCpu, Resources};

/// Kubernetes' `periodSeconds` (documentation, "Configure Liveness, Readiness and Startup Probes",
/// v1.34).
const PROBE_PERIOD: Duration = Duration::from_secs(10);

/// Kubernetes' target of CPU use where none is given (API reference, HorizontalPodAutoscaler v2,
/// v1.34).
const HPA_CPU: f64 = 0.8;

/// Numbers of replicas.
struct Replicas {
    at_start: u32,
    min_available: u32,
    hpa: Option<Hpa>,
}

impl Builder<'_> {
    /// Adds all services.
    pub(super) fn services(&mut self, raw: Field<List<raw::Service>>) {
        let services = raw.elements();
        self.services.complete = services.complete;
        let services = services.read(|service| self.service(service.value));
        self.services_whole = services.is_some();
    }

    /// Adds one service; `None` once a problem has been reported.
    fn service(&mut self, raw: raw::Service) -> Option<()> {
        let name = raw.name.clone().given().map(|name| name.map(|name| name.0));
        match &name {
            Some(name) => {
                let id = self.catalog.services.next_id();
                self.services.add(name, id, self.problems);
            }
            None => self.services.complete = false,
        }
        let replicas = self.replicas(&raw);
        let shape = self.service_shape(&raw, name.as_ref());
        let slo = self.slo(raw.slo.clone());
        let slo_table = raw.slo.clone();
        let tolerance = slo_table.if_given(|slo| self.slo_tolerance(slo.value.tolerance));
        let requests = raw.requests.place();
        let behaviour = self.behaviour(raw);
        let (name, replicas, shape) = (name?, replicas?, shape?);
        let most = replicas.hpa.map_or(replicas.at_start, |hpa| hpa.max);
        let cpu = self.catalog.shapes[shape].requests.cpu;
        self.countable(most, cpu, requests?).then_some(())?;
        let (slo, behaviour) = (slo?, behaviour?);
        if let Some(tolerance) = tolerance?.flatten() {
            self.slo_tolerances.insert(name.value.clone(), tolerance);
        }
        self.asked.push((name.clone(), shape));
        self.service_spans.push(name.span);
        self.catalog.services.push(ServiceSpec {
            name: name.value,
            shape,
            replicas: replicas.at_start,
            min_available: replicas.min_available,
            slo,
            hpa: replicas.hpa,
        });
        self.behaviours.push(behaviour);
        Some(())
    }

    fn replicas(&mut self, raw: &raw::Service) -> Option<Replicas> {
        let most = u64::from(u32::MAX);
        let hpa = raw.hpa.clone().if_given(|hpa| self.hpa(hpa.value));
        let default = hpa.flatten().map_or(1, |hpa| hpa.min);
        let given = raw.replicas.clone().or(default.into());
        // An hpa may ask for its most: that was reserved.
        let reserved = hpa.flatten().is_some();
        let bound = if reserved { most } else { u64::MAX };
        let at_start = self.within("replicas", given, 1, bound);
        let room =
            reserved || given.is_none_or(|given| self.reserve(given, "replicas", POD_MEMORY));
        let at_least = raw.min_available.clone().or(1);
        let min_available = self.within("min_available", at_least, 1, most);
        if !room {
            return None;
        }
        let (at_start, min_available, hpa) = (at_start? as u32, min_available? as u32, hpa?);
        let (replicas, at_least) = (given?.span, at_least?.span);
        if let Some(Hpa { min, max, .. }) = hpa
            && !(min..=max).contains(&at_start)
        {
            let message = format!("{at_start} replicas are outside the hpa's {min} to {max}");
            self.problems.push(Problem::error(message).at(replicas, ""));
            return None;
        }
        let most = hpa.map_or(at_start, |hpa| hpa.max);
        if min_available > most {
            let message = format!("`min_available` {min_available} is more than there are ever");
            let problem = Problem::error(message).at(at_least, "");
            self.problems
                .push(problem.note(format!("the most replicas are {most}")));
            return None;
        }
        if min_available > hpa.map_or(at_start, |hpa| hpa.min) {
            let message = "the hpa may go below `min_available`: the service then counts as down";
            self.problems
                .push(Problem::warning(message).at(at_least, ""));
        }
        Some(Replicas {
            at_start,
            min_available,
            hpa,
        })
    }

    fn hpa(&mut self, raw: raw::Hpa) -> Option<Hpa> {
        let most = u64::from(u32::MAX);
        let max = self.within("max", raw.max.clone().given(), 1, most);
        let bound = max.unwrap_or(most);
        let min = self.within("min", raw.min.or(1), 1, bound);
        let room = raw
            .max
            .given()
            .is_none_or(|max| self.reserve(max, "replicas", POD_MEMORY));
        let cpu = raw.cpu.or(HPA_CPU)?;
        let percent = (cpu.value * 100.0).round();
        if (percent - cpu.value * 100.0).abs() > 1e-6 || !(1.0..=10_000.0).contains(&percent) {
            self.problems.push(
                Problem::error("`cpu` must be a share in whole percent, such as 0.6")
                    .at(cpu.span, "")
                    .note("Kubernetes' averageUtilization is a whole number of percent"),
            );
            return None;
        }
        room.then_some(())?;
        Some(Hpa {
            min: min? as u32,
            max: max? as u32,
            cpu_percent: percent as u32,
        })
    }

    fn service_shape(&mut self, raw: &raw::Service, name: Option<&At<String>>) -> Option<ShapeId> {
        let own = name.map_or("", |name| &name.value);
        let told = self.told(raw.pod.clone(), Some(own));
        let image = raw.image.clone().if_given(|image| self.image(image.value));
        let requests = raw.requests.clone().given();
        let limits = raw.limits.clone().or_blank();
        let priority = self.priority(raw.priority.clone());
        let requests = requests?.value;
        let gpus = self.gpus(RawGpus {
            count: requests.gpu,
            milli: requests.gpu_milli,
            models: requests.gpu_model,
        });
        let (cpu, memory) = (requests.cpu.given(), requests.memory.given());
        let limits = limits?;
        let cpu_limit = limits.cpu.optional()?;
        let memory_limit = limits.memory.optional()?;
        self.limit("cpu", cpu, cpu_limit);
        self.limit("memory", memory, memory_limit);
        if let Some(hpa) = raw.hpa.place() {
            self.scalable(hpa, cpu, told.as_ref());
        }
        let (told, image) = (told?, image?);
        let images = image.iter().map(|image| self.image_id(image)).collect();
        let rules = self.rules(Rules {
            images,
            ..told.rules
        });
        let priority = self.one_priority(raw.priority.clone(), priority?, told.priority)?;
        let main = Shape {
            requests: requested(cpu?.value, memory?.value, gpus?),
            limits: catalog::Limits {
                cpu: cpu_limit.map(|limit| limit.value),
                memory: memory_limit.map(|limit| limit.value),
            },
            gpus: gpus?,
            priority,
            extended: told.extended,
            rules,
            ..Shape::default()
        };
        let whole = self.whole(main, &told.beside)?;
        Some(self.shape(whole))
    }

    /// Reports what an hpa needs a CPU request of and does not have.
    fn scalable(&mut self, hpa: Span, cpu: Option<At<MilliCpu>>, told: Option<&Told>) {
        let main = cpu.filter(|cpu| cpu.value.0 == 0).map(|cpu| {
            let message = "an hpa needs a CPU request, of which it wants a share";
            Problem::error(message).at(cpu.span, "")
        });
        let beside = told.and_then(|told| told.beside.unscalable()).map(|span| {
            let message = "an hpa needs a CPU request of every container that runs";
            Problem::error(message).at(span, "needs `requests.cpu`")
        });
        for problem in main.into_iter().chain(beside) {
            self.problems.push(problem.at(hpa, "the hpa"));
        }
    }

    /// Reports a limit below the request, which Kubernetes refuses as well.
    fn limit<T: PartialOrd>(&mut self, what: &str, request: Option<At<T>>, limit: Option<At<T>>) {
        let (Some(request), Some(limit)) = (request, limit) else {
            return;
        };
        if limit.value < request.value {
            let problem = Problem::error(format!("the {what} limit is below the request"));
            let problem = problem.at(limit.span, "").at(request.span, "the request");
            self.problems.push(problem);
        }
    }

    /// The priority of a pod.
    pub(super) fn priority(&mut self, raw: Field<i64>) -> Option<i32> {
        let priority = raw.or(0)?;
        let number = i32::try_from(priority.value).ok();
        if number.is_none() {
            let problem = Problem::error("`priority` must lie within 32 bits");
            self.problems.push(problem.at(priority.span, ""));
        }
        number
    }

    /// The priority said directly, or by its class.
    pub(super) fn one_priority(
        &mut self,
        raw: Field<i64>,
        priority: i32,
        class: Option<i32>,
    ) -> Option<i32> {
        let Some(given) = raw.given() else {
            return Some(class.unwrap_or(priority));
        };
        if class.is_some_and(|class| class != priority) {
            let problem = Problem::error("`priority` differs from that of the priority class");
            self.problems.push(problem.at(given.span, ""));
            return None;
        }
        Some(priority)
    }

    /// The id of an image, which is new the first time it is named.
    pub(super) fn image_id(&mut self, image: &Image) -> ImageId {
        let known = self.catalog.images.iter();
        let known = known.filter(|(_, known)| known.name == image.name);
        if let Some(id) = known.map(|(id, _)| id).next() {
            return id;
        }
        self.catalog.images.push(catalog::Image {
            name: image.name.clone(),
            size: image.size.0,
        })
    }

    fn slo(&mut self, raw: Field<raw::Slo>) -> Option<Option<Slo>> {
        let Some(raw) = raw.optional()? else {
            return Some(None);
        };
        let window = self.above_zero("window", raw.value.window.given());
        let availability = raw.value.availability.given()?;
        if availability.value <= 0.0 || availability.value >= 1.0 {
            let problem = Problem::error("`availability` must be above 0 and below 1");
            let problem = problem.at(availability.span, "");
            self.problems.push(problem.note("99.9 % is written 0.999"));
            return None;
        }
        Some(Some(Slo {
            availability: availability.value,
            window: window?,
        }))
    }

    fn behaviour(&mut self, raw: raw::Service) -> Option<Behaviour> {
        let image = raw.image.if_given(|image| self.image(image.value));
        let startup = raw.startup.if_given(|startup| self.distribution(startup));
        let probe_period = raw.readiness.if_given(|probe| {
            let period = probe.value.period.or(PROBE_PERIOD);
            self.above_zero("period", period)
        });
        let work = raw
            .work
            .if_given(|work| self.above_zero("cpu", work.value.cpu.given()));
        let memory = raw.memory_use.if_given(|memory| {
            Some(MemoryUse {
                base: memory.value.base.given()?.value,
                growth_per_hour: memory.value.growth_per_hour.or(Bytes(0))?.value,
            })
        });
        let load = self.load(raw.load);
        Some(Behaviour {
            image: image?,
            startup: startup?,
            probe_period: probe_period?,
            shutdown: raw.shutdown.or(Duration::ZERO)?.value,
            work: work?,
            memory: memory?,
            load: load?,
        })
    }

    pub(super) fn image(&mut self, raw: raw::Image) -> Option<Image> {
        let (name, size) = (raw.name.given()?, raw.size.given()?);
        match self.images.get(&name.value) {
            Some(known) if known.value != size.value => {
                let message = format!("the image `{}` has two sizes", name.value);
                let problem = Problem::error(message).at(size.span, "");
                self.problems.push(problem.at(known.span, "the other"));
                return None;
            }
            Some(_) => {}
            None => {
                self.images.insert(name.value.clone(), size);
            }
        }
        Some(Image {
            name: name.value,
            size: size.value,
        })
    }
}

/// What a main container requests.
pub(super) fn requested(cpu: MilliCpu, memory: Bytes, gpus: GpuRequest) -> Resources {
    Resources {
        cpu,
        memory,
        gpu: gpus.total(),
    }
}

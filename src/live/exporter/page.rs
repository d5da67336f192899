//! The metrics of a run as text: names after Prometheus' practice ("Metric and label naming"), and
//! after kube-state-metrics where that has the same.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::labels::{self, CAUSES, HEALED, PLACED, QUEUES, SCALED, VERBS};
use crate::ids::{Id, NodeId, ServiceId};
use crate::live::load::tally::{Counts, Requests};
use crate::live::seen::Seen;
use crate::record::standing::{Containers, Node, Service, Standing};

/// The text formats that Prometheus reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Prometheus' own, 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

/// Buckets of latencies end after so many doublings of 10 µs, the steps of the tally: from 0.64 ms to 10.5 s.
const DOUBLINGS: std::ops::RangeInclusive<usize> = 6..=20;

impl Format {
    /// As Prometheus' scraper names it (`prometheus/common`, `expfmt`).
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Format::Prometheus => prometheus_text::CONTENT_TYPE,
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// All metrics of the run as it stands.
pub(super) fn page(seen: &Arc<Seen>, format: Format) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape {
        standing: seen.board.look(),
        requests: seen.tally.all(),
        seen: Arc::clone(seen),
    }));
    let mut page = String::new();
    match format {
        Format::Prometheus => prometheus_text::encode(&mut page, &registry)?,
        Format::OpenMetrics => text::encode(&mut page, &registry)?,
    }
    Ok(page)
}

/// Everything that one page says, of one moment.
#[derive(Debug)]
struct Scrape {
    seen: Arc<Seen>,
    standing: Standing,
    requests: Vec<Requests>,
}

/// Labels by their names.
type Labels = Vec<(&'static str, String)>;

/// A metric, and what it is.
#[derive(Clone, Copy, Debug)]
struct Metric<'a> {
    /// Its name, without prefix, unit and `_total`.
    name: &'a str,
    unit: Option<&'a Unit>,
    help: &'a str,
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out(encoder);
        self.run(&mut out)?;
        self.nodes(&mut out)?;
        self.services(&mut out)?;
        self.pods(&mut out)?;
        self.requests(&mut out)?;
        self.decisions(&mut out)
    }
}

impl Scrape {
    fn run(&self, out: &mut Out<'_>) -> fmt::Result {
        let about = &self.seen.about;
        let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
        out.info("build", "The plimsoll that runs", version)?;
        let what = vec![
            ("scenario", about.scenario.clone()),
            ("scheduler", about.scheduler.clone()),
            ("autoscaler", about.autoscaler.clone()),
            ("healer", about.healer.clone()),
        ];
        out.info("run", "What is run", what)?;
        let elapsed = Metric::new("run_elapsed", "Wall-clock time of the run so far");
        let seconds = Unit::Seconds;
        out.gauges(
            elapsed.in_units(&seconds),
            [(vec![], self.standing.now.secs_f64())],
        )?;
        let length = Metric::new("run_planned", "Wall-clock time that the run takes in all");
        out.gauges(
            length.in_units(&seconds),
            [(vec![], self.seen.end.secs_f64())],
        )
    }

    fn nodes(&self, out: &mut Out<'_>) -> fmt::Result {
        let present = || self.standing.nodes.iter().filter(|(_, node)| node.present);
        let count = |ready| present().filter(|(_, node)| node.ready == ready).count() as f64;
        let nodes = Metric::new("nodes", "Nodes of the cluster as control believes them");
        let status = |status: &str| vec![("status", status.to_owned())];
        out.gauges(
            nodes,
            [
                (status("ready"), count(true)),
                (status("not_ready"), count(false)),
            ],
        )?;
        let ready = Metric::new("node_ready", "Whether control believes the node ready");
        out.gauges(
            ready,
            present().map(|(id, node)| (self.node(id), f64::from(u8::from(node.ready)))),
        )?;
        let sampled = |value: fn(&Node) -> Option<f64>| {
            let nodes = self.standing.nodes.iter();
            nodes.filter_map(move |(id, node)| Some((self.node(id), value(node)?)))
        };
        let cores = Unit::Other("cores".to_owned());
        let cpu = Metric::new(
            "node_cpu_usage",
            "CPU of the node's containers when last sampled",
        );
        out.gauges(cpu.in_units(&cores), sampled(|node| node.cpu))?;
        let memory = "Memory of the node's containers when last sampled";
        let memory = Metric::new("node_memory_usage", memory);
        out.gauges(memory.in_units(&Unit::Bytes), sampled(|node| node.memory))?;
        let missed = "Times control was told that the node's heartbeat is missing, once a silence";
        let missed = Metric::new("node_heartbeats_missed", missed);
        let nodes = self.standing.nodes.iter();
        out.counters(missed, nodes.map(|(id, node)| (self.node(id), node.missed)))
    }

    fn services(&self, out: &mut Out<'_>) -> fmt::Result {
        let all = |value: fn(&Service) -> u64| {
            let services = self.standing.services.iter();
            services.map(move |(id, service)| (self.service(id), value(service) as f64))
        };
        let spec = Metric::new("service_spec_replicas", "Replicas that are desired");
        out.gauges(spec, all(|service| service.desired))?;
        let status = "Replicas that control believes to exist, those being deleted aside";
        let status = Metric::new("service_status_replicas", status);
        out.gauges(status, all(|service| service.existing))?;
        let ready = Metric::new(
            "service_status_replicas_ready",
            "Replicas that control believes ready",
        );
        out.gauges(ready, all(|service| service.ready))
    }

    fn pods(&self, out: &mut Out<'_>) -> fmt::Result {
        let pending = "Pods none of whose containers has started yet, as control believes";
        let pending = Metric::new("pods_pending", pending);
        out.gauges(pending, [(vec![], self.standing.pending as f64)])?;
        let queued = Metric::new(
            "scheduler_pending_pods",
            "Pods that wait for a node, by queue",
        );
        let rows = QUEUES.map(|queue| {
            let pods = self.standing.queued.get(&queue).copied().unwrap_or(0);
            (
                vec![("queue", labels::queue(queue).to_owned())],
                pods as f64,
            )
        });
        out.gauges(queued, rows)?;
        let started = "Containers that ran; those of jobs have no service";
        out.counters(
            Metric::new("container_starts", started),
            self.containers()
                .map(|(labels, containers)| (labels, containers.started)),
        )?;
        let exits = self.containers().flat_map(|(labels, containers)| {
            CAUSES.map(|cause| {
                let mut labels = labels.clone();
                labels.push(("cause", labels::cause(cause).to_owned()));
                (labels, containers.exited.get(&cause).copied().unwrap_or(0))
            })
        });
        out.counters(
            Metric::new("container_exits", "Containers that ended"),
            exits,
        )
    }

    /// The containers of every service, and those of jobs where there are any.
    fn containers(&self) -> impl Iterator<Item = (Labels, &Containers)> {
        let services = self.standing.services.iter();
        let services = services.map(|(id, service)| (self.service(id), &service.containers));
        let jobs = Some((vec![], &self.standing.jobs));
        services.chain(jobs.filter(|(_, jobs)| **jobs != Containers::default()))
    }

    fn requests(&self, out: &mut Out<'_>) -> fmt::Result {
        let all = || {
            let requests = self.requests.iter().enumerate();
            requests.map(|(index, all)| (self.service(ServiceId::from_index(index)), all))
        };
        let offered = Metric::new("requests_offered", "Requests that were due");
        out.counters(
            offered,
            all().map(|(labels, all)| (labels, all.total.offered)),
        )?;
        let ended = all().flat_map(|(labels, all)| {
            outcomes(&all.total).map(|(outcome, count)| {
                let mut labels = labels.clone();
                labels.push(("outcome", outcome.to_owned()));
                (labels, count)
            })
        });
        let help = "Requests that were answered or lost, the outcome named as in requests.csv";
        out.counters(Metric::new("requests", help), ended)?;
        let open = Metric::new("requests_open", "Requests neither answered nor lost yet");
        out.gauges(open, all().map(|(labels, all)| (labels, all.open as f64)))?;
        let latency = "Time from when a request was due to its answer, of those answered";
        let latency = Metric::new("request_duration", latency);
        out.histograms(latency.in_units(&Unit::Seconds), all())
    }

    fn decisions(&self, out: &mut Out<'_>) -> fmt::Result {
        let standing = &self.standing;
        let verb = |verb| vec![("command", labels::verb(verb).to_owned())];
        let ordered = Metric::new("commands_ordered", "Commands that control gave");
        out.counters(
            ordered,
            VERBS.map(|one| (verb(one), standing.ordered.get(&one).copied().unwrap_or(0))),
        )?;
        let failed = "Commands that control heard to have failed";
        out.counters(
            Metric::new("commands_failed", failed),
            VERBS[..2]
                .iter()
                .map(|one| (verb(*one), standing.failed.get(one).copied().unwrap_or(0))),
        )?;
        let placed = PLACED.map(|one| {
            let labels = vec![("result", labels::placed(one).to_owned())];
            (labels, standing.placed.get(&one).copied().unwrap_or(0))
        });
        let help = "Decisions of the scheduler, one for each attempt at a pod";
        out.counters(Metric::new("scheduling_decisions", help), placed)?;
        let scaled = standing.services.iter().flat_map(|(id, service)| {
            SCALED.map(|one| {
                let mut labels = self.service(id);
                labels.push(("direction", labels::scaled(one).to_owned()));
                (labels, service.scaled.get(&one).copied().unwrap_or(0))
            })
        });
        let help = "Decisions of the autoscaler";
        out.counters(Metric::new("scaling_decisions", help), scaled)?;
        let healed = HEALED.map(|one| {
            let labels = vec![("action", labels::healed(one).to_owned())];
            (labels, standing.healed.get(&one).copied().unwrap_or(0))
        });
        let help = "Decisions of the healer";
        out.counters(Metric::new("healing_decisions", help), healed)
    }

    fn node(&self, node: NodeId) -> Labels {
        let catalog = &self.seen.catalog;
        let spec = &catalog.nodes[node];
        let zone = catalog.zones.get(spec.zone).cloned().unwrap_or_default();
        vec![("node", spec.name.clone()), ("zone", zone)]
    }

    fn service(&self, service: ServiceId) -> Labels {
        let spec = &self.seen.catalog.services[service];
        vec![("service", spec.name.clone())]
    }
}

/// What became of requests, named as the columns of `requests.csv` are.
fn outcomes(counts: &Counts) -> [(&'static str, u64); 5] {
    [
        ("served", counts.served),
        ("lost_no_endpoint", counts.no_endpoint),
        ("lost_stale_endpoint", counts.stale),
        ("lost_over_capacity", counts.over_capacity),
        ("lost_timeout", counts.timed_out),
    ]
}

/// The buckets of a histogram, each with what is in it alone.
fn buckets(requests: &Requests) -> Vec<(f64, u64)> {
    let mut below = 0;
    let mut buckets: Vec<(f64, u64)> = DOUBLINGS
        .map(|doublings| {
            let last = Requests::step_of_doubling(doublings);
            let steps = requests.latencies.iter().take(last + 1).skip(below);
            below = last + 1;
            (Requests::upper(last), steps.sum())
        })
        .collect();
    let rest = requests.latencies.iter().skip(below).sum();
    buckets.push((f64::INFINITY, rest));
    buckets
}

impl<'a> Metric<'a> {
    const fn new(name: &'a str, help: &'a str) -> Metric<'a> {
        Metric {
            name,
            unit: None,
            help,
        }
    }

    const fn in_units(self, unit: &'a Unit) -> Metric<'a> {
        Metric {
            unit: Some(unit),
            ..self
        }
    }
}

/// Where metrics are written.
struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn gauges(
        &mut self,
        metric: Metric<'_>,
        rows: impl IntoIterator<Item = (Labels, f64)>,
    ) -> fmt::Result {
        self.rows(metric, MetricType::Gauge, rows, |mut row, value| {
            row.encode_gauge(&value)
        })
    }

    fn counters(
        &mut self,
        metric: Metric<'_>,
        rows: impl IntoIterator<Item = (Labels, u64)>,
    ) -> fmt::Result {
        self.rows(metric, MetricType::Counter, rows, |mut row, value| {
            row.encode_counter::<NoLabelSet, u64, f64>(&value, None)
        })
    }

    fn histograms<'r>(
        &mut self,
        metric: Metric<'_>,
        rows: impl IntoIterator<Item = (Labels, &'r Requests)>,
    ) -> fmt::Result {
        self.rows(metric, MetricType::Histogram, rows, |mut row, requests| {
            row.encode_histogram::<NoLabelSet>(
                requests.latency.as_secs_f64(),
                requests.total.served,
                &buckets(requests),
                None,
            )
        })
    }

    fn info(&mut self, name: &str, help: &str, labels: Labels) -> fmt::Result {
        let metric = Metric::new(name, help);
        self.rows(metric, MetricType::Info, [(vec![], ())], |mut row, ()| {
            row.encode_info(&labels)
        })
    }

    fn rows<V>(
        &mut self,
        metric: Metric<'_>,
        kind: MetricType,
        rows: impl IntoIterator<Item = (Labels, V)>,
        write: impl Fn(MetricEncoder<'_>, V) -> fmt::Result,
    ) -> fmt::Result {
        let Metric { name, unit, help } = metric;
        let name = format!("plimsoll_{name}");
        let mut encoder = self.0.encode_descriptor(&name, help, unit, kind)?;
        for (labels, value) in rows {
            write(encoder.encode_family(&labels)?, value)?;
        }
        Ok(())
    }
}

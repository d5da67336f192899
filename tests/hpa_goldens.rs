//! Decisions of Kubernetes' HorizontalPodAutoscaler, step by step, against those of `hpa`.
//!
//! The series are no part of the package: `PLIMSOLL_HPA_GOLDEN` names their folder, `../shared/reference/hpa`
//! unless set. Its README explains their format. Compared are whole decisions, with their reasons, of
//! every object that scales on the utilization of CPU alone, and the proposals for that metric of
//! objects that have others too.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use plimsoll::cluster::catalog::Hpa as Target;
use plimsoll::cluster::service::Resize;
use plimsoll::policy::autoscaler::hpa::behavior::{
    Behavior, Change, History, Policy, Rules, Select,
};
use plimsoll::policy::autoscaler::hpa::calculator::{Known, Readiness, Tally};
use plimsoll::policy::autoscaler::hpa::{Controller, Decision};
use plimsoll::policy::autoscaler::{Limit, WhyScaled};
use plimsoll::time::{Duration, Time};
use serde_json::Value;

/// Seconds added to every time, so that pods started before the first step have one.
const EPOCH: i64 = 100_000;

#[test]
fn decisions_are_those_of_the_horizontal_pod_autoscaler() {
    let named = std::env::var_os("PLIMSOLL_HPA_GOLDEN").map(PathBuf::from);
    let folder = named.clone().unwrap_or("../shared/reference/hpa".into());
    if named.is_none() && !folder.exists() {
        let missing = folder.display();
        let mut stderr = io::stderr();
        writeln!(stderr, "skipped: hpa_goldens, there is no {missing}").unwrap();
        return;
    }
    let entries = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    paths.sort();
    assert!(!paths.is_empty(), "no series in {}", folder.display());
    let mut decisions = 0;
    for path in paths {
        let series: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let compared = compare(&series);
        println!("{}", compared.line);
        decisions += compared.decisions;
    }
    println!("{decisions} decisions are the same");
}

/// What was compared of a series.
struct Compared {
    decisions: usize,
    line: String,
}

fn compare(series: &Value) -> Compared {
    let name = series["name"].as_str().unwrap();
    let what = series["description"].as_str().unwrap();
    let metrics = series["spec"]["metrics"].as_array().unwrap();
    let cpu = metrics.iter().position(|metric| {
        metric["resource"]["name"] == "cpu" && metric["resource"]["target"]["type"] == "Utilization"
    });
    let Some(cpu) = cpu else {
        let line = format!("{name} ({what}): not compared: no target of CPU utilization");
        return Compared { decisions: 0, line };
    };
    let target = Target {
        min: number(&series["spec"]["minReplicas"]),
        max: number(&series["spec"]["maxReplicas"]),
        cpu_percent: number(&metrics[cpu]["resource"]["target"]["averageUtilization"]),
    };
    let mut replay = Replay {
        controller: controller(series),
        target,
        recommendations: VecDeque::new(),
        grown: Events::default(),
        shrunk: Events::default(),
    };
    let steps = series["steps"].as_array().unwrap();
    if metrics.len() > 1 {
        for step in steps {
            replay.check_proposal(name, step, &step["proposals"][cpu]);
        }
        let proposals = steps.len();
        let line = format!(
            "{name} ({what}): {proposals} proposals for CPU are the same; decisions not compared: \
             scenarios have no other metric"
        );
        return Compared { decisions: 0, line };
    }
    for step in steps {
        replay.check_decision(name, step);
    }
    let decisions = steps.len();
    let line = format!("{name} ({what}): {decisions} decisions are the same");
    Compared { decisions, line }
}

/// One object from step to step.
struct Replay {
    controller: Controller,
    target: Target,
    recommendations: VecDeque<(Time, u32)>,
    grown: Events,
    shrunk: Events,
}

impl Replay {
    fn check_decision(&mut self, name: &str, step: &Value) {
        let now = time(&step["t"]);
        let current = number(&step["spec_replicas"]);
        if self.recommendations.is_empty() {
            self.recommendations.push_back((now, current));
        }
        let (replicas, reasons) = self.decide(step, current, now);
        let rescale = replicas != current;
        let wanted = (
            number(&step["desired"]),
            step["rescale"].as_bool().unwrap(),
            strings(&step["reasons"]),
        );
        assert_eq!(
            (replicas, rescale, reasons),
            wanted,
            "{name}, t = {}",
            step["t"]
        );
        if rescale {
            let resize = Resize {
                at: now,
                from: current,
                to: replicas,
            };
            let (events, rules) = match (&self.controller.behavior, replicas > current) {
                (Behavior::Absent { .. }, _) => return,
                (Behavior::Given { up, .. }, true) => (&mut self.grown, up),
                (Behavior::Given { down, .. }, false) => (&mut self.shrunk, down),
            };
            events.store(resize, rules);
        }
    }

    fn decide(&mut self, step: &Value, current: u32, now: Time) -> (u32, Vec<String>) {
        if current == 0 {
            return (0, vec!["ScalingDisabled".into()]);
        }
        let resizes = self.grown.0.iter().chain(&self.shrunk.0);
        let history = History {
            recommendations: &self.recommendations,
            resizes: &resizes.map(|&(resize, _)| resize).collect(),
        };
        let tally = self.tally(step, now);
        let decision = self
            .controller
            .decide(&self.target, current, &tally, history, now);
        let proposed = decision.proposed.map(|proposed| (now, proposed));
        self.recommendations.extend(proposed);
        (decision.replicas, reasons(&decision, current, &self.target))
    }

    fn check_proposal(&self, name: &str, step: &Value, wanted: &Value) {
        let tally = self.tally(step, time(&step["t"]));
        let proposal = tally.propose(number(&step["spec_replicas"]), self.controller.tolerance);
        let replicas = proposal.map(|proposal| u64::from(proposal.replicas));
        assert_eq!(replicas, wanted.as_u64(), "{name}, t = {}", step["t"]);
    }

    fn tally(&self, step: &Value, now: Time) -> Tally {
        let mut tally = Tally::new(self.target.cpu_percent);
        for pod in step["pods"].as_array().unwrap() {
            let phase = pod[1].as_str().unwrap();
            let usage = pod[8].as_u64();
            let known = Known {
                over: pod[5] == 1 || phase == "Failed",
                pending: phase == "Pending",
                started: (!pod[2].is_null()).then(|| time(&pod[2])),
                ready: pod[3].as_u64().map(|ready| (ready == 1, time(&pod[4]))),
                measured: usage.map(|_| time(&pod[10])),
            };
            let class = self.controller.readiness.class(&known, now);
            tally.add(class, pod[6].as_u64().unwrap(), usage.unwrap_or(0));
        }
        tally
    }
}

/// Scale events of one direction as the controller stores them: a new one takes the place of the
/// last that was outdated for this direction, whatever the policies of the other one still count.
#[derive(Default)]
struct Events(Vec<(Resize, bool)>);

impl Events {
    fn store(&mut self, resize: Resize, rules: &Rules) {
        let longest = rules.policies.iter().map(|policy| policy.period).max();
        for (event, outdated) in &mut self.0 {
            *outdated |= event.at + longest.unwrap() < resize.at;
        }
        match self.0.iter_mut().rfind(|(_, outdated)| *outdated) {
            Some(event) => *event = (resize, false),
            None => self.0.push((resize, false)),
        }
    }
}

/// The reasons that the controller would give for a decision.
fn reasons(decision: &Decision, current: u32, target: &Target) -> Vec<String> {
    match decision.why {
        WhyScaled::NoMetrics => vec!["FailedComputeMetricsReplicas".into()],
        WhyScaled::OutOfBounds if current > target.max => {
            vec!["Current number of replicas above Spec.MaxReplicas".into()]
        }
        WhyScaled::OutOfBounds => {
            vec!["Current number of replicas below Spec.MinReplicas".into()]
        }
        WhyScaled::Use {
            proposed,
            stabilized,
            limit,
            ..
        } => {
            let able = match (stabilized == proposed, stabilized < proposed) {
                (true, _) => "ReadyForNewScale",
                (false, true) => "ScaleUpStabilized",
                (false, false) => "ScaleDownStabilized",
            };
            let limited = match limit {
                None => "DesiredWithinRange",
                Some(Limit::MostReplicas) => "TooManyReplicas",
                Some(Limit::FewestReplicas) => "TooFewReplicas",
                Some(Limit::Growth) => "ScaleUpLimit",
                Some(Limit::Shrinkage) => "ScaleDownLimit",
            };
            vec![able.into(), limited.into()]
        }
    }
}

fn controller(series: &Value) -> Controller {
    let set = &series["controller"];
    let window = seconds(&set["downscale_stabilization_seconds"]);
    let behavior = &series["spec"]["behavior"];
    Controller {
        readiness: Readiness {
            initialization: seconds(&set["cpu_initialization_period_seconds"]),
            initial_delay: seconds(&set["initial_readiness_delay_seconds"]),
            window: seconds(&series["metric_window_seconds"]),
        },
        tolerance: set["tolerance"].as_f64().unwrap(),
        behavior: match behavior.is_null() {
            true => Behavior::Absent { window },
            false => Behavior::Given {
                up: rules(&behavior["scaleUp"], Duration::ZERO),
                down: rules(&behavior["scaleDown"], window),
            },
        },
    }
}

fn rules(rules: &Value, window: Duration) -> Rules {
    let given = &rules["stabilizationWindowSeconds"];
    let policies = rules["policies"].as_array().unwrap().iter();
    Rules {
        window: if given.is_null() {
            window
        } else {
            seconds(given)
        },
        select: match rules["selectPolicy"].as_str().unwrap() {
            "Max" => Select::Max,
            "Min" => Select::Min,
            "Disabled" => Select::Disabled,
            other => panic!("unknown policy {other}"),
        },
        policies: policies.map(policy).collect(),
    }
}

fn policy(policy: &Value) -> Policy {
    let value = number(&policy["value"]);
    Policy {
        change: match policy["type"].as_str().unwrap() {
            "Pods" => Change::Pods(value),
            "Percent" => Change::Percent(value),
            other => panic!("unknown type {other}"),
        },
        period: seconds(&policy["periodSeconds"]),
    }
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap())
}

fn time(value: &Value) -> Time {
    Time::from_secs(u64::try_from(value.as_i64().unwrap() + EPOCH).unwrap())
}

fn strings(value: &Value) -> Vec<String> {
    let strings = value.as_array().unwrap().iter();
    strings
        .map(|one| one.as_str().unwrap().to_owned())
        .collect()
}

//! Policies by name and parameter, checked against what the registry declares.

use std::fmt;
use std::str::FromStr;

use toml::de::DeValue;

use super::decode::{At, Decode, Decoder, Field, Item};
use super::problem::{Problem, Problems, Span};
use super::quantity;
use super::schema::Schema;
use super::suggest;
use crate::policy::params::{Kind, Param, Params, Value};
use crate::policy::registry::{self, Choice, Entry, Named};
use crate::time::Duration;

/// What a policy decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Which node a pod goes to.
    Scheduler,
    /// How many replicas a service has.
    Autoscaler,
    /// What is done about dead containers and nodes.
    Healer,
}

/// A name that no policy of its kind has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPolicy {
    kind: PolicyKind,
    name: String,
    known: Vec<&'static str>,
}

/// Why a policy cannot take the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongPolicy {
    /// There is none of that name.
    Unknown(UnknownPolicy),
    /// The scenario asks for what the scheduler does not look at.
    LooksAway {
        /// The scheduler.
        scheduler: &'static str,
        /// What is asked for, by key.
        asked: Vec<&'static str>,
        /// Schedulers that look at it.
        obedient: Vec<&'static str>,
    },
}

/// What is known of a policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) params: &'static [Param],
}

/// All policies, and which one of each kind is taken when none is named.
#[derive(Clone, Debug)]
pub(super) struct Registry {
    pub(super) schedulers: Vec<Known>,
    pub(super) autoscalers: Vec<Known>,
    pub(super) healers: Vec<Known>,
    /// Names of the schedulers that obey rules beyond room.
    pub(super) obedient: Vec<&'static str>,
    /// Names of the default scheduler, autoscaler and healer.
    pub(super) defaults: [&'static str; 3],
}

/// A policy as it was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    name: At<String>,
    params: Vec<(At<String>, At<Scalar>)>,
}

/// A parameter as it was written.
#[derive(Clone, Debug)]
enum Scalar {
    Text(String),
    Number(String),
}

/// A scheduler as it was written.
#[derive(Clone, Debug)]
pub(super) struct Scheduler(pub(super) Written);

/// An autoscaler as it was written.
#[derive(Clone, Debug)]
pub(super) struct Autoscaler(pub(super) Written);

/// A healer as it was written.
#[derive(Clone, Debug)]
pub(super) struct Healer(pub(super) Written);

impl PolicyKind {
    /// The word for it, which is also its key in `[policy]`.
    pub const fn name(self) -> &'static str {
        match self {
            PolicyKind::Scheduler => "scheduler",
            PolicyKind::Autoscaler => "autoscaler",
            PolicyKind::Healer => "healer",
        }
    }
}

impl Registry {
    /// The policies that are built in. The defaults are a cluster as Kubernetes sets it up.
    pub(super) fn built_in() -> Registry {
        fn known<P: ?Sized>(entries: &'static [Entry<P>]) -> Vec<Known> {
            let known = |entry: &'static Entry<P>| Known {
                name: entry.name,
                params: entry.params,
            };
            entries.iter().map(known).collect()
        }
        Registry {
            schedulers: known(registry::SCHEDULERS),
            autoscalers: known(registry::AUTOSCALERS),
            healers: known(registry::HEALERS),
            obedient: registry::OBEDIENT.to_vec(),
            defaults: ["least-allocated", "hpa", "kubernetes"],
        }
    }

    /// All policies of one kind.
    pub(super) fn known(&self, kind: PolicyKind) -> &[Known] {
        match kind {
            PolicyKind::Scheduler => &self.schedulers,
            PolicyKind::Autoscaler => &self.autoscalers,
            PolicyKind::Healer => &self.healers,
        }
    }

    /// Whether the scheduler obeys rules beyond room.
    pub(super) fn obeys_rules(&self, scheduler: &str) -> bool {
        self.obedient.contains(&scheduler)
    }

    /// That the scheduler looks at what is asked of it.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn check_rules(
        &self,
        choice: &Choice,
        asked: &[&'static str],
    ) -> Result<(), WrongPolicy> {
        let scheduler = choice.scheduler.name;
        if asked.is_empty() || self.obeys_rules(scheduler) {
            return Ok(());
        }
        Err(WrongPolicy::LooksAway {
            scheduler,
            asked: asked.to_vec(),
            obedient: self.obedient.clone(),
        })
    }

    fn find(&self, kind: PolicyKind, name: &str) -> Option<Known> {
        let known = self.known(kind).iter();
        known.copied().find(|known| known.name == name)
    }

    /// Puts another policy of one kind in its place, with the defaults of its parameters. The one
    /// that is there already keeps its parameters.
    ///
    /// # Errors
    /// When there is no such policy.
    pub(super) fn replace<'a>(
        &self,
        choice: &'a mut Choice,
        kind: PolicyKind,
        name: &str,
    ) -> Result<&'a Named, UnknownPolicy> {
        let named = self.with_defaults(kind, name);
        let named = named.ok_or_else(|| self.unknown(kind, name))?;
        let chosen = match kind {
            PolicyKind::Scheduler => &mut choice.scheduler,
            PolicyKind::Autoscaler => &mut choice.autoscaler,
            PolicyKind::Healer => &mut choice.healer,
        };
        if chosen.name != named.name {
            *chosen = named;
        }
        Ok(chosen)
    }

    /// That a policy has that name.
    ///
    /// # Errors
    /// When none has.
    pub(super) fn check_name(&self, kind: PolicyKind, name: &str) -> Result<(), WrongPolicy> {
        let known = self.find(kind, name);
        known
            .map(|_| ())
            .ok_or_else(|| self.unknown(kind, name).into())
    }

    /// What to say of a name that no policy has.
    fn unknown(&self, kind: PolicyKind, name: &str) -> UnknownPolicy {
        UnknownPolicy {
            kind,
            name: name.to_owned(),
            known: self.known(kind).iter().map(|known| known.name).collect(),
        }
    }

    /// A policy with the defaults of all its parameters.
    pub(super) fn with_defaults(&self, kind: PolicyKind, name: &str) -> Option<Named> {
        let known = self.find(kind, name)?;
        let params = known
            .params
            .iter()
            .map(|param| (param.name, default(param)));
        Some(Named {
            name: known.name,
            params: Params::new(params),
        })
    }

    /// The default policy of a kind.
    pub(super) fn default(&self, kind: PolicyKind) -> Named {
        let [scheduler, autoscaler, healer] = self.defaults;
        let name = match kind {
            PolicyKind::Scheduler => scheduler,
            PolicyKind::Autoscaler => autoscaler,
            PolicyKind::Healer => healer,
        };
        let named = self.with_defaults(kind, name);
        named.expect("the default policies are registered")
    }

    /// The policy that was written, or the default one.
    pub(super) fn choose(
        &self,
        kind: PolicyKind,
        written: Field<Written>,
        problems: &mut Problems,
    ) -> Option<Named> {
        let Some(written) = written.optional()? else {
            return Some(self.default(kind));
        };
        let Written { name, params } = written.value;
        let Some(known) = self.find(kind, &name.value) else {
            problems.push(self.unknown(kind, &name.value).problem(name.span));
            return None;
        };
        let keys: Vec<At<String>> = params.iter().map(|(key, _)| key.clone()).collect();
        let given: Vec<Option<(&'static str, Value)>> = params
            .into_iter()
            .map(|(key, scalar)| parameter(known, key, scalar, problems))
            .collect();
        let given: Vec<_> = given.into_iter().collect::<Option<_>>()?;
        let defaults = known
            .params
            .iter()
            .map(|param| (param.name, default(param)));
        let params = Params::new(defaults.chain(given));
        shapes_in_place(known, &params, name.span, &keys, problems).then_some(Named {
            name: known.name,
            params,
        })
    }
}

/// Whether shapes are given where they count, and only there.
fn shapes_in_place(
    known: Known,
    params: &Params,
    policy: Span,
    given: &[At<String>],
    problems: &mut Problems,
) -> bool {
    let mut right = true;
    for param in known.params {
        let Kind::Shape { of, choice } = param.kind else {
            continue;
        };
        let key = given.iter().find(|key| key.value == param.name);
        let (span, wrong) = match (key, params.choice(of) == choice) {
            (Some(_), true) | (None, false) => continue,
            (Some(key), false) => (key.span, "counts only with"),
            (None, true) => (policy, "must be given with"),
        };
        let text = format!("`{}` {wrong} `{of} = \"{choice}\"`", param.name);
        let note = format!("{}: {}", param.name, param.doc);
        problems.push(Problem::error(text).at(span, "").note(note));
        right = false;
    }
    right
}

fn parameter(
    known: Known,
    key: At<String>,
    scalar: At<Scalar>,
    problems: &mut Problems,
) -> Option<(&'static str, Value)> {
    let names = || known.params.iter().map(|param| param.name);
    let Some(param) = known.params.iter().find(|param| param.name == key.value) else {
        problems.push(
            Problem::error(format!("`{}` has no parameter `{}`", known.name, key.value))
                .at(key.span, suggest::did_you_mean(&key.value, names()))
                .note(suggest::known(names())),
        );
        return None;
    };
    match value(param.kind, &scalar.value) {
        Ok(value) => Some((param.name, value)),
        Err(wanted) => {
            problems.push(
                Problem::error(format!("`{}` must be {wanted}", param.name))
                    .at(scalar.span, "")
                    .note(format!("{}: {}", param.name, param.doc)),
            );
            None
        }
    }
}

/// The value that was written, or what would be right.
fn value(kind: Kind, written: &Scalar) -> Result<Value, String> {
    match kind {
        Kind::Integer { min, max } => {
            let number = written
                .number()
                .filter(|number| (min..=max).contains(number));
            number.map(Value::Integer)
        }
        Kind::Number { min, max } => {
            let number = written
                .number()
                .filter(|number| (min..=max).contains(number));
            number.map(Value::Number)
        }
        Kind::Duration => written.duration().map(Value::Duration),
        Kind::Period => {
            let length = written.duration().filter(|length| !length.is_zero());
            length.map(Value::Duration)
        }
        Kind::Choice(words) => {
            let word = written.text().filter(|word| words.contains(word));
            word.map(|word| Value::Choice(word.to_owned()))
        }
        Kind::Shape { .. } => {
            let shape = written.text().and_then(|text| text.parse().ok());
            shape.map(Value::Shape)
        }
    }
    .ok_or_else(|| wanted(kind))
}

impl Scalar {
    fn text(&self) -> Option<&str> {
        match self {
            Scalar::Text(text) => Some(text),
            Scalar::Number(_) => None,
        }
    }

    fn number<T: FromStr>(&self) -> Option<T> {
        match self {
            Scalar::Text(_) => None,
            Scalar::Number(digits) => digits.parse().ok(),
        }
    }

    fn duration(&self) -> Option<Duration> {
        quantity::duration(self.text()?).ok()
    }
}

fn wanted(kind: Kind) -> String {
    match kind {
        Kind::Integer { min, max } => format!("a whole number from {min} to {max}"),
        Kind::Number { min, max } => format!("a number from {min} to {max}"),
        Kind::Duration => "a length of time such as \"5m\"".to_owned(),
        Kind::Period => "a length of time above zero such as \"5m\"".to_owned(),
        Kind::Choice(words) => format!("one of: {}", words.join(", ")),
        Kind::Shape { .. } => {
            "points of rising use, up to 100 per cent, and what each is worth, up to 10, \
                        such as \"0=0, 100=10\""
                .to_owned()
        }
    }
}

/// The default of a parameter. Panics when it is not one of its values: an error of ours.
fn default(param: &Param) -> Value {
    let written = match param.kind {
        Kind::Integer { .. } | Kind::Number { .. } => Scalar::Number(param.default.to_owned()),
        Kind::Duration | Kind::Period | Kind::Choice(_) | Kind::Shape { .. } => {
            Scalar::Text(param.default.to_owned())
        }
    };
    match value(param.kind, &written) {
        Ok(value) => value,
        Err(wanted) => panic!("the default of `{}` is not {wanted}", param.name),
    }
}

impl Decode for Scheduler {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Scheduler> {
        Written::decode(item, decoder).map(Scheduler)
    }

    fn schema() -> Schema {
        Schema::Policy(PolicyKind::Scheduler)
    }
}

impl Decode for Autoscaler {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Autoscaler> {
        Written::decode(item, decoder).map(Autoscaler)
    }

    fn schema() -> Schema {
        Schema::Policy(PolicyKind::Autoscaler)
    }
}

impl Decode for Healer {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Healer> {
        Written::decode(item, decoder).map(Healer)
    }

    fn schema() -> Schema {
        Schema::Policy(PolicyKind::Healer)
    }
}

impl Written {
    /// A name, or a table with one key: the name, whose value is the table of parameters.
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Written> {
        if let DeValue::String(name) = item.value {
            let name = At {
                value: name.clone().into_owned(),
                span: item.span,
            };
            let params = Vec::new();
            return Some(Written { name, params });
        }
        if !item.value.is_table() {
            decoder.wrong(item, "the name of a policy, or a table with it");
            return None;
        }
        let entries = decoder.entries(item)?;
        let [(name, table)] = entries[..] else {
            decoder.problems.push(
                Problem::error(format!("`{}` needs exactly one policy", item.key))
                    .at(item.span, ""),
            );
            return None;
        };
        let entries = decoder.entries(table)?;
        let params: Vec<_> = entries
            .into_iter()
            .map(|(key, item)| Some((key.map(str::to_owned), decoder.item(item)?)))
            .collect();
        Some(Written {
            name: name.map(str::to_owned),
            params: params.into_iter().collect::<Option<_>>()?,
        })
    }
}

impl Decode for Scalar {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Scalar> {
        match item.value {
            DeValue::String(text) => Some(Scalar::Text(text.clone().into_owned())),
            DeValue::Integer(number) => Some(Scalar::Number(number.to_string())),
            DeValue::Float(number) => Some(Scalar::Number(number.to_string())),
            _ => {
                decoder.wrong(item, "text or a number");
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::AnyOf(vec![Schema::Text("5m"), Schema::Number])
    }
}

impl UnknownPolicy {
    /// The same of a name in a file.
    fn problem(&self, place: Span) -> Problem {
        let known = || self.known.iter().copied();
        Problem::error(format!("unknown {} `{}`", self.kind.name(), self.name))
            .at(place, suggest::did_you_mean(&self.name, known()))
            .note(suggest::known(known()))
    }
}

impl WrongPolicy {
    /// The same of a name in a file.
    pub(super) fn problem(&self, place: Span) -> Problem {
        match self {
            WrongPolicy::Unknown(unknown) => unknown.problem(place),
            WrongPolicy::LooksAway { obedient, .. } => Problem::error(self.message())
                .at(place, "")
                .note(format!("these do: {}", obedient.join(", "))),
        }
    }

    /// What is wrong, without the choices.
    fn message(&self) -> String {
        match self {
            WrongPolicy::Unknown(unknown) => unknown.to_string(),
            WrongPolicy::LooksAway {
                scheduler, asked, ..
            } => {
                let asked: Vec<String> = asked.iter().map(|what| format!("`{what}`")).collect();
                let asked = asked.join(", ");
                format!("the scheduler `{scheduler}` does not look at {asked}")
            }
        }
    }
}

/// ``unknown scheduler `spred` (known: first-fit, spread): did you mean `spread`?``
impl fmt::Display for UnknownPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = || self.known.iter().copied();
        let (kind, name) = (self.kind.name(), &self.name);
        write!(f, "unknown {kind} `{name}` ({})", suggest::known(known()))?;
        match suggest::nearest(name, known()) {
            Some(nearest) => write!(f, ": did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownPolicy {}

impl From<UnknownPolicy> for WrongPolicy {
    fn from(unknown: UnknownPolicy) -> WrongPolicy {
        WrongPolicy::Unknown(unknown)
    }
}

/// ``the scheduler `spread` does not look at `taints` (these do: kube, kube-binpack)``
impl fmt::Display for WrongPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WrongPolicy::Unknown(unknown) => unknown.fmt(f),
            WrongPolicy::LooksAway { obedient, .. } => {
                let obedient = obedient.join(", ");
                write!(f, "{} (these do: {obedient})", self.message())
            }
        }
    }
}

impl std::error::Error for WrongPolicy {}

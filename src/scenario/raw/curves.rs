//! The keys of distributions and loads, as written.

use toml::de::DeValue;

use crate::scenario::decode::{At, Blank, Decode, Decoder, Field, Item, List, table, tagged};
use crate::scenario::problem::Span;
use crate::scenario::schema::{Key, Presence, Schema, Table};
use crate::scenario::values::OneOrMore;
use crate::time::Duration;

/// A length of time: always the same, or drawn.
#[derive(Clone, Debug)]
pub(in crate::scenario) enum Dist {
    Fixed(Duration),
    Drawn(Law),
}

tagged! {
    /// A distribution of lengths of time.
    Law {
        /// Always the same.
        "constant" => Constant(Duration),
        /// Equally likely everywhere between two bounds.
        "uniform" => Uniform(Bounds),
        /// Exponential.
        "exponential" => Exponential(Mean),
        /// Normal, truncated at zero.
        "normal" => Normal(Normal),
        /// Lognormal.
        "lognormal" => Lognormal(Lognormal),
        /// Weibull: survival exp(-(t/scale)^shape).
        "weibull" => Weibull(ShapeScale),
        /// Gamma, with mean shape times scale.
        "gamma" => Gamma(ShapeScale),
        /// Pareto: survival (scale/t)^shape from its minimum scale on.
        "pareto" => Pareto(ShapeScale),
        /// Pareto between two bounds.
        "bounded-pareto" => BoundedPareto(ShapeBounds),
        /// Values that were observed: a list of them, or a CSV file with the columns duration_s[,weight].
        "empirical" => Empirical(Observed),
    }
}

/// Observed values: those of a file, or these.
#[derive(Clone, Debug)]
pub(in crate::scenario) enum Observed {
    File(String),
    Values(List<Duration>),
}

impl Decode for Observed {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Observed> {
        match item.value {
            DeValue::Array(items) => Some(Observed::Values(decoder.list(item.key, items))),
            DeValue::String(_) => String::decode(item, decoder).map(Observed::File),
            _ => {
                decoder.wrong(
                    item,
                    "a CSV file such as \"times.csv\" or a list such as [\"20ms\", \"31ms\"]",
                );
                None
            }
        }
    }

    fn schema() -> Schema {
        let values = Schema::List(Box::new(Duration::schema()));
        Schema::AnyOf(vec![String::schema(), values])
    }
}

table! {
    /// Bounds.
    Bounds {
        /// The least.
        Required low: Duration,
        /// The greatest.
        Required high: Duration,
    }
}

table! {
    /// A mean.
    Mean {
        /// The mean.
        Required mean: Duration,
    }
}

table! {
    /// Parameters of a normal distribution before its truncation.
    Normal {
        /// The mean.
        Required mean: Duration,
        /// The standard deviation.
        Required sd: Duration,
    }
}

table! {
    /// Parameters of a lognormal distribution.
    Lognormal {
        /// The median.
        Required median: Duration,
        /// The standard deviation of the natural logarithm.
        Required sigma: f64,
    }
}

table! {
    /// Shape and scale.
    ShapeScale {
        /// The shape.
        Required shape: f64,
        /// The scale.
        Required scale: Duration,
    }
}

table! {
    /// A shape and bounds.
    ShapeBounds {
        /// The shape.
        Required shape: f64,
        /// The least.
        Required low: Duration,
        /// The greatest.
        Required high: Duration,
    }
}

/// A load: its parts add up.
pub(in crate::scenario) type Load = OneOrMore<LoadPart>;

/// A part of a load.
#[derive(Clone, Debug)]
pub(in crate::scenario) enum LoadPart {
    Rate(f64),
    Shaped(LoadShape),
}

tagged! {
    /// Requests per second over time.
    LoadShape {
        /// Always the same.
        "constant" => Constant(f64),
        /// A cosine around a mean.
        "diurnal" => Diurnal(Diurnal),
        /// One rate before a time, another from then on.
        "step" => Step(Step),
        /// A base rate, and a higher one for a while.
        "spike" => Spike(Spike),
        /// From one rate to another in a straight line.
        "ramp" => Ramp(Ramp),
        /// From a CSV file with the columns time_s,rate_per_s. Each rate holds until the next.
        "csv" => Csv(String),
    }
}

table! {
    /// A cosine around a mean.
    Diurnal {
        /// Requests per second on average.
        Required mean: f64,
        /// Height of the peak above the mean, as a share of it, from 0 to 1.
        Required amplitude: f64,
        /// When the peak comes, from the start of the run or of any period.
        Required peak_at: Duration,
        /// Time from peak to peak. Default: 24h.
        Optional period: Duration,
    }
}

table! {
    /// One rate before a time, another from then on.
    Step {
        /// Requests per second before.
        Required before: f64,
        /// Requests per second after.
        Required after: f64,
        /// When.
        Required at: Duration,
    }
}

table! {
    /// A base rate, and a higher one for a while; it rises and falls in straight lines.
    Spike {
        /// Requests per second outside the spike.
        Required base: f64,
        /// Requests per second at the top.
        Required peak: f64,
        /// When the rise begins.
        Required at: Duration,
        /// Time from base to peak, and from peak to base. Default: none.
        Optional rise: Duration,
        /// Time at the peak.
        Required hold: Duration,
    }
}

table! {
    /// From one rate to another in a straight line.
    Ramp {
        /// Requests per second until it begins.
        Required from: f64,
        /// Requests per second once it is over.
        Required to: f64,
        /// When it begins.
        Required start: Duration,
        /// When it is over.
        Required end: Duration,
    }
}

impl Decode for Dist {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Dist> {
        match item.value {
            DeValue::String(_) => Duration::decode(item, decoder).map(Dist::Fixed),
            DeValue::Table(_) => Law::decode(item, decoder).map(Dist::Drawn),
            _ => {
                let wanted = "a length of time such as \"30s\" or a distribution such as \
                              { exponential = { mean = \"2h\" } }";
                decoder.wrong(item, wanted);
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::AnyOf(vec![Duration::schema(), Law::schema()])
    }
}

impl Decode for LoadPart {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<LoadPart> {
        match item.value {
            DeValue::Integer(_) | DeValue::Float(_) => {
                f64::decode(item, decoder).map(LoadPart::Rate)
            }
            DeValue::Table(_) => LoadShape::decode(item, decoder).map(LoadPart::Shaped),
            _ => {
                let wanted = "requests per second or a shape such as \
                              { step = { before = 100, after = 300, at = \"1h\" } }";
                decoder.wrong(item, wanted);
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::AnyOf(vec![Schema::Number, LoadShape::schema()])
    }
}

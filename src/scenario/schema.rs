//! What a scenario file looks like: the one description that the decoder reads by and that is
//! printed as a JSON Schema, so that editors complete.

use serde_json::{Map, Value, json};
use toml::de::DeValue;

use super::policies::{PolicyKind, Registry};
use crate::policy::params::{Kind, Param};

/// A table of the scenario file.
#[derive(Debug)]
pub(super) struct Table {
    /// Its name in the schema.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) presence: Presence,
    /// What its value looks like.
    pub(super) schema: fn() -> Schema,
}

/// Whether a key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

/// What a value looks like.
#[derive(Debug)]
pub(super) enum Schema {
    /// A text in a form of its own, with an example.
    Text(&'static str),
    /// One of these words.
    Words(&'static [&'static str]),
    /// A whole number, at least zero.
    Whole,
    /// A whole number of either sign.
    Signed,
    Number,
    /// True or false.
    Flag,
    /// Any of these.
    AnyOf(Vec<Schema>),
    List(Box<Schema>),
    /// A table with keys of the user's.
    Map(Box<Schema>),
    Table(&'static Table),
    /// A table with exactly one of its keys.
    Tagged(&'static Table),
    /// A policy of the registry.
    Policy(PolicyKind),
    /// Anything: what it may be is said elsewhere.
    Any,
}

impl Table {
    /// The key by whose value such a table is known among others: an objective is known by its metric, an
    /// engine by its node.
    pub(super) fn name_key(&self) -> Option<&'static str> {
        let mut keys = ["name", "metric", "node"].into_iter();
        keys.find(|name| self.keys.iter().any(|key| key.name == *name))
    }

    /// The key of that name. Panics when there is none.
    pub(super) fn key(&self, name: &str) -> &Key {
        let key = self.keys.iter().find(|key| key.name == name);
        key.expect("a field is a key of its table")
    }
}

impl Schema {
    /// The one of its kinds that a value is meant to be; for a single value the one that has parts, if
    /// there is one.
    pub(super) fn of(&self, value: &DeValue<'_>) -> Option<&Schema> {
        let (mut parts, mut list, mut single) = (None, None, None);
        let mut open = vec![self];
        while let Some(schema) = open.pop() {
            match schema {
                Schema::AnyOf(kinds) => open.extend(kinds),
                Schema::List(_) => list = list.or(Some(schema)),
                Schema::Map(_) | Schema::Table(_) | Schema::Tagged(_) | Schema::Policy(_) => {
                    parts = parts.or(Some(schema));
                }
                Schema::Text(_)
                | Schema::Words(_)
                | Schema::Whole
                | Schema::Signed
                | Schema::Number
                | Schema::Flag
                | Schema::Any => single = single.or(Some(schema)),
            }
        }
        match value {
            DeValue::Array(_) => list.or(parts).or(single),
            _ => parts.or(list).or(single),
        }
    }

    /// What stands below a key of it; `None` where it has no such key.
    pub(super) fn below(&self, key: &str) -> Option<Schema> {
        match self {
            Schema::Table(table) | Schema::Tagged(table) => {
                let key = table.keys.iter().find(|known| known.name == key)?;
                Some((key.schema)())
            }
            // Which policies there are, and with which parameters, is for the registry to say.
            Schema::Policy(_) => Some(Schema::Map(Box::new(Schema::Number))),
            Schema::Map(_) => Some(Schema::Number),
            Schema::AnyOf(_)
            | Schema::List(_)
            | Schema::Text(_)
            | Schema::Words(_)
            | Schema::Whole
            | Schema::Signed
            | Schema::Number
            | Schema::Flag
            | Schema::Any => None,
        }
    }

    /// Whether it is a table of some kind.
    pub(super) const fn has_keys(&self) -> bool {
        matches!(self, Schema::Map(_) | Schema::Table(_)) || self.is_choice()
    }

    /// Whether it is a table with one key, which says what kind of thing it is.
    pub(super) const fn is_choice(&self) -> bool {
        matches!(self, Schema::Tagged(_) | Schema::Policy(_))
    }

    /// The table it is, if tables of its kind have names.
    pub(super) fn named(&self) -> Option<&'static Table> {
        match self {
            Schema::Table(table) => {
                let has_name = table.name_key().is_some();
                has_name.then_some(*table)
            }
            _ => None,
        }
    }
}

impl Key {
    /// Its documentation on one line.
    pub(super) fn doc(&self) -> &'static str {
        self.about.trim()
    }
}

/// The JSON Schema (draft 2020-12) of a file.
pub(super) fn json(root: &Schema, registry: &Registry) -> Value {
    let mut printer = Printer {
        registry,
        tables: Map::new(),
    };
    let root = printer.schema(root);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": root["$ref"],
        "$defs": printer.tables,
    })
}

struct Printer<'a> {
    registry: &'a Registry,
    /// The tables met so far, by name.
    tables: Map<String, Value>,
}

impl Printer<'_> {
    fn schema(&mut self, schema: &Schema) -> Value {
        match schema {
            Schema::Text(example) => json!({ "type": "string", "examples": [example] }),
            Schema::Words(words) => json!({ "enum": words }),
            Schema::Whole => json!({ "type": "integer", "minimum": 0 }),
            Schema::Signed => json!({ "type": "integer" }),
            Schema::Flag => json!({"type": "boolean"}),
            Schema::Number => json!({ "type": "number" }),
            Schema::AnyOf(kinds) => {
                let kinds: Vec<Value> = kinds.iter().map(|kind| self.schema(kind)).collect();
                json!({ "anyOf": kinds })
            }
            Schema::List(item) => json!({ "type": "array", "items": self.schema(item) }),
            Schema::Map(value) => {
                json!({ "type": "object", "additionalProperties": self.schema(value) })
            }
            Schema::Table(table) => self.table(table, false),
            Schema::Tagged(table) => self.table(table, true),
            Schema::Policy(kind) => self.policy(*kind),
            Schema::Any => json!({}),
        }
    }

    fn table(&mut self, table: &Table, tagged: bool) -> Value {
        if !self.tables.contains_key(table.name) {
            // Entered first, so that a table inside itself would end here.
            self.tables.insert(table.name.to_owned(), Value::Null);
            let mut keys = Map::new();
            for key in table.keys {
                let mut value = self.schema(&(key.schema)());
                value["description"] = json!(key.doc());
                keys.insert(key.name.to_owned(), value);
            }
            let required = table
                .keys
                .iter()
                .filter(|key| key.presence == Presence::Required)
                .map(|key| key.name);
            let mut schema = object(keys, required.collect());
            schema["description"] = json!(table.about.trim());
            if tagged {
                only_one(&mut schema);
            }
            self.tables.insert(table.name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/$defs/{}", table.name) })
    }

    fn policy(&mut self, kind: PolicyKind) -> Value {
        let known = self.registry.known(kind);
        let names: Vec<&str> = known.iter().map(|known| known.name).collect();
        let mut tables = Map::new();
        for known in known {
            let params = known.params.iter().map(|p| (p.name.to_owned(), param(p)));
            tables.insert(known.name.to_owned(), object(params.collect(), Vec::new()));
        }
        let mut table = object(tables, Vec::new());
        only_one(&mut table);
        let default = self.registry.default(kind).name;
        json!({ "anyOf": [{ "enum": names }, table], "default": default })
    }
}

fn object(keys: Map<String, Value>, required: Vec<&str>) -> Value {
    json!({
        "type": "object",
        "properties": keys,
        "required": required,
        "additionalProperties": false,
    })
}

fn only_one(table: &mut Value) {
    table["minProperties"] = json!(1);
    table["maxProperties"] = json!(1);
}

fn param(param: &Param) -> Value {
    let mut schema = match param.kind {
        Kind::Integer { min, max } => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        Kind::Number { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Kind::Duration | Kind::Period => json!({ "type": "string", "examples": ["5m"] }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Shape { .. } => {
            let (example, doc) = (param.default, param.doc);
            return json!({ "type": "string", "examples": [example], "description": doc });
        }
    };
    let doc = param.doc.trim_end_matches('.');
    schema["description"] = json!(format!("{doc}. Default: {}.", param.default));
    schema
}

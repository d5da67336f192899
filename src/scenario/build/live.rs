//! Engines that nodes are, for `plimsoll live`. Their files are not looked at here: nothing but a live run
//! needs them.

use std::collections::BTreeMap;

use super::Builder;
use super::nodes::Machine;
use crate::live::config::{Endpoint, Engine, Given, Keys};
use crate::scenario::decode::{At, Field};
use crate::scenario::problem::{Problem, Span};
use crate::scenario::raw::live as raw;
use crate::units;

impl Builder<'_> {
    /// The engines that are given, each for a node of its own.
    pub(super) fn live(&mut self, raw: Field<raw::Live>) -> Option<Given> {
        let raw = raw.or_blank()?;
        let mut places = BTreeMap::new();
        let engines = raw.engines.elements();
        let engines = engines.read(|At { value: raw, .. }| self.engine(raw, &mut places));
        let publish = raw.publish.or(false)?.value;
        Some(Given {
            engines: engines?,
            publish,
        })
    }

    fn engine(
        &mut self,
        raw: raw::LiveEngine,
        places: &mut BTreeMap<String, Span>,
    ) -> Option<Engine> {
        let node = raw.node.given();
        let keys = raw.tls.if_given(|At { value, .. }| self.keys(value));
        let endpoint = raw.endpoint.given();
        let node = node.and_then(|node| self.one_node(node));
        let (endpoint, keys) = (endpoint?, keys?);
        let read = Endpoint::parse(&endpoint.value, keys);
        let read = read.map_err(|bad| {
            let message = format!("`{}` is no endpoint", endpoint.value);
            let problem = Problem::error(message).at(endpoint.span, "");
            self.problems.push(problem.note(bad.to_string()));
        });
        let (node, read) = (node?, read.ok()?);
        self.once(places, format!("node {}", node.value), node.span)?;
        self.once(places, format!("engine {read}"), endpoint.span)?;
        Some(Engine {
            node: node.value,
            endpoint: read,
        })
    }

    /// Takes note of what may stand there once.
    fn once(
        &mut self,
        places: &mut BTreeMap<String, Span>,
        what: String,
        span: Span,
    ) -> Option<()> {
        let message = format!("{what} is there already");
        match places.insert(what, span) {
            None => Some(()),
            Some(first) => {
                let problem = Problem::error(message).at(span, "");
                self.problems.push(problem.at(first, "here"));
                None
            }
        }
    }

    /// The name of one node: that of a group of one node will do.
    fn one_node(&mut self, name: At<String>) -> Option<At<String>> {
        let node = match self.machines.find(&name, self.problems)? {
            Machine::Node(node) => node,
            Machine::Group(group) => match self.members[group][..] {
                [node] => node,
                ref nodes => {
                    let names = nodes.iter().map(|&node| &self.catalog.nodes[node].name);
                    let names: Vec<String> = names.cloned().collect();
                    let message = format!("`{}` is a group of {} nodes", name.value, nodes.len());
                    let known = format!("an engine is one node: {}", units::and(&names));
                    let problem = Problem::error(message).at(name.span, "");
                    self.problems.push(problem.note(known));
                    return None;
                }
            },
        };
        let name = name.map(|_| self.catalog.nodes[node].name.clone());
        Some(name)
    }

    fn keys(&mut self, raw: raw::LiveTls) -> Option<Keys> {
        let path = |name: Field<String>| {
            let name = name.given()?;
            Some(self.files.path(&name))
        };
        let (ca, cert, key) = (path(raw.ca), path(raw.cert), path(raw.key));
        Some(Keys {
            ca: ca?,
            cert: cert?,
            key: key?,
        })
    }
}

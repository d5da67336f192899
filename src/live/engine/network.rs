//! The cluster's network on an engine, which also says which node the engine is: the mark is found through
//! whatever endpoint the engine is reached.

use std::collections::BTreeMap;

use bollard::models::{
    NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest, NetworkInspect,
};
use bollard::query_parameters::{InspectNetworkOptions, ListNetworksOptionsBuilder};

use super::{Engine, call, gone, label};
use crate::live::labels;
use crate::live::trouble::{Kind, Trouble};

/// A network that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The cluster.
    pub cluster: String,
    /// The run that makes it.
    pub run: String,
    /// The node that the engine is.
    pub node: String,
    /// Whether it leads out: Docker publishes no port of a network that does not.
    pub open: bool,
}

/// The cluster's network as it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The node that the engine is, if it says so.
    pub node: Option<String>,
    /// Whether it leads out.
    pub open: bool,
    /// The interface that stands for it on the engine's machine.
    pub bridge: Option<String>,
}

impl Engine {
    /// The cluster's network, if it is there.
    ///
    /// # Errors
    /// When somebody else's is called so.
    pub async fn network(&self, cluster: &str) -> Result<Option<Found>, Trouble> {
        let name = labels::network(cluster);
        let what = format!("network {name} of {}", self.endpoint);
        match self.inspect_network(&what, &name).await? {
            None => Ok(None),
            Some(network) => {
                let found = found(network, cluster);
                let foreign = || Trouble::refused(what, "it is there, and not plimsoll's");
                found.ok_or_else(foreign).map(Some)
            }
        }
    }

    /// A network by name or id, if it is there.
    async fn inspect_network(
        &self,
        what: &str,
        network: &str,
    ) -> Result<Option<NetworkInspect>, Trouble> {
        let options = None::<InspectNetworkOptions>;
        match call(what, self.docker.inspect_network(network, options)).await {
            Ok(network) => Ok(Some(network)),
            Err(trouble) if trouble.kind == Kind::NotFound => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Makes the cluster's network, unless it is there; says whether it was made.
    ///
    /// # Errors
    /// When it cannot, or when what is there is not like it.
    pub async fn ensure_network(&self, wanted: &Wanted) -> Result<bool, Trouble> {
        let name = labels::network(&wanted.cluster);
        let what = format!("network {name} of {}", self.endpoint);
        if let Some(found) = self.network(&wanted.cluster).await? {
            return match found.refused(wanted) {
                None => Ok(false),
                Some(why) => Err(Trouble::refused(what, why)),
            };
        }
        let labels = [
            (labels::CLUSTER, &wanted.cluster),
            (labels::RUN, &wanted.run),
            (labels::NODE, &wanted.node),
        ];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.clone()));
        let request = NetworkCreateRequest {
            name,
            driver: Some("bridge".to_owned()),
            internal: Some(!wanted.open),
            labels: Some(labels.into_iter().collect()),
            ..NetworkCreateRequest::default()
        };
        call(&what, self.docker.create_network(request))
            .await
            .map(|_| true)
    }

    /// Removes the networks that carry the cluster's label, whatever else the engine lists.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn remove_networks(&self, cluster: &str) -> Result<(), Trouble> {
        let what = format!("networks of {}", self.endpoint);
        let filters = BTreeMap::from([("label".to_owned(), vec![label(cluster)])]);
        let filters = filters.into_iter().collect();
        let options = ListNetworksOptionsBuilder::default()
            .filters(&filters)
            .build();
        for network in call(&what, self.docker.list_networks(Some(options))).await? {
            let id = network.id.unwrap_or_default();
            let network = self.inspect_network(&what, &id).await?;
            if network.is_some_and(|network| found(network, cluster).is_some()) {
                gone(call(&what, self.docker.remove_network(&id)).await)?;
            }
        }
        Ok(())
    }

    /// Takes a container off the cluster's network, or puts it back.
    ///
    /// # Errors
    /// When it is so already.
    pub async fn cut_off(&self, cluster: &str, id: &str, cut: bool) -> Result<(), Trouble> {
        let what = format!("network of {id}");
        let network = labels::network(cluster);
        let container = id.to_owned();
        if cut {
            let request = NetworkDisconnectRequest {
                container,
                force: Some(true),
            };
            return call(&what, self.docker.disconnect_network(&network, request)).await;
        }
        let request = NetworkConnectRequest {
            container,
            endpoint_config: None,
        };
        call(&what, self.docker.connect_network(&network, request)).await
    }
}

impl Found {
    /// Whether its interface is in the network that this process is in; `None`: it is not known.
    pub fn is_here(&self) -> Option<bool> {
        let bridge = self.bridge.as_ref()?;
        // There is none where there is no Linux, and no bridge either.
        let devices = std::fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
        let mut devices = devices.lines().filter_map(|line| line.split_once(':'));
        Some(devices.any(|(name, _)| name.trim() == bridge))
    }

    /// Why it cannot be what is wanted for, if it cannot.
    pub fn refused(&self, wanted: &Wanted) -> Option<String> {
        let other = self.node.as_ref().filter(|&node| *node != wanted.node);
        match other {
            Some(other) => Some(format!("it says that the engine is node {other}")),
            None if self.open != wanted.open => Some(format!(
                "it is {}, and another run left it: remove it with plimsoll live --clean --cluster {}, and \
                 --state where that run had it",
                if self.open { "open" } else { "closed" },
                wanted.cluster
            )),
            None => None,
        }
    }
}

/// `None` for a network that is not the cluster's.
fn found(network: NetworkInspect, cluster: &str) -> Option<Found> {
    let labels = network.labels.unwrap_or_default();
    let is_ours = labels.get(labels::CLUSTER).map(String::as_str) == Some(cluster);
    // Docker's bridge driver calls it so (libnetwork, `parseNetworkOptions`).
    let bridge = network
        .id
        .and_then(|id| Some(format!("br-{}", id.get(..12)?)));
    is_ours.then(|| Found {
        node: labels.get(labels::NODE).cloned(),
        open: network.internal != Some(true),
        bridge,
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};
    use std::thread;

    use super::*;
    use crate::live::config::Endpoint;

    /// An engine that lists three networks, whatever the filter, and what it was asked.
    fn engine() -> (Engine, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = Endpoint::Tcp(listener.local_addr().expect("its address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.expect("a connection"), &all);
            }
        });
        (Engine::new(&endpoint).expect("an endpoint"), asked)
    }

    /// Answers one request, and notes it without its query.
    fn answer(mut stream: TcpStream, asked: &Mutex<Vec<String>>) {
        let lines = BufReader::new(&stream).lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let mut words = head[0].split([' ', '?']);
        let mut word = || words.next().expect("a method and a path");
        let request = format!("{} {}", word(), word());
        let body = match request.as_str() {
            "GET /networks" => r#"[{ "Id": "ours" }, { "Id": "theirs" }, { "Id": "plain" }]"#,
            "GET /networks/ours" => r#"{ "Id": "ours", "Labels": { "plimsoll.cluster": "shop" } }"#,
            "GET /networks/theirs" => {
                r#"{ "Id": "theirs", "Labels": { "plimsoll.cluster": "shop-2" } }"#
            }
            _ => "{}",
        };
        asked.lock().expect("what was asked").push(request);
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json";
        write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}").expect("it listens");
    }

    #[test]
    fn a_network_without_the_label_stays_though_it_is_listed() {
        let (engine, asked) = engine();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let removed = runtime
            .expect("threads")
            .block_on(engine.remove_networks("shop"));
        assert_eq!(removed, Ok(()));
        let asked = asked.lock().expect("what was asked");
        let removed: Vec<&String> = asked
            .iter()
            .filter(|one| one.starts_with("DELETE"))
            .collect();
        assert_eq!(removed, ["DELETE /networks/ours"], "{asked:?}");
    }
}

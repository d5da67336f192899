//! What a live run is told beyond its scenario.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::{Path, PathBuf};

/// The engines that a scenario names, and how their containers are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// One for each node that has one.
    pub engines: Vec<Engine>,
    /// Whether containers listen on a port of 127.0.0.1, beside the cluster's network.
    pub publish: bool,
}

/// An engine that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    /// The node of the scenario that it is.
    pub node: String,
    /// Where it listens.
    pub endpoint: Endpoint,
}

/// Where an engine listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket on this machine.
    Unix(PathBuf),
    /// Plain TCP, on this machine alone: whoever reaches it is root there.
    Tcp(SocketAddr),
    /// TCP under TLS, in which both sides prove who they are.
    Tls {
        /// Its name or address, as its certificate has it.
        host: String,
        /// Its port.
        port: u16,
        /// What plimsoll proves itself with, and whom it believes.
        keys: Keys,
    },
}

/// The files of Docker's mutual TLS (documentation, "Protect the Docker daemon socket").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Certificates of those who may vouch for the engine: nobody else may, not even those whom this
    /// machine trusts.
    pub ca: PathBuf,
    /// The certificate that is shown to the engine.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Keys {
    /// Those of a folder, called as Docker's own client calls them in `DOCKER_CERT_PATH`.
    pub fn of_folder(dir: &Path) -> Keys {
        Keys {
            ca: dir.join("ca.pem"),
            cert: dir.join("cert.pem"),
            key: dir.join("key.pem"),
        }
    }
}

/// Why an endpoint is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadEndpoint {
    /// It has no form that is known.
    Form,
    /// It is plain TCP to another machine.
    Plain(String),
    /// It is a socket, which needs no keys.
    Needless,
}

/// On which machine an engine is, as far as its address says: what a tunnel leads to is not seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// On this one.
    Here,
    /// On another.
    Elsewhere,
    /// Its host has no address that is known, and this is what was said of it.
    Unknown(String),
}

impl Endpoint {
    /// Reads `unix:///run/docker.sock` or `tcp://127.0.0.1:2375`, and with keys `tcp://host:2376`.
    ///
    /// # Errors
    /// When it is neither, or reaches another machine without keys.
    pub fn parse(text: &str, keys: Option<Keys>) -> Result<Endpoint, BadEndpoint> {
        if let Some(path) = text.strip_prefix("unix://") {
            let path = PathBuf::from(path);
            return match (path.is_absolute(), keys) {
                (true, None) => Ok(Endpoint::Unix(path)),
                (true, Some(_)) => Err(BadEndpoint::Needless),
                (false, _) => Err(BadEndpoint::Form),
            };
        }
        let address = text.strip_prefix("tcp://").ok_or(BadEndpoint::Form)?;
        let (host, port) = host_and_port(address).ok_or(BadEndpoint::Form)?;
        if let Some(keys) = keys {
            return Ok(Endpoint::Tls { host, port, keys });
        }
        match address.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => Ok(Endpoint::Tcp(address)),
            Err(_) if host == "localhost" => Err(BadEndpoint::Form),
            Ok(_) | Err(_) => Err(BadEndpoint::Plain(host)),
        }
    }

    /// Where it is.
    pub fn whereabouts(&self) -> Whereabouts {
        let Endpoint::Tls { host, port, .. } = self else {
            return Whereabouts::Here;
        };
        let bare = host.trim_matches(['[', ']']);
        match (bare, *port).to_socket_addrs() {
            Err(error) => Whereabouts::Unknown(error.to_string()),
            // A name that is resolved has one address at least.
            Ok(mut found) => match found.all(|at| is_ours(at.ip())) {
                true => Whereabouts::Here,
                false => Whereabouts::Elsewhere,
            },
        }
    }
}

/// Whether an address is one of this machine: others cannot be bound.
fn is_ours(address: std::net::IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

/// The host, an IPv6 address with its brackets, and the port.
fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|&port| port > 0)?;
    let is_v6 = host.starts_with('[') && text.parse::<SocketAddr>().is_ok();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let is_name = !host.is_empty() && host.chars().all(plain);
    (is_v6 || is_name).then(|| (host.to_owned(), port))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Unix(path) => write!(f, "unix://{}", path.display()),
            Endpoint::Tcp(address) => write!(f, "tcp://{address}"),
            Endpoint::Tls { host, port, .. } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

impl fmt::Display for BadEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadEndpoint::Form => f.write_str(
                "an endpoint is unix:///path/of/a.sock, tcp://127.0.0.1:PORT with an address in digits, \
                 or under TLS tcp://HOST:PORT",
            ),
            BadEndpoint::Plain(host) => write!(
                f,
                "plain TCP to {host} would hand that machine to anybody on the way: only loopback is allowed \
                 without TLS"
            ),
            BadEndpoint::Needless => {
                f.write_str("a socket of this machine needs no TLS: that is for tcp://HOST:PORT")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_without_keys_is_a_socket_of_this_machine() {
        let read = |text: &str| Endpoint::parse(text, None).map(|endpoint| endpoint.to_string());
        for good in [
            "unix:///run/docker.sock",
            "tcp://127.0.0.1:2375",
            "tcp://[::1]:2375",
        ] {
            assert_eq!(read(good).as_deref(), Ok(good));
        }
        for bad in [
            "unix://docker.sock",
            "/run/docker.sock",
            "tcp://localhost:2375",
            "tcp://127.0.0.1",
            "tcp://127.0.0.1:0",
            "tcp://a b:1",
        ] {
            assert_eq!(read(bad), Err(BadEndpoint::Form), "{bad}");
        }
        for far in ["192.0.2.1", "build.example", "[2001:db8::1]"] {
            let plain = Err(BadEndpoint::Plain(far.to_owned()));
            assert_eq!(read(&format!("tcp://{far}:2375")), plain);
        }
    }

    #[test]
    fn an_endpoint_with_keys_may_be_anywhere_but_a_socket() {
        let keys = Keys::of_folder(Path::new("certs"));
        let read = |text: &str| Endpoint::parse(text, Some(keys.clone()));
        for good in [
            "tcp://build.example:2376",
            "tcp://127.0.0.1:2376",
            "tcp://[2001:db8::1]:2376",
        ] {
            let endpoint = read(good).expect(good);
            assert_eq!(endpoint.to_string(), good);
            assert!(matches!(endpoint, Endpoint::Tls { .. }));
        }
        assert_eq!(read("unix:///run/docker.sock"), Err(BadEndpoint::Needless));
    }

    #[test]
    fn an_engine_is_here_if_its_address_is() {
        let keys = || Some(Keys::of_folder(Path::new("certs")));
        let at = |text: &str| Endpoint::parse(text, keys()).expect(text).whereabouts();
        for here in ["tcp://127.0.0.1:2376", "tcp://localhost:2376"] {
            assert_eq!(at(here), Whereabouts::Here, "{here}");
        }
        // An address for documentation (RFC 5737), which nobody has.
        assert_eq!(at("tcp://192.0.2.1:2376"), Whereabouts::Elsewhere);
        // No name ends so (RFC 6761).
        let unknown = at("tcp://engine.invalid:2376");
        assert!(matches!(unknown, Whereabouts::Unknown(_)), "{unknown:?}");
    }
}

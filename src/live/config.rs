//! What a live run is told beyond its scenario.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Where an engine listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket on this machine.
    Unix(PathBuf),
    /// Plain TCP, on this machine alone: whoever reaches it is root there.
    Tcp(SocketAddr),
}

/// Why an endpoint is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadEndpoint {
    /// It has no form that is known.
    Form,
    /// It is plain TCP to another machine.
    Remote(IpAddr),
}

/// An engine that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    /// The node of the scenario that it is.
    pub node: String,
    /// Where it listens.
    pub endpoint: Endpoint,
}

impl Endpoint {
    /// Reads `unix:///run/docker.sock` or `tcp://127.0.0.1:2375`.
    ///
    /// # Errors
    /// When it is neither, or reaches another machine.
    pub fn parse(text: &str) -> Result<Endpoint, BadEndpoint> {
        if let Some(path) = text.strip_prefix("unix://") {
            let path = PathBuf::from(path);
            return match path.is_absolute() {
                true => Ok(Endpoint::Unix(path)),
                false => Err(BadEndpoint::Form),
            };
        }
        let address = text.strip_prefix("tcp://").ok_or(BadEndpoint::Form)?;
        let address: SocketAddr = address.parse().map_err(|_| BadEndpoint::Form)?;
        match address.ip().is_loopback() {
            true => Ok(Endpoint::Tcp(address)),
            false => Err(BadEndpoint::Remote(address.ip())),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Unix(path) => write!(f, "unix://{}", path.display()),
            Endpoint::Tcp(address) => write!(f, "tcp://{address}"),
        }
    }
}

impl fmt::Display for BadEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadEndpoint::Form => f.write_str(
                "an endpoint is unix:///path/of/a.sock, or tcp://127.0.0.1:PORT with an address in digits",
            ),
            BadEndpoint::Remote(address) => write!(
                f,
                "plain TCP to {address} would hand that machine to anybody on the way: only loopback is allowed"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_socket_of_this_machine() {
        let read = |text: &str| Endpoint::parse(text).map(|endpoint| endpoint.to_string());
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
        ] {
            assert_eq!(read(bad), Err(BadEndpoint::Form), "{bad}");
        }
        let remote = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(
            read("tcp://192.0.2.1:2375"),
            Err(BadEndpoint::Remote(remote))
        );
    }
}

//! Connections to containers, from the network that reaches them.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;

use super::sandbox::Machine;

/// The network that an engine's containers are reached from.
#[derive(Clone, Debug)]
pub enum Network {
    /// This machine's own.
    Host,
    /// That of a private engine's machine.
    Inside(Dialler),
}

/// Makes sockets in the network of a machine: a socket belongs to the network of the thread that
/// made it, whoever uses it later.
#[derive(Clone, Debug)]
pub struct Dialler {
    asks: mpsc::Sender<oneshot::Sender<io::Result<TcpSocket>>>,
}

impl Network {
    /// Connects to an address there.
    ///
    /// # Errors
    /// As connecting has them; also when the machine is down.
    pub async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = match self {
            Network::Host => TcpSocket::new_v4()?,
            Network::Inside(dialler) => dialler.socket().await?,
        };
        socket.set_nodelay(true)?;
        socket.connect(address).await
    }
}

impl Dialler {
    /// A thread that makes sockets in the network of a machine, whenever that is up.
    pub fn new(machine: Machine) -> Dialler {
        let (asks, asked) = mpsc::channel::<oneshot::Sender<io::Result<TcpSocket>>>();
        thread::spawn(move || {
            let mut inside = None;
            for ask in asked {
                // Nobody may want it any more.
                drop(ask.send(socket_inside(&machine, &mut inside)));
            }
        });
        Dialler { asks }
    }

    async fn socket(&self) -> io::Result<TcpSocket> {
        let (ask, answer) = oneshot::channel();
        let gone = || io::Error::other("the thread that makes sockets is gone");
        self.asks.send(ask).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// Makes a socket in the machine's network; `inside` is the one that this thread is in.
fn socket_inside(machine: &Machine, inside: &mut Option<PathBuf>) -> io::Result<TcpSocket> {
    let network = machine.network();
    let network = network.ok_or_else(|| io::Error::from(io::ErrorKind::NetworkDown))?;
    if inside.as_ref() != Some(&network) {
        let file = File::open(&network)?;
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?;
        *inside = Some(network);
    }
    TcpSocket::new_v4()
}

//! Where the nodes of a local cluster listen, and what their configuration files say.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::target::cache;

/// Most nodes that vote for the controller; further nodes are brokers only.
const VOTERS_MAX: u32 = 3;

/// The ports of one node, all on 127.0.0.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodePorts {
    /// Clients and other brokers, plain text.
    pub plain: u16,
    /// The controllers' quorum.
    pub controller: u16,
    /// Clients with TLS and SASL, where asked for.
    pub secured: Option<u16>,
}

/// Ports that are free, and held until just before the brokers start.
#[derive(Debug)]
pub(crate) struct ReservedPorts {
    pub nodes: Vec<NodePorts>,
    pub(super) held: Vec<TcpListener>,
}

impl ReservedPorts {
    /// Chooses free ports for `nodes` nodes.
    pub(crate) fn choose(nodes: u32, secured: bool) -> io::Result<ReservedPorts> {
        let mut held = Vec::new();
        let mut port = || -> io::Result<u16> {
            let listener = free_port()?;
            let port = listener.local_addr()?.port();
            held.push(listener);
            Ok(port)
        };
        let mut chosen = Vec::new();
        for _ in 0..nodes {
            let secured = if secured { Some(port()?) } else { None };
            chosen.push(NodePorts {
                plain: port()?,
                controller: port()?,
                secured,
            });
        }
        Ok(ReservedPorts { nodes: chosen, held })
    }

    /// Lets go of the ports: the brokers are about to take them.
    pub(crate) fn release(&mut self) {
        self.held.clear();
    }
}

/// First of the ports that need no special right and that few services are known by.
const FIRST_PORT: u16 = 10_000;

/// Random ports that are tried before the system is asked for one.
const RANDOM_TRIES: usize = 50;

/// A free port, below those that the system gives to outgoing connections where it tells them: a connection of any
/// program could otherwise take the port of a broker that has died and is about to be started again.
fn free_port() -> io::Result<TcpListener> {
    let ports = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let outgoing = ports
        .split_whitespace()
        .next()
        .and_then(|first| first.parse::<u16>().ok());
    let below = outgoing
        .filter(|first| *first > FIRST_PORT + 1_000)
        .map(|first| first - FIRST_PORT);
    let random = below.into_iter().flat_map(|ports: u16| {
        // The remainder is below `ports`, and so a u16.
        (0..RANDOM_TRIES).map(move |_| FIRST_PORT + (cache::random_u64() % u64::from(ports)) as u16)
    });
    for port in random {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return Ok(listener);
        }
    }
    TcpListener::bind(("127.0.0.1", 0))
}

/// One node's files within the data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeFiles {
    pub properties: PathBuf,
    pub data: PathBuf,
    pub log: PathBuf,
}

impl NodeFiles {
    pub(crate) fn of(directory: &Path, node: u32) -> NodeFiles {
        NodeFiles {
            properties: directory.join(format!("node-{node}.properties")),
            data: directory.join(format!("node-{node}")),
            log: directory.join(format!("node-{node}.log")),
        }
    }
}

/// The plain listeners of all nodes, as for `bootstrap.servers`.
pub(crate) fn bootstrap_servers(ports: &[NodePorts]) -> String {
    ports
        .iter()
        .map(|node| format!("127.0.0.1:{}", node.plain))
        .collect::<Vec<_>>()
        .join(",")
}

/// How many of `nodes` nodes vote: an odd number, since an even one survives no more failures.
fn voters(nodes: u32) -> u32 {
    let most = nodes.clamp(1, VOTERS_MAX);
    if most.is_multiple_of(2) { most - 1 } else { most }
}

/// Addresses, roles and directories of node `node` (from 1) on top of `settings`.
pub(crate) fn server_properties(
    node: u32,
    ports: &[NodePorts],
    data: &Path,
    settings: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let nodes = u32::try_from(ports.len()).unwrap_or(u32::MAX);
    let own = &ports[node as usize - 1];
    let quorum: Vec<String> = (1..=voters(nodes))
        .map(|voter| format!("{voter}@127.0.0.1:{}", ports[voter as usize - 1].controller))
        .collect();
    let votes = node <= voters(nodes);
    let mut listeners = vec![format!("PLAINTEXT://127.0.0.1:{}", own.plain)];
    if let Some(secured) = own.secured {
        listeners.push(format!("SASL_SSL://127.0.0.1:{secured}"));
    }
    let advertised = listeners.join(",");
    if votes {
        listeners.push(format!("CONTROLLER://127.0.0.1:{}", own.controller));
    }
    let pairs = [
        (
            "process.roles",
            if votes { "broker,controller" } else { "broker" }.to_owned(),
        ),
        ("node.id", node.to_string()),
        ("controller.quorum.voters", quorum.join(",")),
        ("controller.listener.names", "CONTROLLER".to_owned()),
        ("inter.broker.listener.name", "PLAINTEXT".to_owned()),
        ("listeners", listeners.join(",")),
        ("advertised.listeners", advertised),
        (
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL".to_owned(),
        ),
        ("log.dirs", data.display().to_string()),
    ];
    let mut all = settings.clone();
    all.extend(pairs.map(|(key, value)| (key.to_owned(), value)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_number_votes() {
        assert_eq!([1, 2, 3, 4, 5].map(voters), [1, 1, 3, 3, 3]);
    }

    #[test]
    fn ports_differ_and_are_held_until_released() {
        let mut reserved = ReservedPorts::choose(3, true).unwrap();
        let mut all: Vec<u16> = reserved
            .nodes
            .iter()
            .flat_map(|node| [Some(node.plain), Some(node.controller), node.secured])
            .flatten()
            .collect();
        assert_eq!(all.len(), 9);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 9);
        assert!(TcpListener::bind(("127.0.0.1", all[0])).is_err());
        reserved.release();
        assert!(reserved.held.is_empty());
    }

    /// Else a connection of any program may take the port of a broker that is started again.
    #[test]
    fn ports_are_not_those_of_outgoing_connections() {
        let Ok(range) = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range") else {
            return;
        };
        let first: u16 = range.split_whitespace().next().unwrap().parse().unwrap();
        let reserved = ReservedPorts::choose(3, true).unwrap();
        for node in &reserved.nodes {
            assert!(node.plain < first && node.controller < first, "{node:?}");
        }
    }

    #[test]
    fn a_node_beyond_the_voters_is_a_broker_only() {
        let ports: Vec<NodePorts> = (1..=4)
            .map(|n| NodePorts {
                plain: 9000 + n,
                controller: 9100 + n,
                secured: None,
            })
            .collect();
        let last = server_properties(4, &ports, Path::new("/d"), &BTreeMap::new());
        assert_eq!(last["process.roles"], "broker");
        assert_eq!(
            last["controller.quorum.voters"],
            "1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103"
        );
        assert_eq!(last["listeners"], "PLAINTEXT://127.0.0.1:9004");
        let first = server_properties(1, &ports, Path::new("/d"), &BTreeMap::new());
        assert_eq!(
            first["listeners"],
            "PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:9101"
        );
        assert_eq!(bootstrap_servers(&ports[..2]), "127.0.0.1:9001,127.0.0.1:9002");
    }
}

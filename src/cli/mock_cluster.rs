//! `kpbench mock-cluster`, hidden: a mock cluster in a process of its own, so that its work is not charged to the
//! client that is measured. Prints its addresses, then obeys one JSON command per line of standard input, and ends
//! with it.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use crate::client::mock::MockCluster;
use crate::target::mock::{MockCommand, MockGreeting, MockReply};

/// Serves until `commands` ends.
///
/// # Errors
/// When the cluster cannot be started, or `replies` is closed.
pub fn serve(brokers: u32, commands: impl BufRead, mut replies: impl Write) -> io::Result<()> {
    let cluster = MockCluster::new(brokers).map_err(|error| io::Error::other(error.to_string()))?;
    let greeting = MockGreeting {
        bootstrap_servers: cluster.bootstrap_servers(),
    };
    write_line(&mut replies, &greeting)?;
    for line in commands.lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let error = match serde_json::from_str(&line) {
            Ok(command) => obey(&cluster, command).err(),
            Err(error) => Some(format!("{line:?} is no command: {error}")),
        };
        write_line(
            &mut replies,
            &MockReply {
                ok: error.is_none(),
                error,
            },
        )?;
    }
    Ok(())
}

fn write_line(replies: &mut impl Write, value: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *replies, value)?;
    replies.write_all(b"\n")?;
    replies.flush()
}

fn obey(cluster: &MockCluster, command: MockCommand) -> Result<(), String> {
    let done = match command {
        MockCommand::CreateTopic {
            name,
            partitions,
            replication_factor,
        } => cluster.create_topic(&name, partitions, replication_factor),
        MockCommand::BrokerDown { broker } => cluster.broker_down(broker),
        MockCommand::BrokerUp { broker } => cluster.broker_up(broker),
        MockCommand::SetRoundTrip { broker, round_trip_ms } => {
            cluster.set_round_trip(broker, Duration::from_millis(round_trip_ms))
        }
        MockCommand::PushErrors { request, error, count } => {
            cluster.push_errors(request, error, count);
            Ok(())
        }
    };
    done.map_err(|error| match error.rdkafka_error_code() {
        Some(code) => code.to_string(),
        None => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greets_obeys_and_ends_with_its_input() {
        let commands = concat!(
            r#"{"command":"create-topic","name":"kpbench-a","partitions":2,"replication_factor":1}"#,
            "\n\n",
            r#"{"command":"create-topic","name":"kpbench-b","partitions":2,"replication_factor":9}"#,
            "\n",
            r#"{"command":"fly"}"#,
            "\n",
            r#"{"command":"set-round-trip","broker":null,"round_trip_ms":5}"#,
        );
        let mut replies = Vec::new();
        serve(1, commands.as_bytes(), &mut replies).unwrap();
        let text = String::from_utf8(replies).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        let greeting: MockGreeting = serde_json::from_str(lines[0]).unwrap();
        assert!(greeting.bootstrap_servers.starts_with("127.0.0.1:"), "{text}");
        let ok: Vec<bool> = lines[1..]
            .iter()
            .map(|line| serde_json::from_str::<MockReply>(line).unwrap().ok)
            .collect();
        assert_eq!(ok, [true, false, false, true], "{text}");
        assert!(lines[2].contains("eplication"), "{text}");
    }
}

//! High watermarks: how far each partition's log goes.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::cluster::{ClusterClient, REQUEST_TIMEOUT};
use super::error::TargetError;

/// How long the watermarks must stand still to count as settled.
const STILL: Duration = Duration::from_millis(100);

/// Pause between two polls while waiting for that.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a partition may be without a leader that knows that it leads.
const LEADERLESS_LIMIT: Duration = Duration::from_secs(5);

/// Pause before asking again.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// The high watermarks of a topic's partitions, and when they were asked for. The true time of each lies between the
/// two instants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatermarkPoll {
    /// High watermark of each partition, by partition.
    pub offsets: Vec<u64>,
    /// Just before the requests were sent.
    pub asked_at: Instant,
    /// Just after the last answer came.
    pub answered_at: Instant,
}

impl WatermarkPoll {
    /// Sum over the partitions.
    pub fn total(&self) -> u64 {
        self.offsets.iter().sum()
    }
}

/// Asks for the high watermarks of all partitions: one ListOffsets request per broker that leads some, all at once.
/// Asks again, for up to 5 s, where a broker does not know yet, or no longer, that it leads: the metadata of a fresh topic
/// is ahead of its leaders for some milliseconds.
pub(crate) fn poll(client: &ClusterClient, topic: &str, partitions: u32) -> Result<WatermarkPoll, TargetError> {
    let what = || format!("read the high watermarks of topic {topic}");
    let start = Instant::now();
    loop {
        let error = match poll_once(client, topic, partitions) {
            Ok(poll) => return Ok(poll),
            Err(error) if is_passing(&error) && start.elapsed() < LEADERLESS_LIMIT => error,
            Err(error) => return Err(client.request_error(what(), error)),
        };
        std::thread::sleep(RETRY_PAUSE);
        // The client asks the leaders that it knows: it must hear of new ones.
        if client.consumer.fetch_metadata(Some(topic), REQUEST_TIMEOUT).is_err() {
            return Err(client.request_error(what(), error));
        }
    }
}

/// Whether asking again may help.
fn is_passing(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::UnknownTopicOrPartition
                | Code::UnknownPartition
                | Code::ReplicaNotAvailable
                | Code::OffsetNotAvailable
                | Code::FencedLeaderEpoch
                | Code::UnknownLeaderEpoch
                | Code::NoOffset
        )
    )
}

fn poll_once(client: &ClusterClient, topic: &str, partitions: u32) -> Result<WatermarkPoll, KafkaError> {
    let mut asked = TopicPartitionList::with_capacity(partitions as usize);
    for partition in 0..partitions {
        // In a query by time, the time -1 means the end of the log (Kafka protocol, ListOffsets).
        let partition = i32::try_from(partition).unwrap_or(i32::MAX);
        asked.add_partition_offset(topic, partition, Offset::End)?;
    }
    let asked_at = Instant::now();
    let found = client.consumer.offsets_for_times(asked, REQUEST_TIMEOUT)?;
    let answered_at = Instant::now();
    let mut offsets = vec![0_u64; partitions as usize];
    for element in found.elements() {
        element.error()?;
        let place = usize::try_from(element.partition())
            .ok()
            .and_then(|place| offsets.get_mut(place));
        match (place, element.offset()) {
            (Some(place), Offset::Offset(offset)) => *place = u64::try_from(offset).unwrap_or(0),
            // No answer for this partition, and no error either.
            _ => return Err(KafkaError::OffsetFetch(RDKafkaErrorCode::NoOffset)),
        }
    }
    Ok(WatermarkPoll {
        offsets,
        asked_at,
        answered_at,
    })
}

/// Polls until the watermarks have stood still for 100 ms.
pub(crate) fn settled(
    client: &ClusterClient,
    topic: &str,
    partitions: u32,
    timeout: Duration,
) -> Result<WatermarkPoll, TargetError> {
    let start = Instant::now();
    let mut last = poll(client, topic, partitions)?;
    let mut still_since = last.asked_at;
    loop {
        std::thread::sleep(PAUSE);
        let next = poll(client, topic, partitions)?;
        if next.offsets != last.offsets {
            still_since = next.asked_at;
        } else if next.asked_at.duration_since(still_since) >= STILL {
            return Ok(next);
        }
        if start.elapsed() > timeout {
            let seconds = timeout.as_secs_f64();
            return Err(TargetError::TimedOut(format!(
                "the high watermarks of topic {topic} still moved after {seconds:.1} s"
            )));
        }
        last = next;
    }
}

//! High watermarks: how far each partition's log goes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::cluster::{ClusterClient, REQUEST_TIMEOUT};
use super::error::TargetError;

/// How long the watermarks must stand still to count as settled where nothing more is expected.
const STILL: Duration = Duration::from_millis(40);

/// How long they must stand still where records are missing. With `acks=1` the high watermark follows the
/// acknowledgements only when the followers have fetched, and a short pause of theirs is no loss.
const STILL_WHERE_SHORT: Duration = Duration::from_secs(2);

/// Pause between two polls while waiting for that.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a partition may be without a leader that knows that it leads.
const LEADERLESS_LIMIT: Duration = Duration::from_secs(5);

/// Pause before asking again.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// The high watermarks of one or several topics' partitions, and when they were asked for. The true time of each lies between the
/// two instants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatermarkPoll {
    /// High watermark of each partition, by partition; those of several topics one behind the other, in the topics' order.
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

/// A topic with its number of partitions.
pub(crate) type Partitioned = (String, u32);

/// The names of topics, for messages.
fn names(topics: &[Partitioned]) -> String {
    let names: Vec<&str> = topics.iter().map(|(name, _)| name.as_str()).collect();
    match &names[..] {
        [one] => format!("topic {one}"),
        several => format!("topics {}", several.join(", ")),
    }
}

/// Asks for the high watermarks of all partitions of all topics: one ListOffsets request per broker that leads some, all at once.
/// Asks again, for up to 5 s, where a broker does not know yet, or no longer, that it leads: the metadata of a fresh topic
/// is ahead of its leaders for some milliseconds.
pub(crate) fn poll(client: &ClusterClient, topics: &[Partitioned]) -> Result<WatermarkPoll, TargetError> {
    let what = || format!("read the high watermarks of {}", names(topics));
    let start = Instant::now();
    loop {
        let error = match poll_once(client, topics) {
            Ok(poll) => return Ok(poll),
            Err(error) if is_passing(&error) && start.elapsed() < LEADERLESS_LIMIT => error,
            Err(error) => return Err(client.request_error(what(), error)),
        };
        std::thread::sleep(RETRY_PAUSE);
        // The client asks the leaders that it knows: it must hear of new ones.
        let mut asked = topics.iter().map(|(topic, _)| topic.as_str());
        if asked.any(|topic| client.consumer.fetch_metadata(Some(topic), REQUEST_TIMEOUT).is_err()) {
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

fn poll_once(client: &ClusterClient, topics: &[Partitioned]) -> Result<WatermarkPoll, KafkaError> {
    let all: u32 = topics.iter().map(|(_, partitions)| partitions).sum();
    let mut asked = TopicPartitionList::with_capacity(all as usize);
    // By topic: the place of its first partition among all, and how many it has.
    let mut places: HashMap<&str, (usize, u32)> = HashMap::new();
    let mut first = 0;
    for (topic, partitions) in topics {
        for partition in 0..*partitions {
            // In a query by time, the time -1 means the end of the log (Kafka protocol, ListOffsets).
            let partition = i32::try_from(partition).unwrap_or(i32::MAX);
            asked.add_partition_offset(topic, partition, Offset::End)?;
        }
        places.insert(topic, (first, *partitions));
        first += *partitions as usize;
    }
    let asked_at = Instant::now();
    let found = client.consumer.offsets_for_times(asked, REQUEST_TIMEOUT)?;
    let answered_at = Instant::now();
    let mut offsets = vec![0_u64; all as usize];
    for element in found.elements() {
        element.error()?;
        let partition = u32::try_from(element.partition()).ok();
        let place = places.get(element.topic()).zip(partition);
        let place = place
            .filter(|((_, partitions), partition)| partition < partitions)
            .and_then(|((first, _), partition)| offsets.get_mut(first + partition as usize));
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

/// When to believe that watermarks stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// What their sum comes to at least where nothing is lost. Below it they must stand still for 2 s.
    pub expected: u64,
    /// How long they must stand still once their sum has reached that.
    pub still: Duration,
    /// After so long whatever has stood still for 40 ms counts, and what has not never will.
    pub timeout: Duration,
}

impl Patience {
    /// Where nothing is known of what was written: 40 ms of stillness.
    pub fn within(timeout: Duration) -> Patience {
        Patience {
            expected: 0,
            still: STILL,
            timeout,
        }
    }
}

/// What a series of polls has shown so far.
struct Stillness {
    patience: Patience,
    started_at: Instant,
    still_since: Instant,
    last: Vec<u64>,
}

/// What a poll shows.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Settled,
    NotYet,
    /// They still moved when the time was over.
    Moving,
}

impl Stillness {
    fn new(patience: Patience, first: &WatermarkPoll) -> Stillness {
        Stillness {
            patience,
            started_at: first.asked_at,
            still_since: first.answered_at,
            last: first.offsets.clone(),
        }
    }

    fn observe(&mut self, poll: &WatermarkPoll) -> Shown {
        if poll.offsets != self.last {
            self.last.clone_from(&poll.offsets);
            self.still_since = poll.answered_at;
        }
        let still = poll.asked_at.saturating_duration_since(self.still_since);
        let needed = if poll.total() >= self.patience.expected {
            self.patience.still
        } else {
            self.patience.still.max(STILL_WHERE_SHORT)
        };
        let late = poll.asked_at.saturating_duration_since(self.started_at) > self.patience.timeout;
        match (still >= needed, late) {
            (true, _) => Shown::Settled,
            (false, true) if still >= STILL => Shown::Settled,
            (false, true) => Shown::Moving,
            (false, false) => Shown::NotYet,
        }
    }
}

/// Polls until the watermarks have stood still for as long as `patience` asks.
pub(crate) fn settled(
    client: &ClusterClient,
    topics: &[Partitioned],
    patience: Patience,
) -> Result<WatermarkPoll, TargetError> {
    let mut stillness = Stillness::new(patience, &poll(client, topics)?);
    loop {
        std::thread::sleep(PAUSE);
        let next = poll(client, topics)?;
        match stillness.observe(&next) {
            Shown::Settled => return Ok(next),
            Shown::NotYet => {}
            Shown::Moving => {
                let seconds = patience.timeout.as_secs_f64();
                return Err(TargetError::TimedOut(format!(
                    "the high watermarks of {} still moved after {seconds:.1} s",
                    names(topics)
                )));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Polls of a topic with 100 records from the first one on, then of what `later` says, as (ms, records).
    fn shown(patience: Patience, later: &[(u64, u64)]) -> Vec<Shown> {
        let start = Instant::now();
        let at = |ms: u64, total: u64| WatermarkPoll {
            offsets: vec![total],
            asked_at: start + Duration::from_millis(ms),
            answered_at: start + Duration::from_millis(ms),
        };
        let mut stillness = Stillness::new(patience, &at(0, 100));
        later
            .iter()
            .map(|&(ms, total)| stillness.observe(&at(ms, total)))
            .collect()
    }

    fn patience(expected: u64) -> Patience {
        Patience {
            expected,
            ..Patience::within(Duration::from_secs(10))
        }
    }

    #[test]
    fn what_has_reached_the_records_acknowledged_settles_at_once() {
        assert_eq!(
            shown(patience(100), &[(20, 100), (40, 100)]),
            [Shown::NotYet, Shown::Settled]
        );
    }

    #[test]
    fn a_pause_short_of_them_is_no_loss() {
        assert_eq!(
            shown(patience(150), &[(40, 100), (1_900, 100), (1_920, 150), (1_960, 150)]),
            [Shown::NotYet, Shown::NotYet, Shown::NotYet, Shown::Settled]
        );
    }

    #[test]
    fn two_seconds_short_of_them_are_loss() {
        assert_eq!(shown(patience(150), &[(2_000, 100)]), [Shown::Settled]);
    }

    #[test]
    fn the_timeout_ends_the_wait_for_stillness() {
        let brief = Patience {
            timeout: Duration::from_millis(500),
            ..patience(150)
        };
        assert_eq!(shown(brief, &[(400, 100), (510, 100)]), [Shown::NotYet, Shown::Settled]);
        assert_eq!(shown(brief, &[(490, 110), (510, 110)]), [Shown::NotYet, Shown::Moving]);
    }
}

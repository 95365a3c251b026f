//! Produce requests made before the clock starts and sent over one connection by a program that does nothing else: what
//! the broker takes from a client that costs next to nothing and, like librdkafka, puts one batch into each request.
//!
//! The ceiling for whoever sends such requests on this machine, not a client: nothing is partitioned, batched or timed
//! record by record. Shapes are those of Kafka's protocol guide, Produce version 7 and record batch version 2.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::combination::{Combination, PARTITIONS};
use super::peer::IN_FLIGHT;

/// Bytes of a record batch before its first record.
const BATCH_HEADER: usize = 61;
/// Most records that librdkafka puts into a batch (`batch.num.messages`).
const MOST_RECORDS: usize = 10_000;
/// Where a record batch's checksum begins to count: at its attributes.
const CHECKED_FROM: usize = 21;
/// Longest silence of the broker.
const PATIENCE: Duration = Duration::from_secs(30);
const PRODUCE: i16 = 0;
const PRODUCE_VERSION: i16 = 7;

/// Sends for so long, then waits for what is in flight. Returns how many records were acknowledged, and the time in s.
pub fn send(servers: &str, topic: &str, combination: Combination, millis: u64) -> anyhow::Result<(u64, f64)> {
    let mut random = StdRng::seed_from_u64(1);
    let (frames, records): (Vec<_>, Vec<_>) = (0..PARTITIONS as i32)
        .map(|partition| request(topic, partition, combination, &mut random))
        .unzip();
    let started = Instant::now();
    let mut connection = TcpStream::connect(servers).with_context(|| format!("connect to {servers}"))?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let (mut sent, mut answered, mut acknowledged) = (0_usize, 0_usize, 0);
    let mut answer = Vec::new();
    let end = started + Duration::from_millis(millis);
    loop {
        let is_over = Instant::now() >= end;
        if !is_over && sent - answered < IN_FLIGHT as usize {
            connection
                .write_all(&frames[sent % frames.len()])
                .context("send a request")?;
            sent += 1;
        } else if answered < sent {
            read_answer(&mut connection, &mut answer)?;
            ensure_written(&answer, topic)?;
            acknowledged += records[answered % frames.len()];
            answered += 1;
        } else {
            return Ok((acknowledged, started.elapsed().as_secs_f64()));
        }
    }
}

fn read_answer(connection: &mut TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<()> {
    let mut length = [0; 4];
    connection.read_exact(&mut length).context("read an answer")?;
    answer.resize(u32::from_be_bytes(length) as usize, 0);
    connection.read_exact(answer).context("read an answer")
}

/// Of the one partition: correlation id, one topic with its name, one partition with its index, then the error.
fn ensure_written(answer: &[u8], topic: &str) -> anyhow::Result<()> {
    let place = 4 + 4 + 2 + topic.len() + 4 + 4;
    let error = answer.get(place..place + 2).context("an answer is cut short")?;
    ensure!(
        error == [0, 0],
        "the broker answers with error {}",
        i16::from_be_bytes([error[0], error[1]])
    );
    Ok(())
}

/// A request with one full batch of random records, and how many they are.
fn request(topic: &str, partition: i32, combination: Combination, random: &mut StdRng) -> (Vec<u8>, u64) {
    let (batch, records) = batch(combination, random);
    let acks: i16 = match combination.acks {
        kpbench::protocol::Acks::None => 0,
        kpbench::protocol::Acks::Leader => 1,
        kpbench::protocol::Acks::All => -1,
    };
    let mut body = Vec::with_capacity(batch.len() + 100);
    body.extend(PRODUCE.to_be_bytes());
    body.extend(PRODUCE_VERSION.to_be_bytes());
    // Correlation id, and no client id; no transaction.
    body.extend(0_i32.to_be_bytes());
    body.extend((-1_i16).to_be_bytes());
    body.extend((-1_i16).to_be_bytes());
    body.extend(acks.to_be_bytes());
    body.extend(30_000_i32.to_be_bytes());
    body.extend(1_i32.to_be_bytes());
    body.extend((topic.len() as i16).to_be_bytes());
    body.extend(topic.as_bytes());
    body.extend(1_i32.to_be_bytes());
    body.extend(partition.to_be_bytes());
    body.extend((batch.len() as i32).to_be_bytes());
    body.extend(batch);
    let mut frame = (body.len() as i32).to_be_bytes().to_vec();
    frame.append(&mut body);
    (frame, records)
}

/// As many records as fit `batch.size`, uncompressed.
pub fn batch(combination: Combination, random: &mut StdRng) -> (Vec<u8>, u64) {
    let mut value = vec![0; combination.record_size as usize];
    let (mut records, mut count) = (Vec::new(), 0_usize);
    while count < MOST_RECORDS {
        random.fill_bytes(&mut value);
        let one = record(count, &value);
        if count > 0 && BATCH_HEADER + records.len() + one.len() > combination.batch_size as usize {
            break;
        }
        records.extend(one);
        count += 1;
    }
    let mut batch = Vec::with_capacity(BATCH_HEADER + records.len());
    batch.extend(0_i64.to_be_bytes());
    batch.extend(((BATCH_HEADER - 12 + records.len()) as i32).to_be_bytes());
    // Leader epoch, magic, and room for the checksum.
    batch.extend((-1_i32).to_be_bytes());
    batch.push(2);
    batch.extend([0; 4]);
    // Attributes, last offset delta, first and largest timestamp.
    batch.extend(0_i16.to_be_bytes());
    batch.extend((count as i32 - 1).to_be_bytes());
    let now_ms = std::time::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_millis() as i64);
    batch.extend(now_ms.to_be_bytes());
    batch.extend(now_ms.to_be_bytes());
    // No producer id, epoch or sequence.
    batch.extend((-1_i64).to_be_bytes());
    batch.extend((-1_i16).to_be_bytes());
    batch.extend((-1_i32).to_be_bytes());
    batch.extend((count as i32).to_be_bytes());
    batch.extend(records);
    let checksum = crc32c(&batch[CHECKED_FROM..]);
    batch[CHECKED_FROM - 4..CHECKED_FROM].copy_from_slice(&checksum.to_be_bytes());
    (batch, count as u64)
}

/// A record without key and headers.
fn record(place: usize, value: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0];
    put_varint(&mut body, place as i64);
    put_varint(&mut body, -1);
    put_varint(&mut body, value.len() as i64);
    body.extend(value);
    put_varint(&mut body, 0);
    let mut record = Vec::with_capacity(body.len() + 3);
    put_varint(&mut record, body.len() as i64);
    record.extend(body);
    record
}

/// Zigzag, then seven bits to the byte, as in Protocol Buffers.
pub fn put_varint(bytes: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// Castagnoli's polynomial, reflected; bit by bit, since it is needed a few times before the clock starts.
pub fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ (0x82F6_3B78 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc))
    })
}

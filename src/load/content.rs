//! What generated values consist of, and how long they are. Pure but for the random numbers it is handed.

use rand::{Rng, RngExt};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::protocol::{Content, Size};

/// Words for text: common English, so that letter frequencies and repetitions are those of prose.
const WORDS: &[&str] = &[
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "is",
    "that",
    "for",
    "it",
    "as",
    "was",
    "with",
    "be",
    "by",
    "on",
    "not",
    "he",
    "his",
    "but",
    "at",
    "are",
    "this",
    "have",
    "from",
    "or",
    "had",
    "an",
    "they",
    "which",
    "one",
    "you",
    "were",
    "all",
    "her",
    "she",
    "there",
    "would",
    "their",
    "we",
    "him",
    "been",
    "has",
    "when",
    "who",
    "will",
    "no",
    "more",
    "if",
    "out",
    "so",
    "up",
    "said",
    "what",
    "its",
    "about",
    "than",
    "into",
    "them",
    "can",
    "only",
    "other",
    "time",
    "new",
    "some",
    "could",
    "these",
    "two",
    "may",
    "first",
    "then",
    "do",
    "any",
    "like",
    "my",
    "now",
    "over",
    "such",
    "our",
    "man",
    "me",
    "even",
    "most",
    "made",
    "after",
    "also",
    "well",
    "many",
    "must",
    "before",
    "should",
    "through",
    "back",
    "years",
    "where",
    "much",
    "your",
    "way",
    "down",
    "because",
    "long",
    "get",
    "those",
    "people",
    "order",
    "customer",
    "payment",
    "delivery",
    "address",
    "account",
    "message",
    "partition",
    "market",
    "water",
    "number",
    "between",
];

/// One size of a distribution.
pub(super) fn draw(size: &Size, random: &mut Xoshiro256PlusPlus) -> usize {
    match size {
        Size::Fixed { bytes } => *bytes as usize,
        Size::Uniform { min_bytes, max_bytes } => random.random_range(*min_bytes..=*max_bytes) as usize,
        Size::Normal {
            mean_bytes,
            deviation_bytes,
            min_bytes,
            max_bytes,
        } => {
            let value = mean_bytes + deviation_bytes * standard_normal(random);
            value.round().clamp(f64::from(*min_bytes), f64::from(*max_bytes)) as usize
        }
        // Lines are taken as they are; contents that are made have their mean.
        Size::Lines { mean_bytes, .. } => mean_bytes.round() as usize,
        Size::Choice { choices } => {
            let total: f64 = choices.iter().map(|choice| choice.weight).sum();
            let mut place = random.random::<f64>() * total;
            for choice in choices {
                place -= choice.weight;
                if place < 0.0 {
                    return choice.bytes as usize;
                }
            }
            choices.last().map_or(0, |choice| choice.bytes as usize)
        }
    }
}

/// One standard normal value: Box and Muller (1958), the cosine half.
fn standard_normal(random: &mut Xoshiro256PlusPlus) -> f64 {
    let (u, v) = (1.0 - random.random::<f64>(), random.random::<f64>());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// Appends one value of `size` bytes.
pub(super) fn fill(bytes: &mut Vec<u8>, content: &Content, size: usize, random: &mut Xoshiro256PlusPlus) {
    let end = bytes.len() + size;
    match content {
        Content::Random => fill_random(bytes, size, random),
        Content::Ratio { ratio } => fill_ratio(bytes, size, *ratio, random),
        Content::Text => {
            while bytes.len() < end {
                bytes.extend_from_slice(word(random).as_bytes());
                bytes.push(b' ');
            }
            bytes.truncate(end);
        }
        Content::Json => fill_json(bytes, size, random),
        // Records of a file are not made.
        Content::File { .. } => {}
    }
}

/// Words by Zipf's law, roughly: the square of a uniform value prefers the front of the list.
fn word(random: &mut Xoshiro256PlusPlus) -> &'static str {
    let place = random.random::<f64>();
    WORDS[(place * place * WORDS.len() as f64) as usize]
}

fn fill_random(bytes: &mut Vec<u8>, size: usize, random: &mut Xoshiro256PlusPlus) {
    let start = bytes.len();
    bytes.resize(start + size, 0);
    random.fill_bytes(&mut bytes[start..]);
}

/// `1 / ratio` of each record is random, the rest one repeated byte. A codec keeps the first and all but drops the other.
fn fill_ratio(bytes: &mut Vec<u8>, size: usize, ratio: f64, random: &mut Xoshiro256PlusPlus) {
    let incompressible = ((size as f64 / ratio.max(1.0)).round() as usize).min(size);
    fill_random(bytes, incompressible, random);
    bytes.resize(bytes.len() + size - incompressible, b'=');
}

/// One object with the fields of an order event, its note cut or stretched so that the record has its size. A record too
/// small for the object holds its beginning.
fn fill_json(bytes: &mut Vec<u8>, size: usize, random: &mut Xoshiro256PlusPlus) {
    let start = bytes.len();
    let head = format!(
        r#"{{"order_id":{},"customer_id":"{:016x}","status":"{}","amount_cents":{},"currency":"{}","note":""#,
        random.random_range(1_000_000u64..9_999_999),
        random.random::<u64>(),
        ["NEW", "PAID", "SHIPPED", "RETURNED"][random.random_range(0..4)],
        random.random_range(99u32..250_000),
        ["EUR", "USD", "KRW"][random.random_range(0..3)],
    );
    const TAIL: &[u8] = b"\"}";
    bytes.extend_from_slice(head.as_bytes());
    if head.len() + TAIL.len() >= size {
        bytes.truncate(start + size);
        return;
    }
    let end = start + size - TAIL.len();
    while bytes.len() < end {
        bytes.extend_from_slice(word(random).as_bytes());
        bytes.push(b' ');
    }
    bytes.truncate(end);
    bytes.extend_from_slice(TAIL);
}

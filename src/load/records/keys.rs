//! Keys: drawn by number from a set, counted, or taken from the payload. What a number's key looks like.

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Zipf};
use rand_xoshiro::Xoshiro256PlusPlus;
use uuid::Builder;

use super::burst::Place;
use super::payload_keys::PayloadKeys;
use crate::load::LoadError;
use crate::protocol::{Key, KeyForm};

/// The keys of one sending thread.
#[derive(Debug)]
pub(super) enum KeySource<'a> {
    None,
    /// Numbers of a set, or counted up.
    Numbered {
        numbers: Numbers,
        form: KeyForm,
    },
    Payload(&'a PayloadKeys),
}

/// Which number comes next.
#[derive(Debug)]
pub(super) enum Numbers {
    Sequential {
        next: u64,
        step: u64,
    },
    Uniform {
        keys: u64,
        random: Xoshiro256PlusPlus,
    },
    Zipf {
        keys: u64,
        /// By rejection, which is exact (Crease, "Rejection sampling the Zipf distribution").
        law: Zipf<f64>,
        random: Xoshiro256PlusPlus,
    },
}

impl Numbers {
    /// Those of sending thread `sender` of `of`; none where keys are not numbered. Sequential numbers are dealt out over the
    /// threads, so that none comes twice.
    ///
    /// # Errors
    /// A set without keys, or a skew that is none.
    pub(super) fn new(key: &Key, seed: u64, sender: usize, of: usize) -> Result<Option<(Self, KeyForm)>, LoadError> {
        let random = || Xoshiro256PlusPlus::seed_from_u64(seed);
        Ok(match *key {
            Key::None | Key::Payload { .. } => None,
            Key::Sequential { form } => {
                let (next, step) = (sender as u64, of.max(1) as u64);
                Some((Numbers::Sequential { next, step }, form))
            }
            Key::Uniform { keys: 0, .. } | Key::Zipf { keys: 0, .. } => {
                return Err(LoadError::Spec("a set of keys needs one at least".to_owned()));
            }
            Key::Uniform { keys, form } => Some((Numbers::Uniform { keys, random: random() }, form)),
            Key::Zipf { keys, skew, form } => {
                let law = Zipf::new(keys as f64, skew)
                    .map_err(|error| LoadError::Spec(format!("keys by Zipf's law with skew {skew}: {error}")))?;
                let random = random();
                Some((Numbers::Zipf { keys, law, random }, form))
            }
        })
    }

    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        match self {
            Numbers::Sequential { next, step } => {
                let number = *next;
                *next = next.wrapping_add(*step);
                number
            }
            Numbers::Uniform { keys, random } => random.random_range(0..*keys),
            // Rounding must not lead out of the set.
            Numbers::Zipf { keys, law, random } => (law.sample(random) as u64).clamp(1, *keys) - 1,
        }
    }
}

impl<'a> KeySource<'a> {
    /// The next key, where the record's value is number `value` of the payload.
    #[inline]
    pub(super) fn next(&mut self, value: usize, bytes: &'a [u8], scratch: &mut Vec<u8>) -> Place<'a> {
        match self {
            KeySource::None => Place::Absent,
            KeySource::Numbered { numbers, form } => {
                let start = scratch.len();
                write_key(numbers.next(), *form, scratch);
                let end = scratch.len();
                Place::Scratch { start, end }
            }
            KeySource::Payload(keys) => keys.of(value, bytes).map_or(Place::Absent, Place::Lasting),
        }
    }
}

/// Appends a number's key.
#[inline]
pub(super) fn write_key(number: u64, form: KeyForm, out: &mut Vec<u8>) {
    match form {
        KeyForm::Text => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        KeyForm::Binary => out.extend_from_slice(&number.to_be_bytes()),
        KeyForm::Uuid => {
            let (high, low) = (mixed(number), mixed(!number));
            write_uuid(u128::from(high) << 64 | u128::from(low), out);
        }
    }
}

/// Appends the text form of the version 4 UUID with these random bits.
#[inline]
pub(super) fn write_uuid(bits: u128, out: &mut Vec<u8>) {
    let uuid = Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    uuid.hyphenated().encode_lower(&mut text);
    out.extend_from_slice(&text);
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014): one to one, and nothing in common with its argument.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn numbers(key: &Key, seed: u64) -> Numbers {
        Numbers::new(key, seed, 0, 1).unwrap().unwrap().0
    }

    fn written(number: u64, form: KeyForm) -> Vec<u8> {
        let mut out = Vec::new();
        write_key(number, form, &mut out);
        out
    }

    const TEXT: KeyForm = KeyForm::Text;

    #[test]
    fn sequential_keys_of_all_threads_are_every_number_once() {
        let key = Key::Sequential { form: TEXT };
        let mut all: Vec<u64> = (0..3)
            .flat_map(|sender| {
                let (mut numbers, _) = Numbers::new(&key, 1, sender, 3).unwrap().unwrap();
                (0..4).map(|_| numbers.next()).collect::<Vec<_>>()
            })
            .collect();
        all.sort_unstable();
        assert_eq!(all, (0..12).collect::<Vec<_>>());
    }

    #[test]
    fn uniform_keys_are_each_as_likely() {
        let mut uniform = numbers(&Key::Uniform { keys: 10, form: TEXT }, 5);
        let mut counts = [0_f64; 10];
        (0..100_000).for_each(|_| counts[uniform.next() as usize] += 1.0);
        let chi_squared: f64 = counts.iter().map(|count| (count - 1e4).powi(2) / 1e4).sum();
        // 9 degrees of freedom: 27.9 is reached once in a thousand times.
        assert!(chi_squared < 27.9, "{counts:?}");
    }

    /// Against the law's own probabilities, with skews on both sides of 1 and 1 itself.
    #[test]
    fn zipf_keys_are_as_likely_as_the_law_says() {
        for skew in [0.5, 0.99, 1.0, 2.0] {
            const KEYS: usize = 20;
            let mut zipf = numbers(
                &Key::Zipf {
                    keys: KEYS as u64,
                    skew,
                    form: TEXT,
                },
                11,
            );
            let mut counts = [0_f64; KEYS];
            const DRAWN: usize = 200_000;
            (0..DRAWN).for_each(|_| counts[zipf.next() as usize] += 1.0);
            let weights: Vec<f64> = (1..=KEYS).map(|rank| (rank as f64).powf(-skew)).collect();
            let sum: f64 = weights.iter().sum();
            let chi_squared: f64 = counts
                .iter()
                .zip(&weights)
                .map(|(count, weight)| {
                    let expected = weight / sum * DRAWN as f64;
                    (count - expected).powi(2) / expected
                })
                .sum();
            // 19 degrees of freedom: 43.8 is reached once in a thousand times.
            assert!(chi_squared < 43.8, "skew {skew}: {chi_squared}");
        }
    }

    #[test]
    fn large_sets_and_skews_stay_within_the_set() {
        for (keys, skew) in [(1, 1.5), (2, 10.0), (1_000_000_000_000, 0.01), (1_000_000, 1.000_000_1)] {
            let mut zipf = numbers(&Key::Zipf { keys, skew, form: TEXT }, 3);
            assert!((0..10_000).all(|_| zipf.next() < keys), "{keys} {skew}");
        }
    }

    #[test]
    fn the_seed_decides() {
        let key = Key::Zipf {
            keys: 1_000,
            skew: 1.1,
            form: TEXT,
        };
        let drawn = |seed| {
            let mut zipf = numbers(&key, seed);
            (0..50).map(|_| zipf.next()).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
    }

    #[test]
    fn a_skew_that_is_none_is_an_error() {
        for skew in [-1.0, f64::NAN] {
            let key = Key::Zipf {
                keys: 10,
                skew,
                form: TEXT,
            };
            assert!(Numbers::new(&key, 1, 0, 1).is_err(), "{skew}");
        }
        assert!(Numbers::new(&Key::Uniform { keys: 0, form: TEXT }, 1, 0, 1).is_err());
    }

    #[test]
    fn keys_have_the_form_asked_for() {
        assert_eq!(written(17, KeyForm::Text), b"17");
        assert_eq!(written(258, KeyForm::Binary), [0, 0, 0, 0, 0, 0, 1, 2]);
        let uuids: HashSet<Vec<u8>> = (0..10_000).map(|number| written(number, KeyForm::Uuid)).collect();
        assert_eq!(uuids.len(), 10_000);
        for text in uuids.iter().take(100) {
            let uuid = uuid::Uuid::parse_str(std::str::from_utf8(text).unwrap()).unwrap();
            assert_eq!(uuid.get_version_num(), 4);
        }
        assert_eq!(written(5, KeyForm::Uuid), written(5, KeyForm::Uuid));
    }
}

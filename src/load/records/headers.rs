//! Headers: the layout that all records of a trial share, and the values that each has of its own.

use std::ffi::CString;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::burst::Place;
use super::keys::write_uuid;
use crate::client::{HeaderLayout, HeaderValue};
use crate::load::LoadError;
use crate::protocol::{Header, HeaderContent};

/// The layout of these headers, and how many values are generated for each record.
///
/// # Errors
/// A name that holds a NUL byte.
pub(super) fn layout(headers: &[Header]) -> Result<(HeaderLayout, usize), LoadError> {
    let (mut layout, mut generated) = (HeaderLayout::default(), 0);
    for header in headers {
        let name = CString::new(header.name.as_str())
            .map_err(|_| LoadError::Spec(format!("the header name {:?} holds a NUL byte", header.name)))?;
        let value = match &header.value {
            HeaderContent::Fixed { text } => HeaderValue::Fixed(Some(text.clone().into_bytes())),
            HeaderContent::Uuid => {
                let length = header.value.bytes();
                let start = generated * length;
                generated += 1;
                HeaderValue::Generated { start, length }
            }
        };
        layout.headers.push((name, value));
    }
    Ok((layout, generated))
}

/// The header values of one sending thread.
#[derive(Debug)]
pub(super) struct HeaderSource<'a> {
    pub(super) layout: &'a HeaderLayout,
    /// UUIDs for each record.
    uuids: usize,
    random: Xoshiro256PlusPlus,
}

impl<'a> HeaderSource<'a> {
    pub(super) fn new(layout: &'a HeaderLayout, uuids: usize, seed: u64) -> Self {
        Self {
            layout,
            uuids,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
        }
    }

    /// Appends what is generated for the next record.
    #[inline]
    pub(super) fn next(&mut self, scratch: &mut Vec<u8>) -> Place<'a> {
        let start = scratch.len();
        for _ in 0..self.uuids {
            write_uuid(self.random.random(), scratch);
        }
        let end = scratch.len();
        Place::Scratch { start, end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Headers;

    fn header(name: &str, value: HeaderContent) -> Header {
        let name = name.to_owned();
        Header { name, value }
    }

    #[test]
    fn fixed_and_generated_headers_keep_their_order_and_differ_from_record_to_record() {
        let text = "kpbench".to_owned();
        let headers = [
            header("a", HeaderContent::Uuid),
            header("source", HeaderContent::Fixed { text }),
            header("b", HeaderContent::Uuid),
        ];
        let (layout, uuids) = layout(&headers).unwrap();
        let mut source = HeaderSource::new(&layout, uuids, 1);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        source.next(&mut first);
        source.next(&mut second);
        let read = |generated: &[u8]| {
            let layout = &layout;
            Headers { layout, generated }
                .iter()
                .map(|(name, value)| {
                    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                    (text(name.to_bytes()), text(value.unwrap()))
                })
                .collect::<Vec<_>>()
        };
        let (first, second) = (read(&first), read(&second));
        let names = |all: &[(String, String)]| all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&first), ["a", "source", "b"]);
        assert_eq!(first[1].1, "kpbench");
        assert_eq!(second[1].1, "kpbench");
        let uuids: std::collections::HashSet<&String> = [&first, &second]
            .iter()
            .flat_map(|all| [&all[0].1, &all[2].1])
            .collect();
        assert_eq!(uuids.len(), 4);
        for text in uuids {
            assert_eq!(uuid::Uuid::parse_str(text).unwrap().get_version_num(), 4);
        }
    }

    #[test]
    fn a_name_with_a_nul_byte_is_an_error() {
        let text = String::new();
        assert!(layout(&[header("a\0b", HeaderContent::Fixed { text })]).is_err());
    }
}

//! The record of one user: `CouponIssueMessage { userId, couponId }` as its serializer writes it, its key and its headers.

use std::ffi::{CStr, CString};

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::arrivals::{User, random_uuid};
use crate::client::{HeaderLayout, HeaderValue, Headers, Outgoing};
use crate::load::records::CouponValues;
use crate::measure::SendTag;
use crate::protocol::{CouponKey, ScheduledDrain};
use crate::serialize::CouponIssueMessage;

/// Header that a fresh UUID goes into.
pub const TRACE_HEADER: &CStr = c"globalTraceId";
/// Header that Spring's JSON deserializer reads the class name from.
pub const TYPE_HEADER: &CStr = c"__TypeId__";

/// What sets coupons and trace ids apart from users, who come from the seed itself.
const COUPON_SALT: u64 = 0x636f_7570_6f6e;
const TRACE_SALT: u64 = 0x0074_7261_6365;

/// Makes the records of one trial's users, one at a time, in memory that is used again.
#[derive(Debug)]
pub struct Messages<'a> {
    values: CouponValues<'a>,
    coupon_ids: Vec<Uuid>,
    key: CouponKey,
    headers: HeaderLayout,
    random: Xoshiro256PlusPlus,
    value: Vec<u8>,
    user_id: [u8; Hyphenated::LENGTH],
    trace_id: [u8; Hyphenated::LENGTH],
}

impl<'a> Messages<'a> {
    /// For a trial with this seed, whose users' values are made by `values`.
    pub fn new(drain: &ScheduledDrain, seed: u64, values: CouponValues<'a>) -> Self {
        let mut coupons = Xoshiro256PlusPlus::seed_from_u64(seed ^ COUPON_SALT);
        Self {
            values,
            coupon_ids: (0..drain.coupons).map(|_| random_uuid(&mut coupons)).collect(),
            key: drain.key,
            headers: header_layout(drain.type_id.as_deref()),
            random: Xoshiro256PlusPlus::seed_from_u64(seed ^ TRACE_SALT),
            value: Vec::with_capacity(128),
            user_id: [0; Hyphenated::LENGTH],
            trace_id: [0; Hyphenated::LENGTH],
        }
    }

    /// Makes the record of this user the current one, with a fresh trace id. Its send call is entered at `entry_us`.
    pub fn make(&mut self, user: &User, entry_us: u64) {
        user.id.hyphenated().encode_lower(&mut self.user_id);
        random_uuid(&mut self.random)
            .hyphenated()
            .encode_lower(&mut self.trace_id);
        let message = CouponIssueMessage {
            user_id: user.id,
            coupon_id: self.coupon_ids[user.coupon as usize],
        };
        self.values.write(&message, entry_us, &mut self.value);
    }

    /// The current record, to be timed with `tag`.
    pub fn record(&self, tag: SendTag) -> Outgoing<'_> {
        Outgoing {
            key: match self.key {
                CouponKey::None => None,
                CouponKey::UserId => Some(&self.user_id),
            },
            headers: Some(Headers {
                layout: &self.headers,
                generated: &self.trace_id,
            }),
            ..Outgoing::of_value(&self.value, tag)
        }
    }
}

/// A trace id that is made for each record, and the class name where it was asked for.
fn header_layout(type_id: Option<&str>) -> HeaderLayout {
    let trace_id = HeaderValue::Generated {
        start: 0,
        length: Hyphenated::LENGTH,
    };
    let type_id = type_id.map(|name| (TYPE_HEADER, HeaderValue::Fixed(Some(name.as_bytes().to_vec()))));
    let all = [(TRACE_HEADER, trace_id)].into_iter().chain(type_id);
    HeaderLayout {
        headers: all.map(|(name, value)| (CString::from(name), value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::drain::Arrivals;
    use crate::load::drain::samples::{drain, spec};
    use crate::load::records::RecordStock;
    use crate::protocol::{RecordKind, SerializationCost, SerializerKind, TrialSpec};
    use crate::serialize::{AvroSchema, custom, read_header};

    fn headers(record: &Outgoing<'_>) -> Vec<(String, String)> {
        let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
        let all = record.headers.unwrap().iter();
        all.map(|(name, value)| (name.to_str().unwrap().to_owned(), text(value)))
            .collect()
    }

    /// The records of these users, made one after the other.
    fn made<T>(
        drain: &ScheduledDrain,
        value: SerializerKind,
        users: &[User],
        look: impl Fn(&User, &Outgoing<'_>) -> T,
    ) -> (Vec<T>, SerializationCost) {
        let stock = RecordStock::new(&spec(drain.clone(), value)).unwrap();
        let mut messages = Messages::new(drain, 1, stock.coupon_values().unwrap());
        let mut made = Vec::new();
        for user in users {
            messages.make(user, user.at_us);
            made.push(look(user, &messages.record(SendTag::new(0, 0))));
        }
        drop(messages);
        (made, stock.serialization_cost().unwrap())
    }

    #[test]
    fn the_value_is_the_queue_entrys_whatever_the_format() {
        let users: Vec<User> = Arrivals::new(&drain(), 1).take(3).collect();
        for (kind, bytes) in [
            (SerializerKind::Json, 99),
            (SerializerKind::String, 99),
            (SerializerKind::Avro, 79),
            (SerializerKind::Custom, 32),
        ] {
            let (made, cost) = made(&drain(), kind, &users, |user, record| {
                let message = read(kind, record.value.unwrap());
                assert_eq!(message.user_id, user.id, "{kind}");
                assert_eq!(record.key, Some(user.id.to_string().as_bytes()));
                let headers = headers(record);
                assert_eq!((headers.len(), headers[0].0.as_str()), (1, "globalTraceId"));
                (message.coupon_id, headers[0].1.clone())
            });
            assert_eq!(made[0].0, made[2].0, "users of one coupon");
            assert_ne!(made[0].0, made[1].0, "users of two coupons");
            assert_ne!(made[0].1, made[1].1, "trace ids are fresh");
            assert_eq!((cost.records, cost.bytes), (3, 3 * bytes), "{kind}");
            assert_eq!(cost.schema_id, (kind == SerializerKind::Avro).then_some(7));
        }
    }

    fn read(kind: SerializerKind, value: &[u8]) -> CouponIssueMessage {
        match kind {
            SerializerKind::Avro => {
                let schema = apache_avro::Schema::parse_str(AvroSchema::own(RecordKind::CouponIssue)).unwrap();
                let (id, mut datum) = read_header(value).unwrap();
                assert_eq!(id, 7);
                let read = apache_avro::from_avro_datum(&schema, &mut datum, None).unwrap();
                apache_avro::from_value(&read).unwrap()
            }
            SerializerKind::Custom => custom::read_coupon_issue(value).unwrap(),
            _ => {
                assert!(
                    value.starts_with(b"{\"userId\":\""),
                    "in the order that Jackson gives the class"
                );
                serde_json::from_slice(value).unwrap()
            }
        }
    }

    #[test]
    fn what_is_serialized_outside_of_the_window_is_not_counted() {
        let users: Vec<User> = Arrivals::new(&drain(), 1).take(150).collect();
        let (_, cost) = made(&drain(), SerializerKind::Json, &users, |_, _| ());
        assert_eq!(cost.records, 100, "100 users/s in a window of 1 s");
    }

    #[test]
    fn only_coupon_messages_are_made_and_only_while_sending() {
        let mut other = spec(drain(), SerializerKind::Json);
        let refused = |spec: &TrialSpec| RecordStock::new(spec).unwrap_err().to_string();
        other.workload.serialization.as_mut().unwrap().record = RecordKind::Order;
        assert!(refused(&other).contains("order"), "{}", refused(&other));
        let mut before = spec(drain(), SerializerKind::Json);
        before.workload.serialization.as_mut().unwrap().on_sending_path = false;
        assert!(refused(&before).contains("when they are sent"), "{}", refused(&before));
    }

    #[test]
    fn key_and_class_name_are_there_where_asked_for() {
        let typed = ScheduledDrain {
            key: CouponKey::None,
            type_id: Some("com.example.CouponIssueMessage".to_owned()),
            ..drain()
        };
        let users = [Arrivals::new(&typed, 1).next().unwrap()];
        let (mut found, _) = made(&typed, SerializerKind::Json, &users, |_, record| {
            assert_eq!(record.key, None);
            headers(record)
        });
        let (name, value) = found.remove(0).pop().unwrap();
        assert_eq!(
            (name.as_str(), value.as_str()),
            ("__TypeId__", "com.example.CouponIssueMessage")
        );
    }
}

//! The record of one user: `CouponIssueMessage { userId, couponId }` as JSON, its key and its headers.

use std::ffi::{CStr, CString};

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::arrivals::{User, random_uuid};
use crate::client::{HeaderLayout, HeaderValue, Headers, Outgoing};
use crate::measure::SendTag;
use crate::protocol::{CouponKey, ScheduledDrain};

/// Header that a fresh UUID goes into.
pub const TRACE_HEADER: &CStr = c"globalTraceId";
/// Header that Spring's JSON deserializer reads the class name from.
pub const TYPE_HEADER: &CStr = c"__TypeId__";

/// What sets coupons and trace ids apart from users, who come from the seed itself.
const COUPON_SALT: u64 = 0x636f_7570_6f6e;
const TRACE_SALT: u64 = 0x0074_7261_6365;

/// Makes the records of one trial's users, one at a time, in memory that is used again.
#[derive(Debug)]
pub struct Messages {
    coupon_ids: Vec<Uuid>,
    key: CouponKey,
    headers: HeaderLayout,
    random: Xoshiro256PlusPlus,
    value: Vec<u8>,
    user_id: [u8; Hyphenated::LENGTH],
    trace_id: [u8; Hyphenated::LENGTH],
}

impl Messages {
    /// For a trial with this seed.
    pub fn new(drain: &ScheduledDrain, seed: u64) -> Self {
        let mut coupons = Xoshiro256PlusPlus::seed_from_u64(seed ^ COUPON_SALT);
        Self {
            coupon_ids: (0..drain.coupons).map(|_| random_uuid(&mut coupons)).collect(),
            key: drain.key,
            headers: header_layout(drain.type_id.as_deref()),
            random: Xoshiro256PlusPlus::seed_from_u64(seed ^ TRACE_SALT),
            value: Vec::with_capacity(128),
            user_id: [0; Hyphenated::LENGTH],
            trace_id: [0; Hyphenated::LENGTH],
        }
    }

    /// Makes the record of this user the current one, with a fresh trace id.
    pub fn make(&mut self, user: &User) {
        user.id.hyphenated().encode_lower(&mut self.user_id);
        random_uuid(&mut self.random)
            .hyphenated()
            .encode_lower(&mut self.trace_id);
        let mut coupon_id = [0; Hyphenated::LENGTH];
        self.coupon_ids[user.coupon as usize]
            .hyphenated()
            .encode_lower(&mut coupon_id);
        write_json(&self.user_id, &coupon_id, &mut self.value);
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

/// `{"userId":"…","couponId":"…"}` in the field order that Jackson gives the message's class.
fn write_json(user_id: &[u8], coupon_id: &[u8], value: &mut Vec<u8>) {
    value.clear();
    value.extend_from_slice(b"{\"userId\":\"");
    value.extend_from_slice(user_id);
    value.extend_from_slice(b"\",\"couponId\":\"");
    value.extend_from_slice(coupon_id);
    value.extend_from_slice(b"\"}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::drain::Arrivals;
    use crate::load::drain::samples::drain;
    use crate::protocol::COUPON_VALUE_BYTES;

    fn headers(record: &Outgoing<'_>) -> Vec<(String, String)> {
        let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
        let all = record.headers.unwrap().iter();
        all.map(|(name, value)| (name.to_str().unwrap().to_owned(), text(value)))
            .collect()
    }

    #[test]
    fn the_value_is_the_queue_entrys_and_as_long_as_said() {
        let users: Vec<User> = Arrivals::new(&drain(), 1).take(3).collect();
        let mut messages = Messages::new(&drain(), 1);
        let mut made = Vec::new();
        for user in &users {
            messages.make(user);
            let record = messages.record(SendTag::new(0, 0));
            let value = record.value.unwrap();
            assert_eq!(value.len(), COUPON_VALUE_BYTES as usize);
            let value: serde_json::Value = serde_json::from_slice(value).unwrap();
            assert_eq!(value["userId"], user.id.to_string());
            assert_eq!(record.key, Some(user.id.to_string().as_bytes()));
            let headers = headers(&record);
            assert_eq!((headers.len(), headers[0].0.as_str()), (1, "globalTraceId"));
            made.push((value["couponId"].to_string(), headers[0].1.clone()));
        }
        assert_eq!(made[0].0, made[2].0, "users of one coupon");
        assert_ne!(made[0].0, made[1].0, "users of two coupons");
        assert_ne!(made[0].1, made[1].1, "trace ids are fresh");
    }

    #[test]
    fn key_and_class_name_are_there_where_asked_for() {
        let typed = ScheduledDrain {
            key: CouponKey::None,
            type_id: Some("com.example.CouponIssueMessage".to_owned()),
            ..drain()
        };
        let mut messages = Messages::new(&typed, 1);
        messages.make(&Arrivals::new(&typed, 1).next().unwrap());
        let record = messages.record(SendTag::new(0, 0));
        assert_eq!(record.key, None);
        let (name, value) = headers(&record).pop().unwrap();
        assert_eq!(
            (name.as_str(), value.as_str()),
            ("__TypeId__", "com.example.CouponIssueMessage")
        );
    }
}

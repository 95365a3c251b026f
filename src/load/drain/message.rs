//! The record of one user: `CouponIssueMessage { userId, couponId }` as JSON, its key and its headers.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::arrivals::{User, random_uuid};
use crate::protocol::{CouponKey, ScheduledDrain};

/// Header that a fresh UUID goes into.
pub const TRACE_HEADER: &str = "globalTraceId";
/// Header that Spring's JSON deserializer reads the class name from.
pub const TYPE_HEADER: &str = "__TypeId__";

/// What sets coupons and trace ids apart from users, who come from the seed itself.
const COUPON_SALT: u64 = 0x636f_7570_6f6e;
const TRACE_SALT: u64 = 0x7472_6163_65;

/// Makes the records of one trial's users, one at a time, in memory that is used again.
#[derive(Debug)]
pub struct Messages {
    coupon_ids: Vec<Uuid>,
    key: CouponKey,
    type_id: Option<String>,
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
            type_id: drain.type_id.clone(),
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

    /// Value of the current record.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Its key.
    pub fn key(&self) -> Option<&[u8]> {
        match self.key {
            CouponKey::None => None,
            CouponKey::UserId => Some(&self.user_id),
        }
    }

    /// Its headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let type_id = self.type_id.as_ref().map(|name| (TYPE_HEADER, name.as_bytes()));
        [(TRACE_HEADER, self.trace_id.as_slice())].into_iter().chain(type_id)
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

    #[test]
    fn the_value_is_the_queue_entrys_and_as_long_as_said() {
        let users: Vec<User> = Arrivals::new(&drain(), 1).take(3).collect();
        let mut messages = Messages::new(&drain(), 1);
        let mut made = Vec::new();
        for user in &users {
            messages.make(user);
            assert_eq!(messages.value().len(), COUPON_VALUE_BYTES as usize);
            let value: serde_json::Value = serde_json::from_slice(messages.value()).unwrap();
            assert_eq!(value["userId"], user.id.to_string());
            assert_eq!(messages.key(), Some(user.id.to_string().as_bytes()));
            let headers: Vec<(String, String)> = messages
                .headers()
                .map(|(name, value)| (name.to_owned(), String::from_utf8(value.to_vec()).unwrap()))
                .collect();
            assert_eq!(headers[0].0, "globalTraceId");
            made.push((value["couponId"].to_string(), headers[0].1.clone()));
        }
        assert_eq!(made[0].0, made[2].0, "users of one coupon");
        assert_ne!(made[0].0, made[1].0, "users of two coupons");
        assert_ne!(made[0].1, made[1].1, "trace ids are fresh");
    }

    #[test]
    fn key_and_type_are_left_out_where_nobody_asked_for_them() {
        let plain = ScheduledDrain {
            key: CouponKey::None,
            type_id: None,
            ..drain()
        };
        let mut messages = Messages::new(&plain, 1);
        messages.make(&Arrivals::new(&plain, 1).next().unwrap());
        assert_eq!(messages.key(), None);
        assert_eq!(messages.headers().count(), 1);
        let typed = ScheduledDrain {
            type_id: Some("com.example.CouponIssueMessage".to_owned()),
            ..plain
        };
        let headers = Messages::new(&typed, 1);
        let found = headers.headers().last().unwrap();
        assert_eq!(found, ("__TypeId__", b"com.example.CouponIssueMessage".as_slice()));
    }
}

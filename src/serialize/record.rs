//! Logical records: what an application has in its hands before it serializes. Made from a seed, before a trial.

use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::protocol::RecordKind;

/// Coupons that are active at the same time.
const ACTIVE_COUPONS: usize = 16;
/// Different coupon messages: 4 MB in the smallest layout, several times any usual batch.
const COUPON_RECORDS: usize = 1 << 17;
/// Different orders.
const ORDER_RECORDS: usize = 1 << 15;
/// Smallest encodings in bytes: larger batches get more records by them.
const COUPON_BYTES: usize = 32;
const ORDER_BYTES: usize = 128;

/// A coupon is to be issued to a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CouponIssueMessage {
    /// The user.
    #[serde(with = "uuid::serde::hyphenated")]
    pub user_id: Uuid,
    /// The coupon.
    #[serde(with = "uuid::serde::hyphenated")]
    pub coupon_id: Uuid,
}

/// An order as a shop would publish it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its number.
    pub order_id: i64,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// Who made it.
    #[serde(with = "uuid::serde::hyphenated")]
    pub customer_id: Uuid,
    /// Its state.
    pub status: String,
    /// ISO 4217.
    pub currency: String,
    /// Sum of its lines.
    pub total: f64,
    /// 0 to 9.
    pub priority: i32,
    /// The coupon that was redeemed, if one was.
    #[serde(with = "uuid::serde::hyphenated::option")]
    pub coupon_id: Option<Uuid>,
    /// Marks.
    pub tags: Vec<String>,
    /// Where it goes.
    pub shipping: Address,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Street and number.
    pub street: String,
    /// Postcode.
    pub postcode: String,
    /// City.
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// Stock keeping unit.
    pub sku: String,
    /// How many.
    pub quantity: i32,
    /// Price of one.
    pub unit_price: f64,
}

/// The records of one trial.
#[derive(Clone, Debug, PartialEq)]
pub enum LogicalRecords {
    /// [`CouponIssueMessage`]s.
    CouponIssue(Vec<CouponIssueMessage>),
    /// [`Order`]s.
    Order(Vec<Order>),
}

impl LogicalRecords {
    /// Makes records: as many for every serializer, so that formats are compared on the same ones, and enough that
    /// four batches of `batch_bytes` hold no record twice.
    pub fn generate(kind: RecordKind, batch_bytes: usize, seed: u64) -> LogicalRecords {
        let enough = |usual: usize, bytes: usize| usual.max(batch_bytes.saturating_mul(4) / bytes).min(usual * 4);
        match kind {
            RecordKind::CouponIssue => Self::take(kind, enough(COUPON_RECORDS, COUPON_BYTES), seed),
            RecordKind::Order => Self::take(kind, enough(ORDER_RECORDS, ORDER_BYTES), seed),
        }
    }

    /// The first `count` records of a seed.
    pub fn take(kind: RecordKind, count: usize, seed: u64) -> LogicalRecords {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        match kind {
            RecordKind::CouponIssue => {
                let coupons: Vec<Uuid> = (0..ACTIVE_COUPONS).map(|_| uuid(&mut random)).collect();
                let message = |random: &mut Xoshiro256PlusPlus| CouponIssueMessage {
                    user_id: uuid(random),
                    coupon_id: *pick(&coupons, random),
                };
                LogicalRecords::CouponIssue((0..count).map(|_| message(&mut random)).collect())
            }
            RecordKind::Order => LogicalRecords::Order((0..count).map(|n| order(n, &mut random)).collect()),
        }
    }

    /// Which record.
    pub fn kind(&self) -> RecordKind {
        match self {
            LogicalRecords::CouponIssue(_) => RecordKind::CouponIssue,
            LogicalRecords::Order(_) => RecordKind::Order,
        }
    }

    /// How many different ones.
    pub fn len(&self) -> usize {
        match self {
            LogicalRecords::CouponIssue(records) => records.len(),
            LogicalRecords::Order(records) => records.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A random UUID (version 4).
fn uuid(random: &mut Xoshiro256PlusPlus) -> Uuid {
    let mut bytes = [0; 16];
    random.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn pick<'a, T>(from: &'a [T], random: &mut Xoshiro256PlusPlus) -> &'a T {
    &from[random.random_range(0..from.len())]
}

/// Whole cents, so that a price has the digits of one.
fn price(random: &mut Xoshiro256PlusPlus) -> f64 {
    f64::from(random.random_range(99u32..25_000)) / 100.0
}

fn order(n: usize, random: &mut Xoshiro256PlusPlus) -> Order {
    const STATUS: [&str; 4] = ["NEW", "PAID", "SHIPPED", "RETURNED"];
    const CURRENCY: [&str; 3] = ["EUR", "USD", "KRW"];
    const TAGS: [&str; 6] = ["gift", "express", "fragile", "backorder", "first-order", "pickup"];
    const STREETS: [&str; 5] = [
        "Main Street",
        "Sejong-daero",
        "Rue de Rivoli",
        "Hauptstraße",
        "Camino Real",
    ];
    const CITIES: [(&str, &str); 5] = [
        ("Springfield", "US"),
        ("Seoul", "KR"),
        ("Paris", "FR"),
        ("Köln", "DE"),
        ("San José", "CR"),
    ];
    let lines: Vec<OrderLine> = (0..random.random_range(1..=4))
        .map(|_| OrderLine {
            sku: format!("SKU-{:06}", random.random_range(0..1_000_000u32)),
            quantity: random.random_range(1..=5),
            unit_price: price(random),
        })
        .collect();
    let cents: f64 = lines
        .iter()
        .map(|line| (f64::from(line.quantity) * line.unit_price * 100.0).round())
        .sum();
    let (city, country) = *pick(&CITIES, random);
    Order {
        order_id: 4_000_000_000 + n as i64,
        created_at: 1_767_225_600_000 + random.random_range(0..86_400_000i64),
        customer_id: uuid(random),
        status: (*pick(&STATUS, random)).to_owned(),
        currency: (*pick(&CURRENCY, random)).to_owned(),
        total: cents / 100.0,
        priority: random.random_range(0..10),
        coupon_id: random.random_bool(0.3).then(|| uuid(random)),
        tags: (0..random.random_range(0..3usize))
            .map(|_| (*pick(&TAGS, random)).to_owned())
            .collect(),
        shipping: Address {
            street: format!("{} {}", pick(&STREETS, random), random.random_range(1..200u32)),
            postcode: format!("{:05}", random.random_range(1_000..99_999u32)),
            city: city.to_owned(),
            country: country.to_owned(),
        },
        lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_records() {
        for kind in RecordKind::ALL {
            let make = |seed| LogicalRecords::take(*kind, 100, seed);
            assert_eq!(make(1), make(1));
            assert_ne!(make(1), make(2));
            assert_eq!((make(1).len(), make(1).kind()), (100, *kind));
        }
    }

    #[test]
    fn larger_batches_get_more_records() {
        let count = |batch| LogicalRecords::generate(RecordKind::CouponIssue, batch, 1).len();
        assert_eq!(count(1 << 20), COUPON_RECORDS);
        assert_eq!(count(2 << 20), 2 * COUPON_RECORDS);
    }

    #[test]
    fn orders_have_every_shape() {
        let LogicalRecords::Order(orders) = LogicalRecords::take(RecordKind::Order, 200, 3) else {
            panic!("orders were asked for")
        };
        assert!(orders.iter().any(|order| order.coupon_id.is_none()));
        assert!(orders.iter().any(|order| order.coupon_id.is_some()));
        assert!(orders.iter().any(|order| order.tags.is_empty()));
        assert!(orders.iter().all(|order| !order.lines.is_empty()));
    }
}

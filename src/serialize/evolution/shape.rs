//! Two versions of an order's fields, and the rows that are written.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};

/// Type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// Text.
    Text,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Of an `int`.
    Int(i32),
    /// Of a `long`.
    Long(i64),
    /// Of a `string`.
    Text(String),
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cell::Int(value) => write!(f, "{value}"),
            Cell::Long(value) => write!(f, "{value}"),
            Cell::Text(value) => write!(f, "{value:?}"),
        }
    }
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: FieldKind,
    /// What readers take where a record has no such field.
    pub default: Option<Cell>,
    /// The name that it had before, where readers are told.
    pub alias: Option<&'static str>,
    /// What it means, whatever it is called: fields of the same meaning carry the same value.
    pub meaning: &'static str,
}

/// Values, one for each field.
pub type Row = Vec<Cell>;

/// The fields of one version, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The fields.
    pub fields: Vec<Field>,
}

impl Shape {
    /// The Avro schema.
    pub fn avro(&self) -> String {
        let fields: Vec<Value> = self
            .fields
            .iter()
            .map(|field| {
                let kind = match field.kind {
                    FieldKind::Int => "int",
                    FieldKind::Long => "long",
                    FieldKind::Text => "string",
                };
                let mut schema = json!({ "name": field.name, "type": kind });
                if let Some(default) = &field.default {
                    schema["default"] = match default {
                        Cell::Int(value) => json!(value),
                        Cell::Long(value) => json!(value),
                        Cell::Text(value) => json!(value),
                    };
                }
                if let Some(alias) = field.alias {
                    schema["aliases"] = json!([alias]);
                }
                schema
            })
            .collect();
        json!({ "type": "record", "name": "Evolving", "namespace": "kpbench", "fields": fields }).to_string()
    }

    /// Seeded rows.
    pub fn rows(&self, count: usize, seed: u64) -> Vec<Row> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        (0..count)
            .map(|n| self.fields.iter().map(|field| cell(field, n, &mut random)).collect())
            .collect()
    }
}

fn cell(field: &Field, n: usize, random: &mut Xoshiro256PlusPlus) -> Cell {
    let number = match field.meaning {
        "orderId" => 4_000_000_000 + n as i64,
        _ => random.random_range(99..250_000),
    };
    match field.kind {
        FieldKind::Long => Cell::Long(number),
        // Only amounts are ints, and these fit.
        FieldKind::Int => Cell::Int(number as i32),
        FieldKind::Text if field.meaning == "amount" => Cell::Text(number.to_string()),
        FieldKind::Text => {
            let length = random.random_range(3..16usize);
            Cell::Text(
                (0..length)
                    .map(|_| char::from(random.random_range(b'a'..=b'z')))
                    .collect(),
            )
        }
    }
}

/// What is done to the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// In a few words.
    pub name: &'static str,
    /// Before.
    pub old: Shape,
    /// After.
    pub new: Shape,
}

fn field(name: &'static str, kind: FieldKind) -> Field {
    Field {
        name,
        kind,
        default: None,
        alias: None,
        meaning: name,
    }
}

fn base() -> Vec<Field> {
    let note = Field {
        default: Some(Cell::Text(String::new())),
        ..field("note", FieldKind::Text)
    };
    vec![
        field("orderId", FieldKind::Long),
        field("amount", FieldKind::Int),
        note,
        field("customer", FieldKind::Text),
    ]
}

/// A field added, removed, renamed and retyped, each in the two ways that make a difference.
pub fn changes() -> Vec<Change> {
    let change = |name, alter: &dyn Fn(&mut Vec<Field>)| {
        let mut fields = base();
        alter(&mut fields);
        Change {
            name,
            old: Shape { fields: base() },
            new: Shape { fields },
        }
    };
    let currency = |default: Option<&str>| Field {
        default: default.map(|text| Cell::Text(text.to_owned())),
        ..field("currency", FieldKind::Text)
    };
    let renamed = |alias| Field {
        name: "buyer",
        alias,
        ..field("customer", FieldKind::Text)
    };
    vec![
        change("added, with a default", &|fields| {
            fields.insert(2, currency(Some("EUR")))
        }),
        change("added, without a default", &|fields| fields.insert(2, currency(None))),
        change("removed, it had a default", &|fields| {
            fields.remove(2);
        }),
        change("removed, it had no default", &|fields| {
            fields.remove(1);
        }),
        change("renamed", &|fields| fields[3] = renamed(None)),
        change("renamed, with an alias", &|fields| {
            fields[3] = renamed(Some("customer"))
        }),
        change("retyped, int to long", &|fields| fields[1].kind = FieldKind::Long),
        change("retyped, int to string", &|fields| fields[1].kind = FieldKind::Text),
    ]
}

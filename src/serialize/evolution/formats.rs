//! Writers and readers that know the fields of one version each.
//!
//! A reader of JSON binds by name: it ignores names that it does not know, takes a default or an alias where it has one,
//! and fails where a field is missing or has another type, as readers made with serde do, or with Jackson where it is
//! told to be that strict. A reader of the custom layout takes one field after the other and nothing else. A reader of
//! Avro has the writer's schema, by the id that stands in the record, and resolves it to its own.

use apache_avro::schema_compatibility::SchemaCompatibility;
use apache_avro::types::Value as AvroValue;
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::Value;

use super::shape::{Cell, Field, FieldKind, Row, Shape};
use crate::serialize::custom::Reader;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Avro in Confluent's wire format.
    Avro,
    /// JSON.
    Json,
    /// The layout written by hand.
    Custom,
}

impl Format {
    /// Every format, in the order of tables.
    pub const ALL: [Format; 3] = [Format::Avro, Format::Json, Format::Custom];

    /// What a reader calls it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Avro => "Avro",
            Format::Json => "JSON",
            Format::Custom => "custom",
        }
    }
}

/// A row with its names.
struct Named<'a>(&'a Shape, &'a Row);

impl Serialize for Named<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.1.len()))?;
        for (field, cell) in self.0.fields.iter().zip(self.1) {
            match cell {
                Cell::Int(value) => map.serialize_entry(field.name, value)?,
                Cell::Long(value) => map.serialize_entry(field.name, value)?,
                Cell::Text(value) => map.serialize_entry(field.name, value)?,
            }
        }
        map.end()
    }
}

/// The bytes of a row. For Avro without Confluent's header, which whoever knows the id puts before them.
///
/// # Errors
/// A row that is not of this shape.
pub fn write(format: Format, shape: &Shape, row: &Row) -> Result<Vec<u8>, String> {
    match format {
        Format::Json => serde_json::to_vec(&Named(shape, row)).map_err(|error| error.to_string()),
        Format::Avro => {
            let schema: serde_avro_fast::Schema = shape.avro().parse().map_err(|error| format!("{error}"))?;
            let mut config = serde_avro_fast::ser::SerializerConfig::new(&schema);
            serde_avro_fast::to_datum_vec(&Named(shape, row), &mut config).map_err(|error| error.to_string())
        }
        Format::Custom => {
            let mut bytes = Vec::new();
            for cell in row {
                match cell {
                    Cell::Int(value) => bytes.extend_from_slice(&value.to_be_bytes()),
                    Cell::Long(value) => bytes.extend_from_slice(&value.to_be_bytes()),
                    Cell::Text(text) => {
                        bytes.extend_from_slice(&(text.len() as u16).to_be_bytes());
                        bytes.extend_from_slice(text.as_bytes());
                    }
                }
            }
            Ok(bytes)
        }
    }
}

/// What a reader that knows this shape reads of bytes in JSON or in the custom layout.
///
/// # Errors
/// The reader's words.
pub fn read(format: Format, shape: &Shape, bytes: &[u8]) -> Result<Row, String> {
    match format {
        Format::Json => {
            let value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
            shape.fields.iter().map(|field| json_cell(field, &value)).collect()
        }
        Format::Custom => {
            let mut reader = Reader(bytes);
            let row: Result<Row, _> = shape
                .fields
                .iter()
                .map(|field| match field.kind {
                    FieldKind::Int => reader
                        .take(field.name)
                        .map(|bytes| Cell::Int(i32::from_be_bytes(bytes))),
                    FieldKind::Long => reader
                        .take(field.name)
                        .map(|bytes| Cell::Long(i64::from_be_bytes(bytes))),
                    FieldKind::Text => reader.text(field.name).map(Cell::Text),
                })
                .collect();
            let row = row.map_err(|error| error.to_string())?;
            reader.end().map_err(|error| error.to_string())?;
            Ok(row)
        }
        Format::Avro => Err("Avro needs the writer's schema".to_owned()),
    }
}

fn json_cell(field: &Field, record: &Value) -> Result<Cell, String> {
    let named = |name: &str| record.get(name);
    let Some(value) = named(field.name).or_else(|| field.alias.and_then(named)) else {
        let missing = || format!("missing field {}", field.name);
        return field.default.clone().ok_or_else(missing);
    };
    let cell = match field.kind {
        FieldKind::Int => value.as_i64().and_then(|value| value.try_into().ok()).map(Cell::Int),
        FieldKind::Long => value.as_i64().map(Cell::Long),
        FieldKind::Text => value.as_str().map(|text| Cell::Text(text.to_owned())),
    };
    cell.ok_or_else(|| format!("{} has another type: {value}", field.name))
}

/// The writer's schema with its fields called as the reader calls them, where an alias says so. Java's readers do the
/// same (`Schema.applyAliases`); the specification leaves it to each, and the library used here does not.
fn with_aliases(writer: &str, reader: &Shape) -> String {
    let Ok(mut schema) = serde_json::from_str::<Value>(writer) else {
        return writer.to_owned();
    };
    let fields = schema.get_mut("fields").and_then(Value::as_array_mut);
    for field in fields.into_iter().flatten() {
        let known = reader.fields.iter().find(|own| field["name"].as_str() == own.alias);
        if let Some(own) = known.filter(|own| own.alias.is_some()) {
            field["name"] = own.name.into();
        }
    }
    schema.to_string()
}

/// A reader of Avro: the writer's schema, the reader's own, and what it reads of a datum.
pub fn avro_reader(writer: &str, reader: &Shape) -> Result<impl Fn(&[u8]) -> Result<Row, String> + use<>, String> {
    let parse = |text: &str| apache_avro::Schema::parse_str(text).map_err(|error| error.to_string());
    let (writer, own) = (parse(&with_aliases(writer, reader))?, parse(&reader.avro())?);
    // The library would read a long as an int where it fits; the specification, and Java's readers, do not.
    let resolvable = SchemaCompatibility::can_read(&writer, &own).map_err(|error| error.to_string());
    Ok(move |datum: &[u8]| {
        resolvable.clone()?;
        let mut bytes = datum;
        let read = apache_avro::from_avro_datum(&writer, &mut bytes, Some(&own)).map_err(|error| error.to_string())?;
        let AvroValue::Record(fields) = read else {
            return Err("no record".to_owned());
        };
        let cells = fields.into_iter().map(|(name, value)| match value {
            AvroValue::Int(value) => Ok(Cell::Int(value)),
            AvroValue::Long(value) => Ok(Cell::Long(value)),
            AvroValue::String(text) => Ok(Cell::Text(text)),
            other => Err(format!("{name} is {other:?}")),
        });
        cells.collect()
    })
}

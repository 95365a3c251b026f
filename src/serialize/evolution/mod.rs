//! What becomes of records when their schema changes: changes, writers and readers of three formats, and what a reader
//! of one version makes of the other's records. Knows no broker; ids and verdicts are the registry's.

mod formats;
mod shape;
mod tally;

pub use formats::{Format, avro_reader, read, write};
pub use shape::{Cell, Change, Field, FieldKind, Row, Shape, changes};
pub use tally::{Tally, expected};

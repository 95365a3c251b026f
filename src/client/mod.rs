//! In the making.

pub mod mock;

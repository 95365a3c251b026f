//! (in the making)
pub mod profile;

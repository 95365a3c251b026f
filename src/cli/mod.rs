//! (in the making)
#[allow(missing_docs)]
pub mod trial;

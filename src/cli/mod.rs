//! In the making.

pub mod mock_cluster;
pub mod profile;

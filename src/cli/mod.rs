//! In the making.

pub mod broker;
pub mod mock_cluster;
pub mod profile;
pub mod trial;

//! In the making.

pub mod broker;
pub mod doctor;
pub mod mock_cluster;
pub mod profile;
pub mod trial;

//! Profiles: TOML with source spans to a validated [`Profile`]; property names of the Java client and of librdkafka;
//! quantities; the expansion of the matrix. Starts nothing and connects to nothing.

mod model;

pub use model::{AxisSetting, Configuration, Defaults, Order, Profile, RunSettings, TargetSettings, TopicSettings};

//! Everything a person or a machine reads; knows stored runs only.

pub mod charts;

//! Points of a matrix that come to the same configuration, told once for each way in which they differ.

use super::model::{AxisSetting, Configuration};
use crate::words::counted;

/// Points of the matrix that come to the same, by the settings in which they differ.
#[derive(Default)]
pub(super) struct Alike(Vec<(String, Vec<String>)>);

impl Alike {
    /// Adds a point and the configuration that it comes to.
    pub fn add(&mut self, point: &Configuration, same: &Configuration) {
        let differ = || point.axes.iter().zip(&same.axes).filter(|(one, other)| one != other);
        let said = |settings: Vec<&AxisSetting>| {
            let settings = settings
                .iter()
                .map(|setting| format!("{}={}", setting.axis, setting.value));
            settings.collect::<Vec<_>>().join(" ")
        };
        let (own, other) = (
            differ().map(|(own, _)| own).collect(),
            differ().map(|(_, other)| other).collect(),
        );
        let pair = format!("{} comes to the same as {}", said(own), said(other));
        match self.0.iter_mut().find(|(known, _)| *known == pair) {
            Some((_, labels)) => labels.push(same.label.clone()),
            None => self.0.push((pair, vec![same.label.clone()])),
        }
    }

    /// One sentence for all points that differ from others in the same way.
    pub fn sentences(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|(pair, labels)| {
            let more = match labels.len() - 1 {
                0 => String::new(),
                more => format!(" and in {}", counted(more as u64, "other case", "other cases")),
            };
            format!(
                "{pair} in {:?}{more}, and is measured once; [[exclude]] one of them to make that plain",
                labels[0]
            )
        })
    }
}

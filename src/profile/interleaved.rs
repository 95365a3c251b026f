//! A profile whose configurations are each measured beside another one: base and candidate in every block.

use super::configuration::fnv1a;
use super::{AxisSetting, Configuration, Order, Profile, variants};

/// What the two are called.
const NAMES: [&str; 2] = ["base", "candidate"];

impl Profile {
    /// The same profile with a base beside each configuration, which becomes the candidate and keeps its id. The order
    /// is random in each block, whatever the profile says: else one of the two would always come first.
    ///
    /// # Panics
    /// Where there are not as many bases as configurations.
    #[must_use]
    pub fn beside(mut self, bases: Vec<Configuration>) -> Profile {
        assert_eq!(
            bases.len(),
            self.configurations.len(),
            "one base for each configuration"
        );
        let several = bases.len() > 1;
        let candidates = std::mem::take(&mut self.configurations);
        for (mut base, mut candidate) in bases.into_iter().zip(candidates) {
            let hash = fnv1a(format!("{}\n{}\nbase", candidate.id, base.id).as_bytes());
            base.id = format!("c-{:08x}", (hash ^ (hash >> 32)) as u32);
            let (axes, label) = (plain_axes(&candidate), candidate.label.clone());
            for (one, name) in [(&mut base, NAMES[0]), (&mut candidate, NAMES[1])] {
                one.label = if several {
                    format!("{name} {label}")
                } else {
                    name.to_owned()
                };
                one.axes.clone_from(&axes);
                one.axes.push(AxisSetting {
                    axis: variants::AXIS.to_owned(),
                    value: name.to_owned(),
                    number: None,
                });
            }
            self.configurations.extend([base, candidate]);
        }
        self.run.order = Order::Random;
        self
    }

    /// Whether some of its configurations are variants.
    pub fn has_variants(&self) -> bool {
        let is_variant = |setting: &AxisSetting| setting.axis == variants::AXIS;
        self.configurations.iter().any(|one| one.axes.iter().any(is_variant))
    }
}

/// For each configuration, the other profile's that differs from it in no axis but the variant; none where one of them
/// has no such counterpart.
pub fn counterparts(of: &Profile, others: &Profile) -> Option<Vec<Configuration>> {
    let counterpart = |one: &Configuration| {
        let mut others = others.configurations.iter();
        others.find(|other| plain_axes(other) == plain_axes(one)).cloned()
    };
    of.configurations.iter().map(counterpart).collect()
}

fn plain_axes(of: &Configuration) -> Vec<AxisSetting> {
    let others = of.axes.iter().filter(|setting| setting.axis != variants::AXIS);
    others.cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::{Override, parse};

    const TEXT: &str = "[run]\norder = \"matrix\"\n[producer]\nbatch.size = 200\n[matrix]\nlinger.ms = [0, 5]\n";

    fn with_base(text: &str, settings: &str) -> Profile {
        let base = Override {
            key: "variants.base".to_owned(),
            value: settings.to_owned(),
            origin: "--base".to_owned(),
        };
        parse("test", text, Path::new(""), &[base]).unwrap()
    }

    #[test]
    fn each_configuration_has_its_base_and_keeps_its_id() {
        let profile = parse("test", TEXT, Path::new(""), &[]).unwrap();
        let ids: Vec<String> = profile.configurations.iter().map(|one| one.id.clone()).collect();
        let bases = counterparts(&profile, &with_base(TEXT, "{ \"batch.size\" = 1000000 }")).unwrap();
        let beside = profile.beside(bases);
        let labels: Vec<&str> = beside.configurations.iter().map(|one| one.label.as_str()).collect();
        assert_eq!(
            labels,
            [
                "base linger.ms=0",
                "candidate linger.ms=0",
                "base linger.ms=5",
                "candidate linger.ms=5"
            ]
        );
        let [base, candidate, ..] = &beside.configurations[..] else {
            panic!()
        };
        assert_eq!(base.effective_properties["batch.size"], "1000000");
        assert_eq!(candidate.effective_properties["batch.size"], "200");
        assert_eq!([&candidate.id, &beside.configurations[3].id], [&ids[0], &ids[1]]);
        assert!(base.id != candidate.id && base.axes.last().unwrap().value == "base");
        assert_eq!(beside.run.order, Order::Random);
    }

    #[test]
    fn identical_sides_are_two_configurations() {
        let profile = parse("test", "", Path::new(""), &[]).unwrap();
        assert!(!profile.has_variants());
        let bases = profile.configurations.clone();
        let beside = profile.beside(bases);
        assert_eq!(beside.configurations.len(), 2);
        assert_ne!(beside.configurations[0].id, beside.configurations[1].id);
        assert!(beside.has_variants());
    }
}

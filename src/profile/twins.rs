//! A profile that measures one of its configurations twice, under two labels.

use super::configuration::fnv1a;
use super::precision::WARNINGS;
use super::{AxisSetting, Profile, variants};

impl Profile {
    /// The same profile with the configuration at `index` alone, once under each name: identical trials. A precision is
    /// taken out: identical things are measured in a fixed number of blocks.
    ///
    /// # Panics
    /// Where there is no configuration at `index`.
    #[must_use]
    pub fn twins(mut self, index: usize, names: [&str; 2]) -> Profile {
        let one = self.configurations.swap_remove(index);
        self.configurations = names
            .into_iter()
            .map(|name| {
                let mut twin = one.clone();
                let hash = fnv1a(format!("{}\ntwin {name}", one.id).as_bytes());
                twin.id = format!("c-{:08x}", (hash ^ (hash >> 32)) as u32);
                name.clone_into(&mut twin.label);
                twin.axes = vec![AxisSetting {
                    axis: variants::AXIS.to_owned(),
                    value: name.to_owned(),
                    number: None,
                }];
                twin
            })
            .collect();
        self.run.precision = None;
        self.warnings
            .retain(|warning| !WARNINGS.iter().any(|begin| warning.starts_with(begin)));
        self
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::parse;

    #[test]
    fn twins_differ_in_their_label_and_id_alone() {
        let text = "[run]\nrepetitions = 4\nprecision = \"3%\"\nmin-blocks = 6\n[workload]\nrate = 50\n[matrix]\nlinger.ms = [0, 5]\n";
        let profile = parse("test", text, Path::new(""), &[]).unwrap();
        let of_precision = |profile: &Profile| {
            let begins = |warning: &&String| WARNINGS.iter().any(|begin| warning.starts_with(begin));
            profile.warnings.iter().filter(begins).count()
        };
        assert_eq!(of_precision(&profile), WARNINGS.len());
        let second = profile.configurations[1].clone();
        let twins = profile.twins(1, ["a", "b"]);
        let [a, b] = &twins.configurations[..] else { panic!() };
        assert_eq!((a.label.as_str(), b.label.as_str()), ("a", "b"));
        assert!(a.id != b.id && a.id != second.id && b.id != second.id);
        for twin in [a, b] {
            assert_eq!(twin.effective_properties, second.effective_properties);
            assert_eq!(twin.workload, second.workload);
        }
        assert_eq!(twins.run.precision, None);
        assert_eq!(of_precision(&twins), 0);
    }
}

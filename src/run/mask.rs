//! Keeps secrets out of everything that is stored or shown.

use std::collections::BTreeMap;

use crate::profile::{self, MASK, Profile, TargetSettings};
use crate::protocol::TrialResult;
use crate::store::{Manifest, TrialOutcome, TrialRecord};

/// Replaces secret values wherever they turn up: a broker's or client's message may quote them.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    secrets: Vec<String>,
}

impl Mask {
    /// Masks these values.
    pub fn new(secrets: &[String]) -> Mask {
        Mask {
            secrets: secrets.to_vec(),
        }
    }

    /// Masks the secrets of a profile.
    pub fn of(profile: &Profile) -> Mask {
        Mask::new(&profile.secrets)
    }

    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        profile::mask(text, &self.secrets)
    }

    /// A word of a command line without secrets: also what follows a secret's name and `=`, however short it is.
    pub fn word(&self, word: &str) -> String {
        let mut end = 0;
        for (at, _) in word.match_indices('=') {
            if profile::is_secret(word[end..at].rsplit('.').next().unwrap_or_default())
                || profile::is_secret(&word[end..at])
            {
                return format!("{}={MASK}", &word[..at]);
            }
            end = at + 1;
        }
        self.text(word)
    }

    pub(super) fn all(&self, texts: &mut [String]) {
        for text in texts {
            *text = self.text(text);
        }
    }

    pub(super) fn properties(&self, properties: &mut BTreeMap<String, String>) {
        for (name, value) in properties {
            *value = if profile::is_secret(name) {
                MASK.to_owned()
            } else {
                self.text(value)
            };
        }
    }

    pub(super) fn target_settings(&self, settings: &mut TargetSettings) {
        self.properties(&mut settings.connection);
        self.properties(&mut settings.broker_config);
    }

    pub(super) fn manifest(&self, manifest: &mut Manifest) {
        for word in &mut manifest.command {
            *word = self.word(word);
        }
        self.all(&mut manifest.warnings);
        manifest.profile_source = self.text(&manifest.profile_source);
        self.target_settings(&mut manifest.target_settings);
        for configuration in &mut manifest.configurations {
            self.properties(&mut configuration.properties);
            self.properties(&mut configuration.effective_properties);
        }
    }

    pub(super) fn record(&self, record: &mut TrialRecord) {
        self.all(&mut record.warnings);
        self.properties(&mut record.effective_properties);
        if let TrialOutcome::Failed { cause } = &mut record.outcome {
            *cause = self.text(cause);
        }
        if let Some(result) = &mut record.result {
            self.result(result);
        }
    }

    fn result(&self, result: &mut TrialResult) {
        self.all(&mut result.notes);
        for failed in &mut result.counts.failed_by_error {
            failed.error = self.text(&failed.error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    #[test]
    fn a_word_is_masked_by_its_name_too() {
        let mask = Mask::new(&["long secret".to_owned()]);
        assert_eq!(
            mask.word("--producer=sasl.password=a"),
            format!("--producer=sasl.password={MASK}")
        );
        assert_eq!(mask.word("ssl.key.password=a=b"), format!("ssl.key.password={MASK}"));
        assert_eq!(mask.word("linger.ms=5"), "linger.ms=5");
        assert_eq!(mask.word("x=long secret"), format!("x={MASK}"));
    }

    #[test]
    fn a_secret_is_nowhere_in_what_is_stored() {
        let secret = "s3cret\"\\x";
        let mask = Mask::new(&[secret.to_owned()]);
        let said = format!("SASL: user u, password {secret} refused");
        let mut manifest = samples::manifest();
        manifest.command.push(format!("--producer=sasl.password={secret}"));
        manifest.warnings.push(said.clone());
        manifest.profile_source = said.clone();
        manifest
            .target_settings
            .connection
            .insert("sasl.password".to_owned(), secret.to_owned());
        manifest
            .target_settings
            .broker_config
            .insert("x".to_owned(), said.clone());
        manifest.configurations[0]
            .properties
            .insert("y".to_owned(), said.clone());
        manifest.configurations[0]
            .effective_properties
            .insert("y".to_owned(), said.clone());
        mask.manifest(&mut manifest);

        let mut record = samples::record(manifest.plan[0].clone());
        record.outcome = TrialOutcome::Failed { cause: said.clone() };
        record.effective_properties.insert("y".to_owned(), said.clone());
        record.warnings.push(said);
        mask.record(&mut record);
        for document in [format!("{manifest:?}"), format!("{record:?}")] {
            assert!(!document.contains("s3cret"), "{document}");
            assert!(document.contains(crate::profile::MASK));
        }
    }
}

//! Under which subject a schema is registered (Confluent's subject name strategies).

use crate::protocol::SubjectNameStrategy;

/// The subject of a topic's values for a record of this full name.
pub fn value_subject(strategy: SubjectNameStrategy, topic: &str, record: &str) -> String {
    match strategy {
        SubjectNameStrategy::TopicName => format!("{topic}-value"),
        SubjectNameStrategy::RecordName => record.to_owned(),
        SubjectNameStrategy::TopicRecordName => format!("{topic}-{record}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_named_as_confluents_serializer_names_them() {
        let subject = |strategy| value_subject(strategy, "orders", "kpbench.Order");
        assert_eq!(subject(SubjectNameStrategy::TopicName), "orders-value");
        assert_eq!(subject(SubjectNameStrategy::RecordName), "kpbench.Order");
        assert_eq!(subject(SubjectNameStrategy::TopicRecordName), "orders-kpbench.Order");
    }
}

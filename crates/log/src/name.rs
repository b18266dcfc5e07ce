//! Names of topics and readers. A topic's name is also a file name and a name in Kafka, so it keeps to what
//! all of them accept and what no file system folds together.

use crate::{Error, Result};
use std::fmt;

/// Name of a topic: 1 to 120 of `a-z 0-9 . _ -`, first a letter or a digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(String);

impl TopicName {
    /// Checks a name.
    pub fn new(name: &str) -> Result<Self> {
        checked(name).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<domain::Topic> for TopicName {
    fn from(topic: domain::Topic) -> Self {
        Self(topic.name().to_owned())
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Name under which a reader's position is kept; written as a topic's name is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReaderName(String);

impl ReaderName {
    /// Checks a name.
    pub fn new(name: &str) -> Result<Self> {
        checked(name).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Longest name. With `.db-wal` behind it a name still fits every file system's 255 bytes, and Kafka's 249.
const MAX_NAME_BYTES: usize = 120;

fn checked(name: &str) -> Result<String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    let good = bytes.len() <= MAX_NAME_BYTES
        && bytes.first().is_some_and(|b| plain(*b))
        && bytes.iter().all(|b| plain(*b) || matches!(b, b'.' | b'_' | b'-'));
    if good { Ok(name.to_owned()) } else { Err(Error::Name { name: name.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_as_file_names() {
        let long = "a".repeat(120);
        for good in ["facts", "contacts.0f3a", "a", "9", "a_b-c.d", "x..y", &long] {
            assert_eq!(TopicName::new(good).map(|n| n.to_string()).ok().as_deref(), Some(good));
            assert!(ReaderName::new(good).is_ok());
        }
        let longer = "a".repeat(121);
        for bad in ["", ".", "..", ".db", "-x", "_x", "Facts", "a/b", "a b", "ñ", "a\0", "../x", &longer] {
            assert!(matches!(TopicName::new(bad), Err(Error::Name { name }) if name == bad), "{bad:?}");
            assert!(ReaderName::new(bad).is_err());
        }
    }

    #[test]
    fn every_topic_of_the_domain_has_a_good_name() {
        for topic in domain::Topic::ALL {
            assert_eq!(TopicName::new(topic.name()).ok(), Some(TopicName::from(*topic)));
        }
    }
}

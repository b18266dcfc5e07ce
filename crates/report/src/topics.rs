//! The topics of an instance's log on its brokers, as text for operators.

use crate::Lang;
use std::fmt::Write as _;

/// What `quell topics` found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicsSummary {
    /// The topics, in their order.
    pub topics: Vec<TopicLine>,
    /// What endangers a promise in the brokers' own settings.
    pub brokers: Vec<Wrong>,
}

/// One topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicLine {
    /// Its name at the brokers.
    pub name: String,
    /// Its partitions.
    pub partitions: u32,
    /// Copies of the partition that has the fewest.
    pub replication: usize,
    /// Copies in sync of the partition that has the fewest.
    pub in_sync: usize,
    /// What is not as it should be.
    pub wrong: Vec<Wrong>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The setting, by its name in Kafka.
    pub what: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl TopicsSummary {
    /// Whether everything is as it should be.
    pub fn is_sound(&self) -> bool {
        self.brokers.is_empty() && self.topics.iter().all(|topic| topic.wrong.is_empty())
    }

    /// A line a topic, and one for each thing that is not as it should be.
    pub fn render(&self, lang: Lang) -> String {
        let mut out = String::new();
        let width = self.topics.iter().map(|topic| topic.name.len()).max().unwrap_or(0);
        for TopicLine { name, partitions, replication, in_sync, wrong } in &self.topics {
            let state = if wrong.is_empty() { "ok" } else { lang.pick("WRONG", "MAL") };
            let line = match lang {
                Lang::En => format!("{partitions} partitions, {replication} copies, {in_sync} in sync"),
                Lang::Es => format!("{partitions} particiones, {replication} copias, {in_sync} al día"),
            };
            // Writing to a text cannot fail.
            let _ = writeln!(out, "{name:width$}  {state:5}  {line}");
            wrong.iter().for_each(|wrong| wrong.render(lang, &mut out));
        }
        if !self.brokers.is_empty() {
            let _ = writeln!(out, "{}", lang.pick("brokers", "brókeres"));
            self.brokers.iter().for_each(|wrong| wrong.render(lang, &mut out));
        }
        out
    }
}

impl Wrong {
    fn render(&self, lang: Lang, out: &mut String) {
        let Self { what, expected, found } = self;
        let _ = match lang {
            Lang::En => writeln!(out, "  {what} is {found}, expected {expected}"),
            Lang::Es => writeln!(out, "  {what} es {found}, se esperaba {expected}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_stands_below_its_topic() {
        let wrong = |what: &str| Wrong { what: what.into(), expected: "2".into(), found: "1".into() };
        let topic = |name: &str, wrong| TopicLine {
            name: name.into(),
            partitions: 4,
            replication: 3,
            in_sync: 2,
            wrong,
        };
        let topics =
            vec![topic("quell.facts", vec![wrong("min.insync.replicas")]), topic("quell.company", vec![])];
        let summary = TopicsSummary { topics, brokers: vec![] };
        assert!(!summary.is_sound());
        assert_eq!(
            summary.render(Lang::En),
            "quell.facts    WRONG  4 partitions, 3 copies, 2 in sync\n  min.insync.replicas is 1, expected 2\n\
             quell.company  ok     4 partitions, 3 copies, 2 in sync\n"
        );
        let summary = TopicsSummary { topics: vec![], brokers: vec![wrong("auto.create.topics.enable")] };
        assert_eq!(summary.render(Lang::Es), "brókeres\n  auto.create.topics.enable es 1, se esperaba 2\n");
    }
}

//! `quell topics create` and `check`: the topics of the log on Apache Kafka.

use super::Shell;
use crate::cli::Topics;
use crate::config::LogBackend;
use crate::failure::{Exit, Failure};
use crate::instance::{create, is_lasting, partitions, topic_name};
use anyhow::{Context as _, Result};
use domain::Topic;
use log::{Kafka, Mismatch, TopicReport};
use report::topics::{TopicLine, TopicsSummary, Wrong};
use serde_json::{Value, json};

pub(super) fn run(shell: &mut Shell, command: &Topics) -> Result<Exit, Failure> {
    let config = &shell.loaded.config;
    let LogBackend::Kafka(kafka) = &config.log else {
        let why = "the log is embedded, which needs no topics; expected log.backend = \"kafka\"";
        return Err(Failure::Usage(why.to_owned()));
    };
    let (prefix, log) =
        (kafka.prefix.clone(), Kafka::open((**kafka).clone()).context("cannot reach the log")?);
    if matches!(command, Topics::Create) {
        for topic in Topic::ALL {
            create(&log, *topic, config).context("cannot create a topic")?;
        }
    }
    let checked = |topic: &Topic| -> Result<TopicLine> {
        let (name, partitions) = (topic_name(*topic), partitions(*topic, config));
        let report = match is_lasting(*topic) {
            true => log.check_lasting(&name, partitions),
            false => log.check(&name, partitions),
        };
        Ok(line(&prefix, report.context("cannot check a topic")?))
    };
    let topics = Topic::ALL.iter().map(checked).collect::<Result<Vec<_>>>()?;
    let brokers = log.check_brokers().context("cannot check the brokers")?;
    // The fold keeps no position at the brokers, so how long they remember one endangers nothing.
    let brokers = brokers.iter().filter(|m| m.what != "offsets.retention.minutes").map(wrong).collect();
    let summary = TopicsSummary { topics, brokers };
    shell.summary(&summary.render(shell.lang()), &json(&summary))?;
    Ok(if summary.is_sound() { Exit::Done } else { Exit::Failed })
}

fn line(prefix: &str, report: TopicReport) -> TopicLine {
    let TopicReport { topic, partitions, replication, in_sync, mismatches, .. } = report;
    let wrong = mismatches.iter().map(wrong).collect();
    TopicLine { name: format!("{prefix}{topic}"), partitions, replication, in_sync, wrong }
}

fn wrong(mismatch: &Mismatch) -> Wrong {
    let Mismatch { what, expected, found } = mismatch;
    Wrong { what: (*what).to_owned(), expected: expected.clone(), found: found.clone() }
}

fn json(summary: &TopicsSummary) -> Value {
    let wrong = |all: &[Wrong]| -> Vec<Value> {
        all.iter().map(|w| json!({ "what": w.what, "expected": w.expected, "found": w.found })).collect()
    };
    let topics = summary.topics.iter().map(|topic| {
        json!({
            "topic": topic.name,
            "partitions": topic.partitions,
            "replication": topic.replication,
            "in_sync": topic.in_sync,
            "wrong": wrong(&topic.wrong),
        })
    });
    json!({ "sound": summary.is_sound(), "topics": topics.collect::<Vec<_>>(), "brokers": wrong(&summary.brokers) })
}

//! Appends records to a topic on Kafka as Quell does, for readers that are not Quell:
//!
//! ```text
//! cargo run -p log@0.1.0 --example send -- HOST:PORT TOPIC PARTITIONS < RECORDS
//! ```
//!
//! A line of RECORDS is a key, a space and the value in hexadecimal digits. The topic is made, with one copy, if it
//! is not there. Prints how many it appended.
#![allow(clippy::print_stdout, reason = "the count is the output")]

use log::{Kafka, KafkaConfig, Log, Outgoing, TopicName, TopicSettings, partition_of};
use std::error::Error;
use std::io;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, topic, partitions] = args.as_slice() else {
        return Err("usage: send HOST:PORT TOPIC PARTITIONS < RECORDS".into());
    };
    let (topic, partitions) = (TopicName::new(topic)?, partitions.parse()?);
    let topics = TopicSettings { replication: 1, min_in_sync: 1, retention: None };
    let log = Kafka::open(KafkaConfig { topics, ..KafkaConfig::new(brokers, "quell-send") })?;
    log.create(&topic, partitions)?;
    let lines = io::read_to_string(io::stdin())?;
    let records: Vec<_> = lines.lines().map(|line| record(line, partitions)).collect::<Result<_, _>>()?;
    log.append(&topic, &records)?;
    println!("{}", records.len());
    Ok(())
}

fn record(line: &str, partitions: u32) -> Result<Outgoing, Box<dyn Error>> {
    let (key, digits) = line.split_once(' ').ok_or("expected a key, a space and digits")?;
    let digit_pairs = digits.as_bytes().chunks(2).map(str::from_utf8);
    let value = digit_pairs.map(|pair| Ok(u8::from_str_radix(pair?, 16)?));
    let value = value.collect::<Result<_, Box<dyn Error>>>()?;
    Ok(Outgoing { partition: partition_of(key.as_bytes(), partitions), key: key.as_bytes().to_vec(), value })
}

#!/usr/bin/env python3
"""Do readers that are not Quell read its facts, and agree?

    readers.py BROKERS TOPIC SCHEMAS RECORDS

Reads TOPIC with a Python consumer and with kcat, and compares: both found what RECORDS says was sent (a key, a space,
the value in hexadecimal digits, a line each), once, and each at the same place. Each value is decoded with the schema of
the folder SCHEMAS that its head names, by fastavro and by Apache's own library: the fields are equal, and fastavro's
encoding of them is the value again, byte for byte. Prints every fact as a line of JSON. Exit 0: all agree.
"""

import collections
import datetime
import glob
import io
import json
import subprocess
import sys
import time

import avro.io
import avro.schema
import confluent_kafka
import fastavro

# Confluent's framing, see schemas/README.md.
HEAD = 5
# Seconds until the last record must have come.
PATIENCE = 60

Record = collections.namedtuple("Record", "partition offset timestamp key value")


def disagree(message):
    sys.exit(f"readers.py: {message}")


def with_python(brokers, topic):
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": brokers,
        "group.id": "quell-readers",
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
    })
    about = consumer.list_topics(topic, timeout=PATIENCE).topics[topic]
    if about.error:
        disagree(f"topic {topic}: {about.error}")
    partitions = about.partitions
    begin = confluent_kafka.OFFSET_BEGINNING
    consumer.assign([confluent_kafka.TopicPartition(topic, p, begin) for p in partitions])
    open_ends, records, deadline = set(partitions), [], time.monotonic() + PATIENCE
    while open_ends:
        message = consumer.poll(1)
        if message is None:
            if time.monotonic() > deadline:
                disagree(f"partitions {sorted(open_ends)} did not end within {PATIENCE} s")
        elif message.error() is None:
            where = message.partition(), message.offset(), message.timestamp()[1]
            records.append(Record(*where, message.key(), message.value()))
        elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
            open_ends.discard(message.partition())
        else:
            disagree(message.error())
    consumer.close()
    return sorted(records)


def with_kcat(brokers, topic):
    """A line with the place, the key and the value's length, then the value as it is."""
    command = ["kcat", "-C", "-q", "-e", "-b", brokers, "-t", topic, "-o", "beginning"]
    command += ["-X", "isolation.level=read_committed", "-f", "%p %o %T %k %S\n%s"]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    if done.returncode:
        disagree(f"kcat: {done.stderr.decode(errors='replace').strip()}")
    out = io.BytesIO(done.stdout)
    records = []
    while line := out.readline():
        partition, offset, timestamp, key, length = line.split(b" ")
        value = out.read(int(length))
        records.append(Record(int(partition), int(offset), int(timestamp), key, value))
    return sorted(records)


class Schemas:
    """By the id that a record's head names. Files share names of types, so each is parsed by itself."""

    def __init__(self, folder):
        self.by_id = {}
        for path in glob.glob(f"{folder}/*.avsc"):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            told = json.loads(text)
            self.by_id[told["schema_id"]] = (told["name"], fastavro.parse_schema(told), avro.schema.parse(text))

    def decode(self, value):
        if value[0] != 0:
            disagree(f"a record begins with {value[:HEAD].hex()}, not with a zero byte")
        name, fast, apache = self.by_id[int.from_bytes(value[1:HEAD], "big")]
        datum = io.BytesIO(value[HEAD:])
        fields = fastavro.schemaless_reader(datum, fast)
        if datum.read():
            disagree(f"{name}: bytes behind the datum")
        again = io.BytesIO()
        fastavro.schemaless_writer(again, fast, fields)
        if again.getvalue() != value[HEAD:]:
            disagree(f"{name}: fastavro writes other bytes than Quell")
        other = avro.io.DatumReader(apache).read(avro.io.BinaryDecoder(io.BytesIO(value[HEAD:])))
        compare(name, fields, other)
        return name, fields


def compare(name, one, other):
    """Field by field, so that the message names the one that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        for field in one.keys() | other.keys():
            compare(f"{name}.{field}", one.get(field), other.get(field))
    elif one != other:
        disagree(f"{name}: fastavro reads {one!r}, Apache's library {other!r}")


def plain(value):
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    return value.hex()


def main(brokers, topic, schemas, sent):
    schemas = Schemas(schemas)
    ours, kcats = with_python(brokers, topic), with_kcat(brokers, topic)
    if ours != kcats:
        disagree(f"the Python consumer read {len(ours)} records, kcat {len(kcats)}, and they are not the same")
    with open(sent, encoding="utf-8") as lines:
        expected = sorted(tuple(line.split()) for line in lines)
    found = sorted((r.key.decode(), r.value.hex()) for r in ours)
    if found != expected:
        disagree(f"{len(found)} records were read, {len(expected)} sent, and they are not the same")
    kinds = set()
    for record in ours:
        name, fields = schemas.decode(record.value)
        kinds.add(name)
        where = {"partition": record.partition, "offset": record.offset, "timestamp": record.timestamp}
        line = {**where, "key": record.key.decode(), "fact": name, **fields}
        print(json.dumps(line, default=plain, ensure_ascii=False))
    partitions = len({r.partition for r in ours})
    print(f"{len(ours)} records of {len(kinds)} kinds of facts in {partitions} partitions: confluent-kafka, kcat, "
          f"fastavro {fastavro.__version__} and Apache's library agree", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])

# kafka-python as a client of cmd/conformance: BOOTSTRAP OPERATION TOPIC [CODEC FILE]
import json
import sys
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

bootstrap, operation, topic = sys.argv[1:4]


def encode(text):
    return None if text is None else text.encode()


def decode(data):
    return None if data is None else data.decode()


def read():
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    end = consumer.end_offsets([partition])[partition]
    while consumer.position(partition) < end:
        for batch in consumer.poll(timeout_ms=500).values():
            yield from batch
    consumer.close()


def producer(codec):
    return KafkaProducer(bootstrap_servers=bootstrap, acks="all",
                         compression_type=None if codec == "none" else codec)


if operation == "produce":
    p = producer(sys.argv[4])
    with open(sys.argv[5], "rb") as lines:
        sent = [p.send(topic, value=line[:-1] if line.endswith(b"\n") else line, partition=0)
                for line in lines]
    for future in sent:
        future.get(60)
    p.close()
elif operation == "consume":
    for message in read():
        sys.stdout.buffer.write(message.value + b"\n")
elif operation == "produce-records":
    p = producer("none")
    for record in json.load(sys.stdin):
        p.send(topic, key=encode(record["Key"]), value=encode(record["Value"]), partition=0,
               headers=[(name, value.encode()) for name, value in record["Headers"] or []]).get(60)
    p.close()
elif operation == "consume-records":
    json.dump([{"Key": decode(m.key), "Value": decode(m.value),
                "Headers": [[name, value.decode()] for name, value in m.headers]}
               for m in read()], sys.stdout)

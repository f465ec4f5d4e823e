# A member of a group with confluent-kafka, which is librdkafka:
# BOOTSTRAP TOPIC GROUP SESSION_MS HEARTBEAT_MS
import signal
import sys
import time
from confluent_kafka import Consumer, KafkaException, TopicPartition

bootstrap, topic, group, session, heartbeat = sys.argv[1:6]
running = True


def stop(*_):
    global running
    running = False


def say(*words):
    print(int(time.time() * 1000), *words, flush=True)


def on_assign(_, partitions):
    for p in partitions:
        say("assigned", p.partition)


pending = {}


def commit():
    wish = [TopicPartition(topic, p, offset) for p, offset in pending.items()]
    pending.clear()
    if not wish:
        return
    try:
        answers = consumer.commit(offsets=wish, asynchronous=False)
    except KafkaException as error:
        print("commit:", error, flush=True)
        return
    for p in answers:
        if p.error:
            print("commit:", p.partition, p.error, flush=True)
        else:
            say("committed", p.partition, p.offset)


def on_revoke(_, partitions):
    commit()
    for p in partitions:
        say("revoked", p.partition)


signal.signal(signal.SIGTERM, stop)
consumer = Consumer({
    "bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False,
    "auto.offset.reset": "earliest", "partition.assignment.strategy": "range",
    "session.timeout.ms": int(session), "heartbeat.interval.ms": int(heartbeat)})
consumer.subscribe([topic], on_assign=on_assign, on_revoke=on_revoke)
while running:
    # One by one: a batch would mix records from before and after a rebalance.
    wait = 0.1
    for _ in range(100):
        r = consumer.poll(wait)
        if r is None:
            break
        if r.error():
            print("poll:", r.error(), flush=True)
            continue
        wait = 0
        say("consumed", r.partition(), r.offset(), r.value().decode())
        pending[r.partition()] = r.offset() + 1
    commit()
consumer.close()

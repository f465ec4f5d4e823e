# A member of a group with kafka-python: BOOTSTRAP TOPIC GROUP SESSION_MS HEARTBEAT_MS
import signal
import sys
import time
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

bootstrap, topic, group, session, heartbeat = sys.argv[1:6]
running = True


def stop(*_):
    global running
    running = False


def say(*words):
    print(int(time.time() * 1000), *words, flush=True)


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        for p in revoked:
            say("revoked", p.partition)

    def on_partitions_assigned(self, assigned):
        for p in assigned:
            say("assigned", p.partition)


signal.signal(signal.SIGTERM, stop)
consumer = KafkaConsumer(
    bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False,
    auto_offset_reset="earliest", session_timeout_ms=int(session),
    heartbeat_interval_ms=int(heartbeat), max_poll_interval_ms=30000,
    partition_assignment_strategy=[RangePartitionAssignor])
consumer.subscribe([topic], listener=Listener())
while running:
    batches = consumer.poll(timeout_ms=200, max_records=100)
    offsets = {}
    for partition, records in batches.items():
        for r in records:
            say("consumed", r.partition, r.offset, r.value.decode())
        offsets[partition] = OffsetAndMetadata(records[-1].offset + 1, "")
    if offsets:
        try:
            consumer.commit(offsets)
        except KafkaError as error:
            print("commit:", repr(error), flush=True)
            continue
        for partition, offset in offsets.items():
            say("committed", partition.partition, offset.offset)
consumer.close(autocommit=False)

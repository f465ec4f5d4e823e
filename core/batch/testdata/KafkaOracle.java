// Asks Apache Kafka's own classes what they make of batches. It is not part of
// any build: run it when a case is added, with Kafka's jars on the class path:
//
//   go test ./core/batch -run TestValidateLikeKafka -cases cases.txt
//   java -cp "$KAFKA/libs/*" core/batch/testdata/KafkaOracle.java validate \
//       < cases.txt > core/batch/testdata/validate.txt
//   java -cp "$KAFKA/libs/*" core/batch/testdata/KafkaOracle.java build \
//       > core/batch/testdata/java.txt
//
// "validate" does what a broker does with a Produce request's bytes before it
// appends them: ProduceRequest.validateRecords, the checks of UnifiedLog's
// analysis that do not need a log, LogValidator, and the size check after it.
// "build" writes batches as a Java producer does. "read" prints the records of
// batches, one a line in hexadecimal.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.requests.ProduceResponse;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.PrimitiveRef;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogValidator;
import org.apache.kafka.storage.internals.log.RecordValidationException;

public class KafkaOracle {
    static final TopicPartition PARTITION = new TopicPartition("orders", 3);

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        switch (args[0]) {
            case "build" -> build();
            case "validate" -> in.lines().forEach(KafkaOracle::validate);
            case "read" -> in.lines().forEach(KafkaOracle::read);
        }
    }

    static String hex(ByteBuffer b) {
        if (b == null)
            return "null";
        byte[] bytes = new byte[b.remaining()];
        b.duplicate().get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    static class Ignore implements LogValidator.MetricsRecorder {
        public void recordInvalidMagic() { }
        public void recordInvalidOffset() { }
        public void recordInvalidSequence() { }
        public void recordInvalidChecksums() { }
        public void recordNoKeyCompactedTopic() { }
    }

    // A clock that stands still.
    static Time clock(long now) {
        return (Time) Proxy.newProxyInstance(Time.class.getClassLoader(),
            new Class<?>[] {Time.class}, (self, method, args) -> now);
    }

    // One line in: name, version, compression, timestamp type, now, before, after,
    // max bytes, compacted, batch; separated by "|". The same line out, followed
    // by the answer: error, message, record errors, "same" or the batch to append.
    static void validate(String line) {
        String[] f = line.split("\\|", -1);
        byte[] bytes = HexFormat.of().parseHex(f[9]);
        String answer;
        try {
            ByteBuffer out = append(f, bytes.clone());
            answer = "NONE|||" + (out.equals(ByteBuffer.wrap(bytes)) ? "same" : hex(out));
        } catch (RecordValidationException e) {
            StringBuilder errors = new StringBuilder();
            for (ProduceResponse.RecordError r : e.recordErrors())
                errors.append(r.batchIndex).append('=').append(r.message).append(';');
            answer = Errors.forException(e.invalidException()) + "|"
                + e.invalidException().getMessage() + "|" + errors + "|";
        } catch (Exception e) {
            answer = Errors.forException(e) + "|||";
        }
        System.out.println(line + "|" + answer);
    }

    static ByteBuffer append(String[] f, byte[] bytes) {
        MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
        ProduceRequest.validateRecords(Short.parseShort(f[1]), records);
        int max = Integer.parseInt(f[7]), valid = 0;
        CompressionType source = CompressionType.NONE;
        for (MutableRecordBatch b : records.batches()) {
            if (b.baseOffset() != 0)
                throw new InvalidRecordException("base offset");
            b.lastOffset();
            if (b.sizeInBytes() > max)
                throw new RecordTooLargeException("too large");
            if (!b.isValid())
                throw new CorruptRecordException("crc");
            if (b.compressionType() != CompressionType.NONE)
                source = b.compressionType();
            valid += b.sizeInBytes();
        }
        records = MemoryRecords.readableRecords(ByteBuffer.wrap(bytes, 0, valid));
        Compression target = Compression.of(f[2].equals("producer") ? source
            : CompressionType.forName(f[2].equals("uncompressed") ? "none" : f[2])).build();
        long now = Long.parseLong(f[4]);
        LogValidator.ValidationResult result = new LogValidator(records, PARTITION,
            clock(now), source, target, f[8].equals("true"), (byte) 2,
            TimestampType.forName(f[3]), Long.parseLong(f[5]), Long.parseLong(f[6]), -1,
            AppendOrigin.CLIENT).validateMessagesAndAssignOffsets(
                PrimitiveRef.ofLong(0), new Ignore(), BufferSupplier.NO_CACHING);
        for (MutableRecordBatch b : result.validatedRecords().batches())
            if (result.messageSizeMaybeChanged() && b.sizeInBytes() > max)
                throw new RecordTooLargeException("too large");
        return result.validatedRecords().buffer();
    }

    static final byte[] K = "key".getBytes(StandardCharsets.UTF_8);
    static final byte[] LONG = "0123456789".repeat(500).getBytes(StandardCharsets.UTF_8);

    static SimpleRecord[] records() {
        Header[] headers = {new RecordHeader("h", K), new RecordHeader("", null)};
        return new SimpleRecord[] {
            new SimpleRecord(1700000000000L, K, "value".getBytes(StandardCharsets.UTF_8)),
            new SimpleRecord(1700000000005L, (byte[]) null, (byte[]) null),
            new SimpleRecord(1699999999999L, new byte[0], new byte[0], headers),
            new SimpleRecord(1700000000001L, null, LONG),
        };
    }

    static void print(String name, MemoryRecords records) {
        System.out.println(name + "|" + hex(records.buffer()));
    }

    static void build() {
        for (CompressionType type : CompressionType.values()) {
            Compression c = Compression.of(type).build();
            print(type.name, MemoryRecords.withRecords(c, records()));
            print(type.name + " idempotent", MemoryRecords.withIdempotentRecords(
                c, 4711, (short) 3, Integer.MAX_VALUE - 1, records()));
            print(type.name + " transactional", MemoryRecords.withTransactionalRecords(
                c, 4711, (short) 3, 7, records()));
        }
        MemoryRecordsBuilder append = MemoryRecords.builder(ByteBuffer.allocate(512), (byte) 2,
            Compression.NONE, TimestampType.LOG_APPEND_TIME, 20L, 1700000000077L, 9);
        for (SimpleRecord r : records())
            if (r.value() == null || r.value().remaining() < 100)
                append.append(r);
        print("log append time", append.build());
        for (ControlRecordType type : List.of(ControlRecordType.ABORT, ControlRecordType.COMMIT))
            print(type.name(), MemoryRecords.withEndTransactionMarker(12L, 1700000000000L, 9,
                4711L, (short) 3, new EndTransactionMarker(type, 77)));
        ByteBuffer room = ByteBuffer.allocate(1024);
        long t = 1700000000000L;
        print("LEADER_CHANGE", MemoryRecords.withLeaderChangeMessage(12L, t, 9, room,
            new LeaderChangeMessage().setVersion((short) 0).setLeaderId(1)
                .setVoters(List.of(new LeaderChangeMessage.Voter().setVoterId(1),
                    new LeaderChangeMessage.Voter().setVoterId(2)))
                .setGrantingVoters(List.of(new LeaderChangeMessage.Voter().setVoterId(1)))));
        print("SNAPSHOT_HEADER", MemoryRecords.withSnapshotHeaderRecord(0L, t, 9,
            ByteBuffer.allocate(1024), new SnapshotHeaderRecord().setVersion((short) 0)
                .setLastContainedLogTimestamp(1699999999999L)));
        print("SNAPSHOT_FOOTER", MemoryRecords.withSnapshotFooterRecord(12L, t, 9,
            ByteBuffer.allocate(1024), new SnapshotFooterRecord().setVersion((short) 0)));
        print("KRAFT_VERSION", MemoryRecords.withKRaftVersionRecord(12L, t, 9,
            ByteBuffer.allocate(1024), new KRaftVersionRecord().setVersion((short) 0)
                .setKRaftVersion((short) 1)));
        print("KRAFT_VOTERS", MemoryRecords.withVotersRecord(12L, t, 9,
            ByteBuffer.allocate(1024), new VotersRecord().setVersion((short) 0)
                .setVoters(List.of(new VotersRecord.Voter().setVoterId(1)
                    .setVoterDirectoryId(new org.apache.kafka.common.Uuid(1, 2))
                    .setEndpoints(new VotersRecord.EndpointCollection(List.of(
                        new VotersRecord.Endpoint().setName("CONTROLLER").setHost("localhost")
                            .setPort(9093)).iterator()))
                    .setKRaftVersionFeature(new VotersRecord.KRaftVersionFeature()
                        .setMinSupportedVersion((short) 0)
                        .setMaxSupportedVersion((short) 1))))));
    }

    static void read(String line) {
        MemoryRecords records = MemoryRecords.readableRecords(
            ByteBuffer.wrap(HexFormat.of().parseHex(line)));
        for (MutableRecordBatch b : records.batches()) {
            b.ensureValid();
            System.out.println(b.compressionType() + " " + b.baseOffset() + "-" + b.lastOffset());
            for (Record r : b)
                System.out.println("  " + r.offset() + " " + r.timestamp() + " " + hex(r.key())
                    + " " + hex(r.value()) + " " + r.headers().length);
        }
    }
}

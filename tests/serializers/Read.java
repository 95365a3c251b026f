import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.connect.json.JsonDeserializer;

/** Reads a topic from its beginning with Java's own deserializers; prints each value as one line of JSON. */
public class Read {
    public static void main(String[] arguments) throws Exception {
        String servers = arguments[0], topic = arguments[1], format = arguments[2], registry = arguments[3];
        Deserializer<?> values = switch (format) {
            case "string" -> new StringDeserializer();
            case "json" -> new JsonDeserializer();
            case "avro" -> new Avro(registry);
            default -> throw new IllegalArgumentException(format);
        };
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", servers);
        settings.put("enable.auto.commit", "false");
        try (KafkaConsumer<String, ?> consumer = new KafkaConsumer<>(settings, new StringDeserializer(), values)) {
            List<TopicPartition> partitions = new ArrayList<>();
            consumer.partitionsFor(topic).forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long left = consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
            ObjectMapper mapper = new ObjectMapper();
            while (left > 0) {
                for (ConsumerRecord<String, ?> record : consumer.poll(Duration.ofSeconds(30))) {
                    JsonNode node = mapper.readTree(record.value().toString());
                    System.out.println(mapper.writeValueAsString(node));
                    left--;
                }
            }
        }
    }

    /** What Confluent's deserializer does: the schema of the id before the datum, then Avro's own reader. */
    static class Avro implements Deserializer<GenericRecord> {
        private final String registry;
        private final Map<Integer, Schema> schemas = new HashMap<>();

        Avro(String registry) {
            this.registry = registry;
        }

        @Override
        public GenericRecord deserialize(String topic, byte[] bytes) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            if (buffer.get() != 0) {
                throw new IllegalStateException("no magic byte");
            }
            Schema schema = schemas.computeIfAbsent(buffer.getInt(), this::fetch);
            try {
                BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, null);
                GenericRecord record = new GenericDatumReader<GenericRecord>(schema).read(null, decoder);
                if (!decoder.isEnd()) {
                    throw new IllegalStateException("bytes are left over");
                }
                return record;
            } catch (java.io.IOException error) {
                throw new IllegalStateException(error);
            }
        }

        private Schema fetch(int id) {
            try {
                HttpRequest request = HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id)).build();
                String body = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
                return new Schema.Parser().parse(new ObjectMapper().readTree(body).get("schema").asText());
            } catch (Exception error) {
                throw new IllegalStateException("schema " + id, error);
            }
        }
    }
}

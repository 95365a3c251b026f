package com.example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads topics from their beginning with the deserializers that are named behind each, configured as in an application;
 * prints each record as one line of JSON.
 */
public class Read {
    public static void main(String[] arguments) throws Exception {
        // The classes below are known to this program's loader alone: Spring asks the thread's.
        Thread.currentThread().setContextClassLoader(Read.class.getClassLoader());
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", arguments[0]);
        settings.put("enable.auto.commit", "false");
        settings.put("schema.registry.url", arguments[1]);
        settings.put("spring.json.trusted.packages", Read.class.getPackageName());
        settings.put("spring.json.remove.type.headers", "false");
        for (int topic = 2; topic < arguments.length; topic += 3) {
            settings.put("key.deserializer", arguments[topic + 1]);
            settings.put("value.deserializer", arguments[topic + 2]);
            read(arguments[topic], (topic - 2) / 3, settings);
        }
    }

    private static void read(String topic, int number, Map<String, Object> settings) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        try (KafkaConsumer<Object, Object> consumer = new KafkaConsumer<>(settings)) {
            List<TopicPartition> partitions = new ArrayList<>();
            consumer.partitionsFor(topic).forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long left = consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
            while (left > 0) {
                for (ConsumerRecord<Object, Object> record : consumer.poll(Duration.ofSeconds(30))) {
                    ObjectNode line = mapper.createObjectNode().put("reading", number);
                    line.set("key", mapper.valueToTree(record.key()));
                    line.put("class", record.value().getClass().getName());
                    line.set("value", json(record.value(), mapper));
                    ObjectNode headers = line.putObject("headers");
                    record.headers().forEach(h -> headers.put(h.key(), new String(h.value(), StandardCharsets.UTF_8)));
                    System.out.println(mapper.writeValueAsString(line));
                    left--;
                }
            }
        }
    }

    /** A class of ours has fields; strings of JSON, JSON trees and Avro's records say in JSON what they are. */
    private static JsonNode json(Object value, ObjectMapper mapper) throws Exception {
        return value instanceof Record ? mapper.valueToTree(value) : mapper.readTree(value.toString());
    }
}

record CouponIssueMessage(UUID userId, UUID couponId) {}

record Address(String street, String postcode, String city, String country) {}

record OrderLine(String sku, int quantity, double unitPrice) {}

record Order(
        long orderId,
        long createdAt,
        UUID customerId,
        String status,
        String currency,
        double total,
        int priority,
        UUID couponId,
        List<String> tags,
        Address shipping,
        List<OrderLine> lines) {}

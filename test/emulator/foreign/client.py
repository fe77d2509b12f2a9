"""Talks to an event hub with the official Python SDK, as one JSON request says, and answers with one JSON object."""

import hashlib
import json
import sys
import threading

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient

PATIENCE = 30


def send(connection_string, hub):
    with EventHubProducerClient.from_connection_string(connection_string, eventhub_name=hub) as producer:
        producer.send_event(EventData("single"), partition_id="0")
        producer.send_batch([EventData("list-%d" % n) for n in range(3)], partition_id="1")
        batch = producer.create_batch(partition_key="device-1")
        for n in range(3):
            event = EventData("keyed-%d" % n)
            event.properties = {"number": n}
            batch.add(event)
        producer.send_batch(batch)
        producer.send_batch([EventData("anywhere")])
    return {}


def properties(connection_string, hub):
    with EventHubConsumerClient.from_connection_string(connection_string, "$Default", eventhub_name=hub) as consumer:
        of_hub = consumer.get_eventhub_properties()
        of_partition = consumer.get_partition_properties("0")
    return {
        "name": of_hub["eventhub_name"],
        "partitionIds": of_hub["partition_ids"],
        "beginSequenceNumber": of_partition["beginning_sequence_number"],
        "lastSequenceNumber": of_partition["last_enqueued_sequence_number"],
        "lastOffset": of_partition["last_enqueued_offset"],
        "isEmpty": of_partition["is_empty"],
    }


def receive(connection_string, hub, partition, start, inclusive, count):
    events, last, failures = [], {}, []
    enough = threading.Event()

    def on_event(context, event):
        nonlocal last
        if len(events) < count:
            events.append(described(event))
        last = context.last_enqueued_event_properties
        if len(events) == count:
            enough.set()

    def on_error(context, error):
        failures.append(repr(error))

    consumer = EventHubConsumerClient.from_connection_string(connection_string, "$Default", eventhub_name=hub)
    options = {
        "partition_id": partition,
        "starting_position": start_position(start),
        "starting_position_inclusive": inclusive,
        "track_last_enqueued_event_properties": True,
        "on_error": on_error,
    }
    reading = threading.Thread(target=consumer.receive, args=(on_event,), kwargs=options, daemon=True)
    reading.start()
    enough.wait(PATIENCE)
    consumer.close()
    reading.join(5)
    if len(events) < count:
        raise RuntimeError("received %d of %d events: %s" % (len(events), count, failures))
    return {"events": events, "lastSequenceNumber": last["sequence_number"], "lastOffset": last["offset"]}


def start_position(start):
    if start == "earliest":
        return "-1"
    if start == "latest":
        return "@latest"
    return start["offset"] if "offset" in start else start["sequenceNumber"]


def described(event):
    body = b"".join(event.body)
    return {
        "sequenceNumber": event.sequence_number,
        "offset": event.offset,
        "partitionKey": event.partition_key.decode() if event.partition_key else None,
        "digest": hashlib.sha256(body).hexdigest(),
    }


request = json.load(sys.stdin)
answer = globals()[request.pop("operation")](**{key: value for key, value in request.items()})
print(json.dumps(answer))

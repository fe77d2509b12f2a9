// Talks to an event hub with the official Go SDK, as one JSON request says, and answers with one JSON object.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
)

type request struct {
	Operation        string          `json:"operation"`
	ConnectionString string          `json:"connection_string"`
	Hub              string          `json:"hub"`
	Partition        string          `json:"partition"`
	Start            json.RawMessage `json:"start"`
	Inclusive        bool            `json:"inclusive"`
	Count            int             `json:"count"`
}

type event struct {
	SequenceNumber int64   `json:"sequenceNumber"`
	Offset         string  `json:"offset"`
	PartitionKey   *string `json:"partitionKey"`
	Digest         string  `json:"digest"`
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	answer, err := perform(ctx)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func perform(ctx context.Context) (any, error) {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return nil, err
	}
	switch asked.Operation {
	case "send":
		return map[string]any{}, send(ctx, asked)
	case "properties":
		return properties(ctx, asked)
	case "receive":
		return receive(ctx, asked)
	}
	return nil, fmt.Errorf("unknown operation %q", asked.Operation)
}

func send(ctx context.Context, asked request) error {
	producer, err := azeventhubs.NewProducerClientFromConnectionString(asked.ConnectionString, asked.Hub, nil)
	if err != nil {
		return err
	}
	defer producer.Close(ctx)
	first, second, key := "0", "1", "device-1"
	batches := []struct {
		options azeventhubs.EventDataBatchOptions
		bodies  []string
	}{
		{azeventhubs.EventDataBatchOptions{PartitionID: &first}, []string{"single"}},
		{azeventhubs.EventDataBatchOptions{PartitionID: &second}, []string{"list-0", "list-1", "list-2"}},
		{azeventhubs.EventDataBatchOptions{PartitionKey: &key}, []string{"keyed-0", "keyed-1", "keyed-2"}},
		{azeventhubs.EventDataBatchOptions{}, []string{"anywhere"}},
	}
	for _, each := range batches {
		batch, err := producer.NewEventDataBatch(ctx, &each.options)
		if err != nil {
			return err
		}
		for number, body := range each.bodies {
			data := &azeventhubs.EventData{Body: []byte(body), Properties: map[string]any{"number": number}}
			if err := batch.AddEventData(data, nil); err != nil {
				return err
			}
		}
		if err := producer.SendEventDataBatch(ctx, batch, nil); err != nil {
			return err
		}
	}
	return nil
}

func properties(ctx context.Context, asked request) (any, error) {
	consumer, err := connect(asked)
	if err != nil {
		return nil, err
	}
	defer consumer.Close(ctx)
	hub, err := consumer.GetEventHubProperties(ctx, nil)
	if err != nil {
		return nil, err
	}
	partition, err := consumer.GetPartitionProperties(ctx, "0", nil)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"name":                hub.Name,
		"partitionIds":        hub.PartitionIDs,
		"beginSequenceNumber": partition.BeginningSequenceNumber,
		"lastSequenceNumber":  partition.LastEnqueuedSequenceNumber,
		"lastOffset":          partition.LastEnqueuedOffset,
		"isEmpty":             partition.IsEmpty,
	}, nil
}

func receive(ctx context.Context, asked request) (any, error) {
	consumer, err := connect(asked)
	if err != nil {
		return nil, err
	}
	defer consumer.Close(ctx)
	start, err := startPosition(asked)
	if err != nil {
		return nil, err
	}
	partition, err := consumer.NewPartitionClient(asked.Partition, &azeventhubs.PartitionClientOptions{StartPosition: start})
	if err != nil {
		return nil, err
	}
	defer partition.Close(ctx)
	events := []event{}
	for len(events) < asked.Count {
		received, err := partition.ReceiveEvents(ctx, min(100, asked.Count-len(events)), nil)
		for _, each := range received {
			digest := sha256.Sum256(each.Body)
			events = append(events, event{each.SequenceNumber, each.Offset, each.PartitionKey, hex.EncodeToString(digest[:])})
		}
		if err != nil {
			return nil, fmt.Errorf("received %d of %d events: %w", len(events), asked.Count, err)
		}
	}
	return map[string]any{"events": events}, nil
}

func connect(asked request) (*azeventhubs.ConsumerClient, error) {
	return azeventhubs.NewConsumerClientFromConnectionString(
		asked.ConnectionString, asked.Hub, azeventhubs.DefaultConsumerGroup, nil)
}

func startPosition(asked request) (azeventhubs.StartPosition, error) {
	yes := true
	switch string(asked.Start) {
	case `"earliest"`:
		return azeventhubs.StartPosition{Earliest: &yes}, nil
	case `"latest"`:
		return azeventhubs.StartPosition{Latest: &yes}, nil
	}
	position := azeventhubs.StartPosition{Inclusive: asked.Inclusive}
	var by struct {
		Offset         *string `json:"offset"`
		SequenceNumber *int64  `json:"sequenceNumber"`
	}
	err := json.Unmarshal(asked.Start, &by)
	position.Offset, position.SequenceNumber = by.Offset, by.SequenceNumber
	return position, err
}

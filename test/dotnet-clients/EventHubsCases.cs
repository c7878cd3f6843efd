using System.Collections.Concurrent;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;
using Azure.Messaging.EventHubs.Primitives;
using Azure.Messaging.EventHubs.Processor;
using Azure.Messaging.EventHubs.Producer;

namespace DotnetClients;

/// <summary>Event hubs. Nothing is tried twice (<c>MaximumRetries</c> is 0): a link that fails once has failed.</summary>
internal static class EventHubsCases
{
    private const string Group = EventHubConsumerClient.DefaultConsumerGroupName;
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(15);
    private static readonly EventHubsRetryOptions Once = new() { MaximumRetries = 0, TryTimeout = Wait };

    public static IEnumerable<Case> All(string connectionString, TimeSpan idle) =>
    [
        new("hub: its properties; sends by partition, by key, in turn", () => Sends(connectionString)),
        new("hub: 20 readers with events already waiting", () => ReadsWhatWaits(connectionString, prefetch: 0, epoch: null)),
        new("hub: 20 readers with prefetch", () => ReadsWhatWaits(connectionString, prefetch: 300, epoch: null)),
        new("hub: 20 readers with epochs", () => ReadsWhatWaits(connectionString, prefetch: 300, epoch: 1)),
        new("hub: 20 consumers with events already waiting", () => Consumes(connectionString)),
        new("hub: start positions earliest and latest", () => ReadsFromEnds(connectionString)),
        new("hub: start positions by offset, inclusive and exclusive", () => ReadsFromOffset(connectionString)),
        new("hub: start positions by sequence number, inclusive and exclusive", () => ReadsFromSequence(connectionString)),
        new("hub: start positions by enqueued time", () => ReadsFromTime(connectionString)),
        new("hub: a stolen partition is ConsumerDisconnected, a lower epoch is refused", () => Steals(connectionString)),
        new("hub: an idle reader stays quiet, and gets what comes late", () => WaitsForEvent(connectionString, idle)),
        new("hub: a processor reads all partitions, and gives them up to another", () => Processes(connectionString)),
        new("refused: a missing hub, group, partition is ResourceNotFound", () => RefusesUnknown(connectionString)),
        new("refused: a wrong key on a hub", () => RefusesWrongKey(connectionString)),
    ];

    private static async Task Sends(string connectionString)
    {
        await using var producer = ProducerOf(connectionString, "sent");
        var properties = await producer.GetEventHubPropertiesAsync();
        Expect.Equal("sent", properties.Name);
        Expect.Sequence(["0", "1"], properties.PartitionIds);
        Expect.Equal(true, (await producer.GetPartitionPropertiesAsync("0")).IsEmpty);
        using (var batch = await producer.CreateBatchAsync(new CreateBatchOptions { PartitionId = "0" }))
        {
            Expect.Equal(true, batch.TryAdd(new("b") { ContentType = "text/plain", MessageId = "m", Properties = { ["p"] = 1L } }));
            await producer.SendAsync(batch);
        }
        await producer.SendAsync([new("k1")], new SendEventOptions { PartitionKey = "key" });
        await producer.SendAsync([new("k2")], new SendEventOptions { PartitionKey = "key" });
        await producer.SendAsync([new("r1")]);
        await producer.SendAsync([new("r2")]);
        var read = new Dictionary<string, (EventData Event, string Partition)>();
        foreach (var partition in properties.PartitionIds)
        {
            var end = (await producer.GetPartitionPropertiesAsync(partition)).LastEnqueuedSequenceNumber;
            await using var reader = ReaderOf(connectionString, "sent", EventPosition.Earliest, partition: partition);
            foreach (var one in await Several(reader, (int)end + 1)) read.Add(BodyOf(one), (one, partition));
        }
        Expect.Sequence(["b", "k1", "k2", "r1", "r2"], read.Keys.Order());
        var (first, at) = read["b"];
        Expect.Sequence<object?>(["0", "text/plain", "m", 1L], [at, first.ContentType, first.MessageId, first.Properties["p"]]);
        Expect.Equal("key", read["k1"].Event.PartitionKey);
        Expect.Equal(read["k1"].Partition, read["k2"].Partition);
        Expect.Equal(false, read["r1"].Partition == read["r2"].Partition);
    }

    /// <summary>Each reader asks for events in the moment in which it attaches, and they are there.</summary>
    private static async Task ReadsWhatWaits(string connectionString, int prefetch, long? epoch)
    {
        var hub = epoch is not null ? "epochs" : prefetch > 0 ? "prefetched" : "waiting";
        await Fill(connectionString, hub, 100);
        for (var read = 0; read < 20; read++)
        {
            await using var reader = ReaderOf(connectionString, hub, EventPosition.Earliest, prefetch, epoch + read);
            Expect.Sequence(Enumerable.Range(0, 100).Select(i => $"{i}"), (await Several(reader, 100)).Select(BodyOf));
        }
    }

    private static async Task Consumes(string connectionString)
    {
        await Fill(connectionString, "consumed", 30);
        for (var read = 0; read < 20; read++)
        {
            await using var consumer = new EventHubConsumerClient(Group, connectionString, "consumed", new EventHubConsumerClientOptions { RetryOptions = Once });
            using var limit = new CancellationTokenSource(Wait);
            var bodies = new List<string>();
            await foreach (var one in consumer.ReadEventsAsync(startReadingAtEarliestEvent: true, cancellationToken: limit.Token))
            {
                bodies.Add(BodyOf(one.Data));
                if (bodies.Count == 30) break;
            }
            Expect.Equal(30, bodies.Distinct().Count());
        }
    }

    private static async Task ReadsFromEnds(string connectionString)
    {
        await Fill(connectionString, "ends", 3);
        await using var earliest = ReaderOf(connectionString, "ends", EventPosition.Earliest);
        Expect.Sequence(["0", "1", "2"], (await Several(earliest, 3)).Select(BodyOf));
        await using var latest = ReaderOf(connectionString, "ends", EventPosition.Latest);
        var reading = Several(latest, 1);
        await Task.Delay(1_000);
        await Fill(connectionString, "ends", 1, from: 3);
        Expect.Sequence(["3"], (await reading).Select(BodyOf));
    }

    private static async Task ReadsFromOffset(string connectionString)
    {
        var events = await Filled(connectionString, "offsets", 4);
        await ExpectFrom(connectionString, "offsets", EventPosition.FromOffset(events[1].OffsetString, isInclusive: true), ["1", "2", "3"]);
        await ExpectFrom(connectionString, "offsets", EventPosition.FromOffset(events[1].OffsetString, isInclusive: false), ["2", "3"]);
    }

    private static async Task ReadsFromSequence(string connectionString)
    {
        var events = await Filled(connectionString, "sequences", 4);
        await ExpectFrom(connectionString, "sequences", EventPosition.FromSequenceNumber(0, isInclusive: true), ["0", "1", "2", "3"]);
        await ExpectFrom(connectionString, "sequences", EventPosition.FromSequenceNumber(events[1].SequenceNumber, isInclusive: true), ["1", "2", "3"]);
        await ExpectFrom(connectionString, "sequences", EventPosition.FromSequenceNumber(events[1].SequenceNumber, isInclusive: false), ["2", "3"]);
    }

    /// <summary>The client asks for what is later than the time.</summary>
    private static async Task ReadsFromTime(string connectionString)
    {
        await Filled(connectionString, "times", 2);
        await Task.Delay(50);
        await Fill(connectionString, "times", 2, from: 2);
        await using var reader = ReaderOf(connectionString, "times", EventPosition.Earliest);
        var events = await Several(reader, 4);
        await ExpectFrom(connectionString, "times", EventPosition.FromEnqueuedTime(events[1].EnqueuedTime.AddMilliseconds(10)), ["2", "3"]);
        await ExpectFrom(connectionString, "times", EventPosition.FromEnqueuedTime(events[0].EnqueuedTime.AddMinutes(-1)), ["0", "1", "2", "3"]);
    }

    private static async Task Steals(string connectionString)
    {
        await Fill(connectionString, "owned", 1);
        await using var first = ReaderOf(connectionString, "owned", EventPosition.Earliest, epoch: 1);
        await Several(first, 1);
        var waiting = Several(first, 1);
        await using var second = ReaderOf(connectionString, "owned", EventPosition.Earliest, epoch: 2);
        await Several(second, 1);
        var stolen = await Expect.Throws<EventHubsException>(() => waiting);
        Expect.Equal(EventHubsException.FailureReason.ConsumerDisconnected, stolen.Reason);
        await using var third = ReaderOf(connectionString, "owned", EventPosition.Earliest, epoch: 1);
        var refused = await Expect.Throws<EventHubsException>(() => Several(third, 1));
        Expect.Equal(EventHubsException.FailureReason.ConsumerDisconnected, refused.Reason);
    }

    private static async Task WaitsForEvent(string connectionString, TimeSpan idle)
    {
        await using var reader = ReaderOf(connectionString, "lateEvents", EventPosition.Earliest, prefetch: 300, epoch: 0);
        for (var end = DateTime.UtcNow + idle; DateTime.UtcNow < end;)
            Expect.Equal(0, (await reader.ReceiveBatchAsync(1, TimeSpan.FromSeconds(1))).Count());
        var reading = Several(reader, 1);
        await Fill(connectionString, "lateEvents", 1);
        Expect.Sequence(["0"], (await reading).Select(BodyOf));
    }

    private static async Task Processes(string connectionString)
    {
        var store = new ConcurrentDictionary<string, EventProcessorPartitionOwnership>();
        await Fill(connectionString, "processedEvents", 40);
        var first = new Processor(connectionString, store);
        await first.StartProcessingAsync();
        await Expect.Eventually(() => first.Bodies.Distinct().Count() == 40);
        var second = new Processor(connectionString, store);
        await second.StartProcessingAsync();
        await Expect.Eventually(() => store.Values.Count(one => one.OwnerIdentifier == second.Identifier) == 2);
        await Task.WhenAll(first.StopProcessingAsync(), second.StopProcessingAsync());
        Expect.Sequence([], first.Errors.Concat(second.Errors));
    }

    private static async Task RefusesUnknown(string connectionString)
    {
        await using var producer = ProducerOf(connectionString, "nowhere");
        await using var sender = ProducerOf(connectionString, "sent");
        await using var noHub = ReaderOf(connectionString, "nowhere", EventPosition.Earliest);
        await using var noPartition = ReaderOf(connectionString, "sent", EventPosition.Earliest, partition: "7");
        await using var noGroup = ReaderOf(connectionString, "sent", EventPosition.Earliest, group: "nobody");
        foreach (var action in new Func<Task>[]
        {
            () => producer.GetEventHubPropertiesAsync(),
            () => producer.SendAsync([new EventData("x")]),
            () => sender.SendAsync([new EventData("x")], new SendEventOptions { PartitionId = "7" }),
            () => Several(noHub, 1),
            () => Several(noPartition, 1),
            () => Several(noGroup, 1),
        })
            Expect.Equal(EventHubsException.FailureReason.ResourceNotFound, (await Expect.Throws<EventHubsException>(action)).Reason);
    }

    private static async Task RefusesWrongKey(string connectionString)
    {
        await using var producer = ProducerOf(Keys.Wrong(connectionString), "keyedEvents");
        await using var reader = ReaderOf(Keys.Wrong(connectionString), "keyedEvents", EventPosition.Earliest);
        await Expect.Throws<UnauthorizedAccessException>(() => producer.SendAsync([new EventData("x")]));
        await Expect.Throws<UnauthorizedAccessException>(() => Several(reader, 1));
    }

    private static EventHubProducerClient ProducerOf(string connectionString, string hub) =>
        new(connectionString, hub, new EventHubProducerClientOptions { RetryOptions = Once });

    private static PartitionReceiver ReaderOf(string connectionString, string hub, EventPosition from, int prefetch = 300, long? epoch = null, string partition = "0", string group = Group) =>
        new(group, partition, from, connectionString, hub, new PartitionReceiverOptions { RetryOptions = Once, PrefetchCount = prefetch, OwnerLevel = epoch });

    private static string BodyOf(EventData one) => one.EventBody.ToString();

    /// <summary>Sends numbered events to partition 0.</summary>
    private static async Task Fill(string connectionString, string hub, int count, int from = 0)
    {
        await using var producer = ProducerOf(connectionString, hub);
        await producer.SendAsync(Enumerable.Range(from, count).Select(i => new EventData($"{i}")), new SendEventOptions { PartitionId = "0" });
    }

    private static async Task<List<EventData>> Filled(string connectionString, string hub, int count)
    {
        await Fill(connectionString, hub, count);
        await using var reader = ReaderOf(connectionString, hub, EventPosition.Earliest);
        return await Several(reader, count);
    }

    /// <summary>Reads exactly these from the position on, 20 times: a fault that comes and goes has to show.</summary>
    private static async Task ExpectFrom(string connectionString, string hub, EventPosition from, string[] bodies)
    {
        for (var read = 0; read < 20; read++)
        {
            await using var reader = ReaderOf(connectionString, hub, from);
            Expect.Sequence(bodies, (await Several(reader, bodies.Length)).Select(BodyOf), $"read {read} from {from}");
        }
    }

    private static async Task<List<EventData>> Several(PartitionReceiver reader, int count)
    {
        var events = new List<EventData>();
        for (var limit = DateTime.UtcNow + Wait; events.Count < count;)
        {
            if (DateTime.UtcNow > limit) throw new Unexpected($"{events.Count} of {count} events came");
            events.AddRange(await reader.ReceiveBatchAsync(count - events.Count, TimeSpan.FromSeconds(2)));
        }
        return events;
    }

    /// <summary>The processor that the Functions extension builds upon, with its ownership in memory.</summary>
    private sealed class Processor(string connectionString, ConcurrentDictionary<string, EventProcessorPartitionOwnership> owners)
        : EventProcessor<EventProcessorPartition>(10, Group, connectionString, "processedEvents", new EventProcessorOptions
        {
            RetryOptions = Once,
            DefaultStartingPosition = EventPosition.Earliest,
            LoadBalancingUpdateInterval = TimeSpan.FromMilliseconds(500),
            LoadBalancingStrategy = LoadBalancingStrategy.Greedy,
        })
    {
        public ConcurrentQueue<string> Bodies { get; } = new();
        public ConcurrentQueue<string> Errors { get; } = new();

        protected override Task OnProcessingEventBatchAsync(IEnumerable<EventData> events, EventProcessorPartition partition, CancellationToken cancelled)
        {
            foreach (var one in events) Bodies.Enqueue(BodyOf(one));
            return Task.CompletedTask;
        }

        protected override Task OnProcessingErrorAsync(Exception error, EventProcessorPartition partition, string operation, CancellationToken cancelled)
        {
            // Those whom a partition is taken from are told so.
            if (error is not EventHubsException { Reason: EventHubsException.FailureReason.ConsumerDisconnected }) Errors.Enqueue(error.ToString());
            return Task.CompletedTask;
        }

        protected override Task<IEnumerable<EventProcessorPartitionOwnership>> ListOwnershipAsync(CancellationToken cancelled) =>
            Task.FromResult<IEnumerable<EventProcessorPartitionOwnership>>([.. owners.Values]);

        protected override Task<IEnumerable<EventProcessorPartitionOwnership>> ClaimOwnershipAsync(IEnumerable<EventProcessorPartitionOwnership> wanted, CancellationToken cancelled)
        {
            var claimed = new List<EventProcessorPartitionOwnership>();
            foreach (var one in wanted)
            {
                lock (owners)
                {
                    if (owners.TryGetValue(one.PartitionId, out var owner) && owner.Version != one.Version) continue;
                    one.Version = Guid.NewGuid().ToString();
                    one.LastModifiedTime = DateTimeOffset.UtcNow;
                    owners[one.PartitionId] = one;
                    claimed.Add(one);
                }
            }
            return Task.FromResult<IEnumerable<EventProcessorPartitionOwnership>>(claimed);
        }

        protected override Task<EventProcessorCheckpoint?> GetCheckpointAsync(string partitionId, CancellationToken cancelled) =>
            Task.FromResult<EventProcessorCheckpoint?>(null);
    }
}

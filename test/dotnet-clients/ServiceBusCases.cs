using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;

namespace DotnetClients;

/// <summary>
/// Queues and topics. Nothing is tried twice (<c>MaxRetries</c> is 0): a link that fails once has failed.
/// </summary>
internal static class ServiceBusCases
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(15);

    public static IEnumerable<Case> All(string connectionString, TimeSpan idle)
    {
        var client = ClientOf(connectionString, Wait);
        return
        [
            new("queue: one message, a list, a batch, 900 KB; above the limit MessageSizeExceeded", () => Sends(client)),
            new("queue: peek-lock, and complete", () => Completes(client)),
            new("queue: abandon with properties, until MaxDeliveryCountExceeded", () => Abandons(client)),
            new("queue: defer, receive by number in state Deferred, complete", () => Defers(client)),
            new("queue: dead-letter with a reason", () => DeadLetters(client)),
            new("queue: receive and delete", () => ReceivesAndDeletes(client)),
            new("queue: schedule, peek, cancel", () => Schedules(client)),
            new("queue: a renewed lock holds, a lost one is MessageLockLost", () => LosesLocks(client)),
            new("queue: 20 receivers with messages already waiting, with and without prefetch", () => ReceivesWhatWaits(client)),
            new("queue: an idle receiver gets what comes late", () => WaitsForMessage(client)),
            new("queue: a processor handles each message once", () => Processes(client)),
            new("topic: each subscription has its copy and its dead letters", () => Subscribes(client)),
            new("session: in order, with state; taken, it is SessionCannotBeLocked", () => HoldsSession(client)),
            new("session: the next one is waited for; none in time is ServiceTimeout", () => WaitsForSession(client, connectionString)),
            new("session: a lost lock closes the receiver, and was an attempt", () => LosesSession(client)),
            new("session: a processor handles each session in order", () => ProcessesSessions(client)),
            new("session: idle receivers and processors stay quiet", () => StaysQuiet(connectionString, idle)),
            new("refused: what is missing is MessagingEntityNotFound", () => RefusesUnknown(client)),
            new("refused: a plain receiver where sessions are, and the other way round", () => RefusesWrongReceivers(client)),
            new("refused: a wrong key on a queue", () => RefusesWrongKey(connectionString)),
        ];
    }

    private static ServiceBusClient ClientOf(string connectionString, TimeSpan tryTimeout) =>
        new(connectionString, new ServiceBusClientOptions { RetryOptions = { MaxRetries = 0, TryTimeout = tryTimeout } });

    private static async Task Sends(ServiceBusClient client)
    {
        await using var sender = client.CreateSender("sends");
        await sender.SendMessageAsync(new("one"));
        await sender.SendMessagesAsync([new("two"), new("three")]);
        using (var batch = await sender.CreateMessageBatchAsync())
        {
            Expect.Equal(true, batch.TryAddMessage(new("four")));
            Expect.Equal(true, batch.TryAddMessage(new("five")));
            await sender.SendMessagesAsync(batch);
        }
        await sender.SendMessageAsync(new(new byte[900_000]));
        await using var receiver = client.CreateReceiver("sends");
        var received = await Several(receiver, 6);
        Expect.Sequence(["one", "two", "three", "four", "five"], received.Take(5).Select(BodyOf));
        Expect.Equal(900_000, received[5].Body.ToMemory().Length);
        foreach (var message in received) await receiver.CompleteMessageAsync(message);
        var tooLarge = await Expect.Throws<ServiceBusException>(() => sender.SendMessageAsync(new(new byte[1_100_000])));
        Expect.Equal(ServiceBusFailureReason.MessageSizeExceeded, tooLarge.Reason);
    }

    private static async Task Completes(ServiceBusClient client)
    {
        await Send(client, "completes", new ServiceBusMessage("""{"a":1}""")
        {
            MessageId = "m1", Subject = "subject", ContentType = "application/json",
            ApplicationProperties = { ["text"] = "x", ["whole"] = 5L, ["when"] = DateTimeOffset.UnixEpoch },
        });
        await using var receiver = client.CreateReceiver("completes");
        var message = await One(receiver);
        Expect.Sequence(["""{"a":1}""", "m1", "subject", "application/json"], [BodyOf(message), message.MessageId, message.Subject, message.ContentType]);
        Expect.Sequence<object>(["x", 5L, DateTimeOffset.UnixEpoch], message.ApplicationProperties.Values);
        Expect.Equal(1, message.DeliveryCount);
        Expect.Equal(ServiceBusMessageState.Active, message.State);
        Expect.Equal(true, message.LockedUntil > DateTimeOffset.UtcNow);
        await receiver.CompleteMessageAsync(message);
        Expect.Equal(null, await receiver.PeekMessageAsync());
    }

    private static async Task Abandons(ServiceBusClient client)
    {
        await Send(client, "abandons", new ServiceBusMessage("x"));
        await using var receiver = client.CreateReceiver("abandons");
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            var message = await One(receiver);
            Expect.Equal(attempt, message.DeliveryCount);
            if (attempt > 1) Expect.Equal(attempt - 1, Convert.ToInt32(message.ApplicationProperties["attempt"]));
            await receiver.AbandonMessageAsync(message, new Dictionary<string, object> { ["attempt"] = attempt });
        }
        await using var dead = client.CreateReceiver("abandons", DeadLettersOnly);
        Expect.Equal("MaxDeliveryCountExceeded", (await One(dead)).DeadLetterReason);
    }

    private static async Task Defers(ServiceBusClient client)
    {
        await Send(client, "defers", new ServiceBusMessage("x"));
        await using var receiver = client.CreateReceiver("defers");
        var message = await One(receiver);
        await receiver.DeferMessageAsync(message);
        Expect.Equal(ServiceBusMessageState.Deferred, (await receiver.PeekMessageAsync()).State);
        var deferred = await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber);
        Expect.Equal(ServiceBusMessageState.Deferred, deferred.State);
        Expect.Equal("x", BodyOf(deferred));
        await receiver.CompleteMessageAsync(deferred);
        var gone = await Expect.Throws<ServiceBusException>(() => receiver.ReceiveDeferredMessageAsync(message.SequenceNumber));
        Expect.Equal(ServiceBusFailureReason.MessageNotFound, gone.Reason);
    }

    private static async Task DeadLetters(ServiceBusClient client)
    {
        await Send(client, "refuses", new ServiceBusMessage("x"));
        await using var receiver = client.CreateReceiver("refuses");
        var changes = new Dictionary<string, object> { ["more"] = "detail" };
        await receiver.DeadLetterMessageAsync(await One(receiver), changes, "Unreadable", "not JSON");
        await using var dead = client.CreateReceiver("refuses", DeadLettersOnly);
        var message = await One(dead);
        Expect.Sequence(["Unreadable", "not JSON", "refuses"], [message.DeadLetterReason, message.DeadLetterErrorDescription, message.DeadLetterSource]);
        Expect.Equal<object>("detail", message.ApplicationProperties["more"]);
        await dead.CompleteMessageAsync(message);
        Expect.Equal(null, await dead.PeekMessageAsync());
    }

    private static async Task ReceivesAndDeletes(ServiceBusClient client)
    {
        await Send(client, "deletes", new ServiceBusMessage("a"), new ServiceBusMessage("b"));
        await using var receiver = client.CreateReceiver("deletes", new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        Expect.Sequence(["a", "b"], (await Several(receiver, 2)).Select(BodyOf));
        Expect.Equal(null, await receiver.PeekMessageAsync());
    }

    private static async Task Schedules(ServiceBusClient client)
    {
        await using var sender = client.CreateSender("schedules");
        await using var receiver = client.CreateReceiver("schedules");
        var soon = DateTimeOffset.UtcNow.AddSeconds(1);
        await sender.ScheduleMessageAsync(new("first"), soon);
        await sender.SendMessageAsync(new("second") { ScheduledEnqueueTime = soon });
        var cancelled = await sender.ScheduleMessageAsync(new("never"), DateTimeOffset.UtcNow.AddHours(1));
        Expect.Equal(ServiceBusMessageState.Scheduled, (await receiver.PeekMessageAsync(cancelled)).State);
        await sender.CancelScheduledMessageAsync(cancelled);
        var messages = await Several(receiver, 2);
        Expect.Sequence(["first", "second"], messages.Select(BodyOf));
        Expect.Equal(true, messages[0].EnqueuedTime >= soon.AddMilliseconds(-1));
        foreach (var message in messages) await receiver.CompleteMessageAsync(message);
        Expect.Equal(null, await receiver.PeekMessageAsync(0));
    }

    /// <summary>Locks last three seconds here.</summary>
    private static async Task LosesLocks(ServiceBusClient client)
    {
        await Send(client, "short", new ServiceBusMessage("kept"), new ServiceBusMessage("lost"));
        await using var receiver = client.CreateReceiver("short");
        var messages = await Several(receiver, 2);
        for (var times = 0; times < 4; times++)
        {
            await Task.Delay(1_000);
            await receiver.RenewMessageLockAsync(messages[0]);
        }
        await receiver.CompleteMessageAsync(messages[0]);
        var lost = await Expect.Throws<ServiceBusException>(() => receiver.CompleteMessageAsync(messages[1]));
        Expect.Equal(ServiceBusFailureReason.MessageLockLost, lost.Reason);
        var again = await One(receiver);
        Expect.Equal("lost", BodyOf(again));
        Expect.Equal(2, again.DeliveryCount);
    }

    private static async Task ReceivesWhatWaits(ServiceBusClient client)
    {
        foreach (var prefetch in new[] { 0, 10 })
        {
            for (var read = 0; read < 20; read++)
            {
                await Send(client, "waits", Numbered(5));
                await using var receiver = client.CreateReceiver("waits", new ServiceBusReceiverOptions { PrefetchCount = prefetch });
                var received = await Several(receiver, 5);
                Expect.Sequence(["0", "1", "2", "3", "4"], received.Select(BodyOf));
                foreach (var message in received) await receiver.CompleteMessageAsync(message);
            }
        }
    }

    private static async Task WaitsForMessage(ServiceBusClient client)
    {
        await using var receiver = client.CreateReceiver("late");
        var receiving = One(receiver);
        await Task.Delay(3_000);
        await Send(client, "late", new ServiceBusMessage("late"));
        var message = await receiving;
        Expect.Equal("late", BodyOf(message));
        await receiver.CompleteMessageAsync(message);
    }

    private static async Task Processes(ServiceBusClient client)
    {
        await Send(client, "processed", Numbered(50));
        await using var processor = client.CreateProcessor("processed", new ServiceBusProcessorOptions { MaxConcurrentCalls = 8, PrefetchCount = 4 });
        var bodies = new ConcurrentQueue<string>();
        var errors = new ConcurrentQueue<Exception>();
        processor.ProcessMessageAsync += args => { bodies.Enqueue(BodyOf(args.Message)); return Task.CompletedTask; };
        processor.ProcessErrorAsync += args => { errors.Enqueue(args.Exception); return Task.CompletedTask; };
        await processor.StartProcessingAsync();
        await Expect.Eventually(() => bodies.Count >= 50);
        await processor.StopProcessingAsync();
        Expect.Equal(50, bodies.Distinct().Count());
        Expect.Sequence([], errors);
        await using var receiver = client.CreateReceiver("processed");
        Expect.Equal(null, await receiver.PeekMessageAsync());
    }

    private static async Task Subscribes(ServiceBusClient client)
    {
        await Send(client, "news", new ServiceBusMessage("x"));
        foreach (var subscription in new[] { "first", "second" })
        {
            await using var receiver = client.CreateReceiver("news", subscription);
            var message = await One(receiver);
            Expect.Equal("x", BodyOf(message));
            await receiver.DeadLetterMessageAsync(message, "Unreadable");
            await using var dead = client.CreateReceiver("news", subscription, DeadLettersOnly);
            Expect.Equal("Unreadable", (await One(dead)).DeadLetterReason);
        }
    }

    private static async Task HoldsSession(ServiceBusClient client)
    {
        await Send(client, "sessions", InSession("A", "1"), InSession("A", "2"), InSession("B", "3"));
        await using (var session = await client.AcceptSessionAsync("sessions", "A"))
        {
            var taken = await Expect.Throws<ServiceBusException>(() => client.AcceptSessionAsync("sessions", "A"));
            Expect.Equal(ServiceBusFailureReason.SessionCannotBeLocked, taken.Reason);
            var messages = await Several(session, 2);
            Expect.Sequence(["1", "2"], messages.Select(BodyOf));
            await session.CompleteMessageAsync(messages[0]);
            await session.SetSessionStateAsync(new BinaryData("half"));
            var before = session.SessionLockedUntil;
            await Task.Delay(20);
            await session.RenewSessionLockAsync();
            Expect.Equal(true, session.SessionLockedUntil > before);
        }
        await using var again = await client.AcceptSessionAsync("sessions", "A");
        Expect.Equal("half", (await again.GetSessionStateAsync()).ToString());
        var rest = await One(again);
        Expect.Equal("2", BodyOf(rest));
        await again.CompleteMessageAsync(rest);
        await using var next = await client.AcceptNextSessionAsync("sessions");
        Expect.Equal("B", next.SessionId);
    }

    private static async Task WaitsForSession(ServiceBusClient client, string connectionString)
    {
        await using var impatient = ClientOf(connectionString, TimeSpan.FromSeconds(4));
        var none = await Expect.Throws<ServiceBusException>(() => impatient.AcceptNextSessionAsync("next"));
        Expect.Equal(ServiceBusFailureReason.ServiceTimeout, none.Reason);
        var accepting = client.AcceptNextSessionAsync("next");
        await Task.Delay(500);
        await Send(client, "next", InSession("L", "late"));
        await using var session = await accepting;
        Expect.Equal("L", session.SessionId);
        Expect.Equal("late", BodyOf(await One(session)));
    }

    /// <summary>Sessions are locked for four seconds here.</summary>
    private static async Task LosesSession(ServiceBusClient client)
    {
        await Send(client, "brief", InSession("Z", "x"));
        await using var session = await client.AcceptSessionAsync("brief", "Z");
        var message = await One(session);
        await Task.Delay(session.SessionLockedUntil - DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(300));
        // The client takes the end of the session's link for its own.
        Expect.Equal(true, session.IsClosed);
        await Expect.Throws<ObjectDisposedException>(() => session.CompleteMessageAsync(message));
        await using var again = await client.AcceptSessionAsync("brief", "Z");
        Expect.Equal(2, (await One(again)).DeliveryCount);
    }

    private static async Task ProcessesSessions(ServiceBusClient client)
    {
        string[] ids = ["A", "B", "C", "D"];
        foreach (var id in ids) await Send(client, "inSessions", [.. Enumerable.Range(0, 5).Select(i => InSession(id, $"{id}{i}"))]);
        await using var processor = client.CreateSessionProcessor("inSessions", new ServiceBusSessionProcessorOptions { MaxConcurrentSessions = 2, SessionIdleTimeout = TimeSpan.FromSeconds(1) });
        var bodies = new ConcurrentQueue<string>();
        var errors = new ConcurrentQueue<Exception>();
        processor.ProcessMessageAsync += args => { bodies.Enqueue(BodyOf(args.Message)); return Task.CompletedTask; };
        processor.ProcessErrorAsync += args => { errors.Enqueue(args.Exception); return Task.CompletedTask; };
        await processor.StartProcessingAsync();
        await Expect.Eventually(() => bodies.Count >= 20);
        await processor.StopProcessingAsync();
        foreach (var id in ids) Expect.Sequence(Enumerable.Range(0, 5).Select(i => $"{id}{i}"), bodies.Where(body => body.StartsWith(id)));
        Expect.Sequence([], errors);
    }

    /// <summary>
    /// A session receiver without messages, one that waits for a session, and a processor that waits for several. Its
    /// attempts end after half of the time, so that their ends are seen too.
    /// </summary>
    private static async Task StaysQuiet(string connectionString, TimeSpan idle)
    {
        await using var client = ClientOf(connectionString, idle / 2);
        var errors = new ConcurrentQueue<string>();
        await using var processor = client.CreateSessionProcessor("quiet", new ServiceBusSessionProcessorOptions { MaxConcurrentSessions = 4 });
        processor.ProcessMessageAsync += args => { errors.Enqueue($"a message: {BodyOf(args.Message)}"); return Task.CompletedTask; };
        processor.ProcessErrorAsync += args => { errors.Enqueue(args.Exception.ToString()); return Task.CompletedTask; };
        await processor.StartProcessingAsync();
        await using var session = await client.AcceptSessionAsync("quietToo", "S");
        for (var end = DateTime.UtcNow + idle; DateTime.UtcNow < end;)
        {
            Expect.Equal(null, await session.ReceiveMessageAsync(idle / 4));
            await session.RenewSessionLockAsync();
            Expect.Sequence([], errors);
        }
        await Send(client, "quietToo", InSession("S", "at last"));
        Expect.Equal("at last", BodyOf(await One(session)));
        await processor.StopProcessingAsync();
        Expect.Sequence([], errors);
    }

    private static async Task RefusesUnknown(ServiceBusClient client)
    {
        // Not for any other reason, such as that the broker can't be reached.
        await Send(client, "keyed", new ServiceBusMessage("before"));
        await using var sender = client.CreateSender("nowhere");
        await using var receiver = client.CreateReceiver("nowhere");
        await using var subscriber = client.CreateReceiver("news", "nobody");
        foreach (var action in new Func<Task>[]
        {
            () => sender.SendMessageAsync(new("x")),
            () => receiver.ReceiveMessageAsync(),
            () => subscriber.ReceiveMessageAsync(),
            () => client.AcceptSessionAsync("nowhere", "A"),
            () => client.AcceptNextSessionAsync("nowhere"),
        })
            Expect.Equal(ServiceBusFailureReason.MessagingEntityNotFound, (await Expect.Throws<ServiceBusException>(action)).Reason);
    }

    private static async Task RefusesWrongReceivers(ServiceBusClient client)
    {
        await using var plain = client.CreateReceiver("sessions");
        await Expect.Throws<InvalidOperationException>(() => plain.ReceiveMessageAsync());
        await Expect.Throws<InvalidOperationException>(() => client.AcceptSessionAsync("sends", "A"));
        await Expect.Throws<InvalidOperationException>(() => client.AcceptNextSessionAsync("sends"));
    }

    private static async Task RefusesWrongKey(string connectionString)
    {
        await using var client = ClientOf(Keys.Wrong(connectionString), Wait);
        await using var sender = client.CreateSender("keyed");
        await using var receiver = client.CreateReceiver("keyed");
        await Expect.Throws<UnauthorizedAccessException>(() => sender.SendMessageAsync(new("x")));
        await Expect.Throws<UnauthorizedAccessException>(() => receiver.ReceiveMessageAsync());
    }

    private static readonly ServiceBusReceiverOptions DeadLettersOnly = new() { SubQueue = SubQueue.DeadLetter };

    private static string BodyOf(ServiceBusReceivedMessage message) => message.Body.ToString();

    private static ServiceBusMessage[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(i => new ServiceBusMessage($"{i}"))];

    private static ServiceBusMessage InSession(string id, string body) => new(body) { SessionId = id };

    private static async Task Send(ServiceBusClient client, string address, params ServiceBusMessage[] messages)
    {
        await using var sender = client.CreateSender(address);
        await sender.SendMessagesAsync(messages);
    }

    private static async Task<List<ServiceBusReceivedMessage>> Several(ServiceBusReceiver receiver, int count)
    {
        var messages = new List<ServiceBusReceivedMessage>();
        while (messages.Count < count)
        {
            var more = await receiver.ReceiveMessagesAsync(count - messages.Count, Wait);
            if (more.Count == 0) throw new Unexpected($"{messages.Count} of {count} messages came");
            messages.AddRange(more);
        }
        return messages;
    }

    private static async Task<ServiceBusReceivedMessage> One(ServiceBusReceiver receiver) => (await Several(receiver, 1))[0];
}

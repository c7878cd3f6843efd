// Takes the .NET clients of Service Bus and Event Hubs through all that the broker supports, and prints a line for each case:
// "PASS name" or "FAIL name: why". Called by test/local/broker-dotnet.test.ts, which starts the broker.
using DotnetClients;

if (args is not [var connectionString, var idleSeconds])
{
    Console.Error.WriteLine("Usage: dotnet-clients CONNECTION_STRING SECONDS_THAT_IDLE_RECEIVERS_STAY_QUIET");
    return 64;
}

var idle = TimeSpan.FromSeconds(int.Parse(idleSeconds));
var cases = ServiceBusCases.All(connectionString, idle).Concat(EventHubsCases.All(connectionString, idle));

// Each case has entities of its own, so they run at the same time.
var outcomes = await Task.WhenAll(cases.Select(async one =>
{
    var failure = await FailureOf(one);
    Console.WriteLine(failure is null ? $"PASS {one.Name}" : $"FAIL {one.Name}: {failure}");
    return failure is null;
}));
return outcomes.All(passed => passed) ? 0 : 1;

async Task<string?> FailureOf(Case one)
{
    try
    {
        await one.Run().WaitAsync(idle + TimeSpan.FromSeconds(60));
        return null;
    }
    catch (Exception error)
    {
        return $"{error.GetType().Name}: {error.Message}".ReplaceLineEndings(" ");
    }
}

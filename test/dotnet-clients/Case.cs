using System.Runtime.CompilerServices;

namespace DotnetClients;

/// <summary>Something that a client does with the broker, and what has to come of it.</summary>
internal sealed record Case(string Name, Func<Task> Run);

internal sealed class Unexpected(string message) : Exception(message);

internal static class Expect
{
    public static void Equal<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string what = "")
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new Unexpected($"{what} is {actual}, not {expected}");
    }

    public static void Sequence<T>(IEnumerable<T> expected, IEnumerable<T> actual, [CallerArgumentExpression(nameof(actual))] string what = "") =>
        Equal(string.Join(", ", expected), string.Join(", ", actual), what);

    /// <summary>Expects an exception of exactly this type, and answers it.</summary>
    public static async Task<T> Throws<T>(Func<Task> action, [CallerArgumentExpression(nameof(action))] string what = "")
        where T : Exception
    {
        try
        {
            await action();
        }
        catch (Exception error) when (error.GetType() == typeof(T))
        {
            return (T)error;
        }
        catch (Exception error)
        {
            throw new Unexpected($"{what} throws {error.GetType().Name} ({error.Message}), not {typeof(T).Name}");
        }
        throw new Unexpected($"{what} throws nothing");
    }

    /// <summary>Waits until it holds, at most 20 seconds.</summary>
    public static async Task Eventually(Func<bool> holds, [CallerArgumentExpression(nameof(holds))] string what = "")
    {
        for (var limit = DateTime.UtcNow.AddSeconds(20); !holds(); await Task.Delay(20))
            if (DateTime.UtcNow > limit)
                throw new Unexpected($"it never came to {what}");
    }
}

using System.Text.RegularExpressions;

namespace DotnetClients;

internal static partial class Keys
{
    /// <summary>The same connection string with a key that isn't the broker's.</summary>
    public static string Wrong(string connectionString) => Key().Replace(connectionString, "SharedAccessKey=wrong");

    [GeneratedRegex("SharedAccessKey=[^;]*")]
    private static partial Regex Key();
}

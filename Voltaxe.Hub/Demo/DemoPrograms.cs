using System.Diagnostics;

namespace Voltaxe.Hub.Demo;

/// <summary>Starts programs for the demo, and fetches those that are missing where it may.</summary>
public static class DemoPrograms
{
    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"]).Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>True when <c>nft</c> and <c>ip</c> are here, after installing them if need be and possible.</summary>
    public static async Task<bool> HaveFirewallAsync(TextWriter say, CancellationToken ct)
    {
        if (Exists("nft") && Exists("ip"))
            return true;
        if (!Exists("apt-get"))
            return false;
        await say.WriteLineAsync("Installing nftables and iproute2 with apt-get, so that isolation is real …");
        var (updated, _) = await RunAsync(["apt-get", "update", "-qq"], ct);
        var (code, output) = await RunAsync(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", "nftables", "iproute2"], ct);
        if (code != 0 || updated != 0)
            await say.WriteLineAsync(output.Trim());
        return Exists("nft") && Exists("ip");
    }

    public static async Task<(int Code, string Output)> RunAsync(IReadOnlyList<string> command, CancellationToken ct)
    {
        using var process = Start(command);
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        return (process.ExitCode, await output + await errors);
    }

    public static Process Start(IReadOnlyList<string> command) => Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        RedirectStandardInput = true,
        // The runtime's debugging pipes would stay in the temporary folder when the demo ends its agents. And whoever sits at this
        // machine is not to be told that it is cut off.
        Environment = { ["DOTNET_EnableDiagnostics"] = "0", ["VOLTAXE_NOTICE"] = "false" },
    }) ?? throw new InvalidOperationException($"{command[0]} did not start");
}

using Microsoft.Extensions.Logging.Abstractions;
using Voltaxe.Agent.Channels;
using Voltaxe.Agent.Configuration;
using Voltaxe.Agent.Enrolment;
using Voltaxe.Agent.Execution;
using Voltaxe.Agent.Platform.Rules;
using Voltaxe.Contracts.Commands;
using Voltaxe.Contracts.Crypto;

namespace Voltaxe.Agent.CommandLine;

/// <summary><c>check</c>: goes through everything that the agent needs, and says of each whether it is there.</summary>
internal sealed class CheckAgent(AgentSettings settings, TextWriter output)
{
    private int worst = ExitCodes.Done;

    public static Task<int> InvokeAsync(AgentSettings settings, TextWriter output, CancellationToken ct) => new CheckAgent(settings, output).RunAsync(ct);

    private async Task<int> RunAsync(CancellationToken ct)
    {
        var folder = StateFolder.At(settings.State);
        Say(Directory.Exists(folder.Path), "state folder", folder.Path, "is not there", ExitCodes.NotFound);
        if (Directory.Exists(folder.Path) && TrustedPath.WhyNot(folder.Path) is null && !OperatingSystem.IsWindows())
            Say((File.GetUnixFileMode(folder.Path) & (UnixFileMode)63) == 0, "state folder is private", "mode 0700", "others may enter it: chmod 700", ExitCodes.Failed);
        try
        {
            folder.RequireTrusted();
            var enrolment = EnrolmentState.Read(folder);
            using var key = AgentKey.Read(folder);
            Say(enrolment is not null, "enrolment", enrolment?.AgentId ?? "", "not enrolled", ExitCodes.NotFound);
            Say(key is not null, "agent key", "P-256", "is not there", ExitCodes.NotFound);
            if (enrolment is null || key is null)
                return worst;
            Say(AgentIds.From(key) == enrolment.AgentId, "key and agent id", "belong together", $"the key is that of {AgentIds.From(key)}", ExitCodes.Failed);
            _ = new PinnedKeys(enrolment.PinnedKeys);
            Say(enrolment.PinnedKeys.Count > 0, "pinned hub key", string.Join(", ", enrolment.PinnedKeys.Select(k => k.KeyId)), "none", ExitCodes.Failed);
            await CheckHubsAsync(folder, enrolment, key, ct);
        }
        catch (UntrustedPathException e)
        {
            Say(false, "state files", "", e.Message, ExitCodes.Refused);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            Say(false, "state files", "", e.Message, ExitCodes.Failed);
        }
        return worst;
    }

    private async Task CheckHubsAsync(StateFolder folder, EnrolmentState enrolment, System.Security.Cryptography.ECDsa key, CancellationToken ct)
    {
        var hubs = settings.HubUrls ?? [.. enrolment.HubUrls.Select(u => new Uri(u))];
        var addresses = new HubAddresses(hubs, new AnsweredAddresses(folder.AddressesFile, NullLogger<AnsweredAddresses>.Instance));
        using var http = HubChannels.MakeClient(addresses, settings.Trust);
        var time = new BootTime();
        using var signIn = new SignIn(http, key, enrolment, time, NullLogger<SignIn>.Instance);
        foreach (var hub in hubs)
        {
            if (HubUrls.WhyUnprotected(hub) is { } unprotected)
                output.WriteLine($"warning hub {hub}: {unprotected}");
            try
            {
                using var alive = await http.GetAsync(HubUrls.At(hub, "/healthz"), ct);
                Say(alive.IsSuccessStatusCode, $"hub {hub}", "answers", $"answers {(int)alive.StatusCode}", ExitCodes.Unreachable);
                var token = await signIn.TokenAsync(hub, ct);
                signIn.Forget(token);
                Say(true, $"sign-in at {hub}", "accepted", "", ExitCodes.Done);
            }
            catch (HttpRequestException e)
            {
                Say(false, $"hub {hub}", "", Problems.Describe(e), ExitCodes.Unreachable);
            }
            catch (SignInRefusedException e)
            {
                Say(false, $"sign-in at {hub}", "", e.Message, ExitCodes.Refused);
            }
        }
        var platform = await ThisHost.MakeAsync(settings.DryRun, settings, folder, addresses,
            new IsolationTies(BootTime.ReadBootId(), time.GetUtcNow, static () => false, IsolationTies.HostSocket, time), ct);
        foreach (var command in CommandNames.All)
            Say(platform.Capabilities.Contains(command), command, "can be done here", platform.WhyMissing(command), ExitCodes.Failed);
    }

    private void Say(bool ok, string what, string good, string bad, int exitCode)
    {
        output.WriteLine(ok ? $"ok      {what}: {good}" : $"failed  {what}: {bad}");
        if (!ok && worst == ExitCodes.Done)
            worst = exitCode;
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using Voltaxe.Agent.Execution.Ledgers;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Hub.Tests.Model;

/// <summary>
/// What of a world decides its future, as 16 bytes: two worlds with the same key go on in the same way. Stamps that nobody reads again,
/// texts, and the size of counters of which only the order matters are left out.
/// </summary>
internal sealed class WorldKey
{
    private readonly byte[] buffer = new byte[4096];
    private int length;

    public UInt128 Of(World w)
    {
        length = 0;
        Put(w.Seconds);
        PutBudget(w.Left);
        PutHub(w);
        PutAgent(w);
        PutChannel(w);
        Put(w.Isolated ? 1 : 0);
        Put(w.RulesOf ?? -1);
        foreach (var effects in w.Effects)
            Put(effects);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(buffer.AsSpan(0, length), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    private void PutBudget(Budget left)
    {
        Put(left.Crashes);
        Put(left.Losses);
        Put(left.Copies);
        Put(left.Cancels);
        Put(left.Failures);
        Put(left.Minutes);
        Put(left.Quarters);
        Put(left.LostJournals);
        Put(left.Reconnects);
        Put(left.Syncs);
    }

    private void PutHub(World w)
    {
        Put(w.Commands.Length);
        foreach (var c in w.Commands)
        {
            Put((int)c.Status | (c.AgentMade ? 16 : 0));
            if (c.IsTerminal)
                continue;
            Put(c.Attempt);
            Put(c.Epoch is null ? 0 : c.Epoch[^1]);
            Put(c.PushSession is not { } session ? 0 : session == w.Row.Session ? 1 : 2);
            Put(Since(c.HandedOutAt));
            Put(c.Unheard);
            Put(Since(c.StartedAt));
            Put(c.CancelRequestedAt is null ? 0 : 1 + (int?)c.CancelWhy ?? 9);
            Put(Since(c.ExpiresAt));
            Put(c.IsDue ? 0 : Since(c.CreatedAt));
        }
        // The order of intent: who is before whom, not by how much.
        foreach (var c in w.Commands)
            Put(c.Seq is null ? 0 : 1 + w.Commands.Count(o => o.Seq < c.Seq));
        Put(w.Row.Epoch is null ? 0 : w.Row.Epoch[^1]);
        Put(w.Row.Instance is null ? 0 : Ago(w, w.Row.Instance));
        Put(w.Row.StaleInARow);
        Put(w.Row.HeldBecause is null ? 0 : 1);
        Put(Compare(w.Position, w.Row.Position));
        Put(w.Link is not { } link ? 0 : link.Connection == w.Connection ? 1 : 2);
        Put(w.Link is { } l && l.Session == w.Row.Session ? 1 : 0);
        foreach (var replaced in w.RetiredInstances)
            Put(((w.Instance - replaced.Instance) << 3) | replaced.Returns);
        Put(w.RetiredEpochs.Length);
    }

    private void PutAgent(World w)
    {
        Put(w.Alive ? 1 : 0);
        Put(w.Ledger.Epoch[^1]);
        Put(w.Ledger.MarkUid is { } uid ? 1 + World.IndexOf(uid) : 0);
        Put(w.Ledger.Clock is { } pin ? 1 + (int)(pin.HubTime - World.Start.AddSeconds(pin.UptimeTicks)).TotalSeconds : 0);
        Put(w.Ledger.Clock is { } p && p.BootId == w.Boot.ToString(System.Globalization.CultureInfo.InvariantCulture) ? 1 : 0);
        Put(w.ClockError is { } error ? 1 + (int)error.TotalSeconds : 0);
        for (var i = 0; i < w.Commands.Length; i++)
        {
            if (w.Ledger.Find(World.UidOf(i)) is not { } e)
            {
                Put(99);
                continue;
            }
            Put((int)e.State | (e.AtWork ? 8 : 0) | (e.IsOpen ? 16 : 0));
            Put(e.Attempt);
            Put(e.SeenCrashes | (e.StartCrashes << 4));
            Put(e.Result is { } result ? 1 + (int)result.Outcome : 0);
            Put(1 + w.Ledger.Entries.Values.Count(o => o.Arrival < e.Arrival));
        }
        foreach (var running in w.Running)
            Put(100 + running.Command + (running.Resumed ? 16 : 0) + (running.Acted ? 32 : 0) + (running.Failed ? 64 : 0));
        foreach (var received in w.Received)
            Put(1000 + (World.IndexOf(received.Uid) << 4) + received.Attempt);
    }

    private void PutChannel(World w)
    {
        Put(w.ToHub.Length);
        foreach (var asking in w.ToHub)
        {
            Put(w.Awaited == asking.Sync ? 1 : 0);
            Put(asking.Connection == w.Connection ? 1 : 2);
            PutSync(w, asking.Sync);
        }
        Put(w.Awaited is null ? 0 : 1);
        if (w.Awaited is { } awaited)
        {
            foreach (var received in awaited.Received)
                Put(1000 + (World.IndexOf(received.Uid) << 4) + received.Attempt);
        }
        if (w.Reply is { } reply)
        {
            Put(-1);
            Put(Since(reply.HubTime));
            PutOrders(reply.Commands, reply.Cancel);
            foreach (var id in reply.Recorded)
                Put(World.IndexOf(Guid.Parse(id)));
        }
        foreach (var push in w.ToAgent)
        {
            Put(-2);
            PutOrders(push.Commands, push.Cancels);
        }
    }

    private void PutSync(World w, SyncRequest sync)
    {
        Put(sync.Epoch[^1]);
        Put(Ago(w, sync.Instance));
        Put(sync.Instance == w.Row.Instance ? Compare(sync.N, w.Row.N) : (int)sync.N);
        Put(Compare(sync.Position, w.Row.Position));
        foreach (var h in sync.Holding)
            Put(10 + (World.IndexOf(h.Uid) << 4) + (int)h.State);
        Put(-3);
        foreach (var received in sync.Received)
            Put(World.IndexOf(received.Uid));
        Put(-4);
        foreach (var result in sync.Results)
            Put((World.IndexOf(result.Uid) << 4) | (int)result.Outcome);
    }

    private void PutOrders(IReadOnlyList<Envelope> commands, IReadOnlyList<CancelOrder> cancels)
    {
        foreach (var e in commands)
            Put(10 + (World.IndexOf(e.Uid) << 8) + (e.Attempt << 4) + (e.Epoch[^1] & 15));
        Put(-5);
        foreach (var c in cancels)
            Put(10 + (World.IndexOf(c.Uid) << 8) + ((int)c.Why << 4) + (c.Epoch[^1] & 15));
        Put(-6);
    }

    private static int Ago(World w, string instance) => 1 + w.Instance - int.Parse(instance, System.Globalization.CultureInfo.InvariantCulture);

    private static int Since(DateTimeOffset? time) => time is { } t ? 1 + (int)(t - World.Start).TotalSeconds : 0;

    private static int Compare(long a, long b) => a.CompareTo(b) + 1;

    private void Put(int value)
    {
        BinaryPrimitives.WriteInt16LittleEndian(buffer.AsSpan(length), checked((short)value));
        length += 2;
    }
}

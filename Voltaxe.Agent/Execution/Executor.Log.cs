using Microsoft.Extensions.Logging;
using Voltaxe.Contracts.Wire;

namespace Voltaxe.Agent.Execution;

public sealed partial class Executor
{
    [LoggerMessage(2000, LogLevel.Information, "[COMMAND POLL] Received {Count} command(s)")]
    private partial void ReceivedCommands(int count);

    [LoggerMessage(2001, LogLevel.Warning, "[COMMAND POLL] Ignored {Uid}: it was handed out to epoch {Epoch}, which is not this journal's")]
    private partial void OtherEpoch(Guid uid, string epoch);

    [LoggerMessage(2002, LogLevel.Information, "[COMMAND POLL] {Uid} (attempt {Attempt}) is in the journal and is answered from it")]
    private partial void AnsweredFromJournal(Guid uid, int attempt);

    [LoggerMessage(2003, LogLevel.Warning, "[COMMAND POLL] {Uid} waits: the journal cannot be written, and only network commands run without it")]
    private partial void WaitsForJournal(Guid uid);

    [LoggerMessage(2004, LogLevel.Information, "[COMMAND POLL] Executing command: {Command} (#{Id}, {Uid}), resumed: {Resumed}")]
    private partial void Starting(string command, long id, Guid uid, bool resumed);

    [LoggerMessage(2005, LogLevel.Information, "[COMMAND RESULT] {Uid} {Outcome}: {Message}")]
    private partial void EndedAs(Guid uid, Outcome outcome, string? message);

    [LoggerMessage(2006, LogLevel.Information, "[COMMAND POLL] The hub asks to end {Uid} ({Why}); ended here: {Ended}")]
    private partial void AskedToEnd(Guid uid, CancelWhy why, bool ended);

    [LoggerMessage(2007, LogLevel.Warning, "[COMMAND RESULT] The hub does not want the result of {Uid} ({Why}); it stays in the journal")]
    private partial void Dropped(Guid uid, DropWhy why);

    [LoggerMessage(2008, LogLevel.Warning, "The agent died at {Count} command(s); they are counted and taken up again")]
    private partial void RecoveredFromCrash(int count);

    [LoggerMessage(2009, LogLevel.Error, "Degraded: {Why}. Network commands still run, everything else waits")]
    private partial void JournalUnwritable(string why);

    [LoggerMessage(2010, LogLevel.Information, "The journal can be written again")]
    private partial void JournalWritable();

    [LoggerMessage(2011, LogLevel.Warning, "{Count} action(s) did not end in time; they are taken up at the next start")]
    private partial void StillRunning(int count);

    [LoggerMessage(2012, LogLevel.Information, "The time of the isolation {Uid} is over: the host is restored")]
    private partial void TimeIsUp(Guid uid);

    [LoggerMessage(2013, LogLevel.Error, "The host could not be restored although the time of {Uid} is over, and will be tried again: {Why}")]
    private partial void NotRestored(Guid uid, string? why);

    [LoggerMessage(2014, LogLevel.Warning, "A release code was shown and refused: {Why}")]
    private partial void CodeRefused(string why);

    [LoggerMessage(2015, LogLevel.Warning, "The release code {Nonce} is taken: the isolation {Uid} ends")]
    private partial void CodeTaken(string nonce, Guid uid);

    [LoggerMessage(2016, LogLevel.Error, "The host could not be restored although a release code for {Uid} was taken, and will be tried again: {Why}")]
    private partial void NotReleased(Guid uid, string? why);

    [LoggerMessage(2017, LogLevel.Information, "The isolation {Uid} was ended by a release code")]
    private partial void Released(Guid uid);
}

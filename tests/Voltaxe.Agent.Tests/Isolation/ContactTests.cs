using Voltaxe.Agent.Execution;
using Voltaxe.Testing;

namespace Voltaxe.Agent.Tests.Isolation;

public sealed class ContactTests
{
    private readonly ManualClock time = new();

    [Fact]
    public async Task An_answer_to_a_sync_that_began_before_does_not_count()
    {
        var contact = new HubContact(time);
        var before = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(1));
        var loaded = time.GetTimestamp();
        var waiting = contact.WaitAsync(loaded, TimeSpan.FromSeconds(5), default);
        contact.Answered(before);
        Assert.False(contact.AnsweredSince(loaded));
        Assert.False(waiting.IsCompleted);
        contact.Answered(loaded);
        Assert.True(await waiting.Within());
    }

    [Fact]
    public async Task Without_an_answer_the_wait_ends_with_no()
    {
        var contact = new HubContact(time);
        var waiting = contact.WaitAsync(time.GetTimestamp(), TimeSpan.FromSeconds(5), default);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(await waiting.Within());
    }

    [Fact]
    public void What_the_hub_says_by_itself_is_heard_but_answers_nothing()
    {
        var contact = new HubContact(time);
        Assert.False(contact.HeardWithin(TimeSpan.FromDays(1)));
        contact.Spoke();
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(contact.HeardWithin(TimeSpan.FromSeconds(10)));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(contact.HeardWithin(TimeSpan.FromSeconds(10)));
        Assert.False(contact.AnsweredSince(0));
    }
}

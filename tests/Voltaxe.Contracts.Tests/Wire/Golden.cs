using System.Text.Json;
using Voltaxe.Contracts.Json;

namespace Voltaxe.Contracts.Tests.Wire;

/// <summary>
/// One type of the wire, one example of it with every field filled, and the exact text that clients in other languages were
/// written against. A golden text is never changed to make a test pass: the wire is frozen.
/// </summary>
public sealed class Golden
{
    private readonly Func<string> write;
    private readonly Func<string, string> rewrite;

    private Golden(Type type, string text, Func<string> write, Func<string, string> rewrite)
    {
        Type = type;
        // Written over several lines for the reader; on the wire there is no white space outside strings.
        Text = JsonSerializer.Serialize(JsonElement.Parse(text), WireJson.Default.JsonElement);
        this.write = write;
        this.rewrite = rewrite;
    }

    public Type Type { get; }
    public string Text { get; }

    public static Golden Of<T>(T example, string text) =>
        new(typeof(T), text,
            () => JsonSerializer.Serialize(example, typeof(T), WireJson.Default),
            read => JsonSerializer.Serialize(JsonSerializer.Deserialize(read, typeof(T), WireJson.Default), typeof(T), WireJson.Default));

    public string Write() => write();

    /// <summary>Read, and written again: equal only if reading lost nothing.</summary>
    public string Rewrite(string text) => rewrite(text);

    public override string ToString() => Type.IsGenericType ? $"{Type.Name[..^2]}<{Type.GenericTypeArguments[0].Name}>" : Type.Name;
}

namespace Voltaxe.Hub.Pipeline;

/// <summary>An expected refusal: a value, translated once per edge.</summary>
/// <param name="Status">The HTTP status that the operators' API answers.</param>
/// <param name="Slug">Frozen snake_case word; the problem's type is <c>urn:voltaxe:problem:&lt;slug&gt;</c>.</param>
/// <param name="Detail">One sentence for a person.</param>
/// <param name="Errors">What is wrong, by field in snake_case.</param>
public sealed record Refusal(int Status, string Slug, string Detail, IReadOnlyDictionary<string, string[]>? Errors = null)
{
    public static Refusal Invalid(IReadOnlyDictionary<string, string[]> errors) => new(400, "invalid_request", "The request has errors.", errors);
    public static Refusal Invalid(string field, string text) => Invalid(new Dictionary<string, string[]> { [field] = [text] });
    public static Refusal NotFound(string detail, string? field = null) =>
        new(404, "not_found", detail, field is null ? null : new Dictionary<string, string[]> { [field] = [detail] });
    public static Refusal Conflict(string slug, string detail) => new(409, slug, detail);
    public static Refusal Forbidden(string detail) => new(403, "forbidden", detail);
    public static Refusal Unauthenticated(string detail) => new(401, "unauthenticated", detail);
}

/// <summary>A value or a refusal.</summary>
public readonly struct Result<T>
{
    private readonly T? value;

    private Result(T? value, Refusal? refusal) => (this.value, Refusal) = (value, refusal);

    public Refusal? Refusal { get; }

    public bool IsRefused => Refusal is not null;

    /// <exception cref="InvalidOperationException">It was refused.</exception>
    public T Value => Refusal is null ? value! : throw new InvalidOperationException($"refused: {Refusal.Slug}");

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(Refusal refusal) => new(default, refusal);

    public Result<TOther> Map<TOther>(Func<T, TOther> map) => Refusal is { } refusal ? refusal : map(value!);
}

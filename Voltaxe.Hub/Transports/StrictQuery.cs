using System.Collections;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Primitives;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports;

/// <summary>
/// The operators' API answers 400 to a query parameter that the route does not have, and to one that is given twice where one is taken: a
/// filter with a spelling mistake would otherwise be no filter. What a route has is read from its handler's <c>[FromQuery]</c> parameters.
/// The agents' routes ignore what they do not know.
/// </summary>
public static partial class StrictQuery
{
    /// <summary>Marks an endpoint whose query parameters are all known.</summary>
    private sealed class Marker;

    /// <summary>All routes of the group refuse what they do not know.</summary>
    public static RouteGroupBuilder WithStrictQuery(this RouteGroupBuilder group) => group.WithMetadata(new Marker());

    public static bool IsStrict(Endpoint endpoint) => endpoint.Metadata.GetMetadata<Marker>() is not null;

    /// <summary>The query parameters of a route, and whether each may be repeated.</summary>
    public static IReadOnlyDictionary<string, bool> ParametersOf(Endpoint endpoint)
    {
        var known = new Dictionary<string, bool>(StringComparer.OrdinalIgnoreCase);
        foreach (var bound in endpoint.Metadata.GetOrderedMetadata<IParameterBindingMetadata>())
        {
            if (bound.ParameterInfo.GetCustomAttributes(inherit: true).OfType<IFromQueryMetadata>().FirstOrDefault() is { } query)
                known[query.Name ?? bound.Name] = bound.ParameterInfo.ParameterType is var type && type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable));
        }
        return known;
    }

    /// <summary>After authorization: who may not ask is not told what is wrong with the question.</summary>
    public static IApplicationBuilder UseStrictQuery(this IApplicationBuilder app) => app.Use((context, next) =>
        context.Request.Query.Count > 0 && context.GetEndpoint() is { } endpoint && IsStrict(endpoint)
            && FaultsOf(context.Request.Query, ParametersOf(endpoint)) is { Count: > 0 } faults
            ? Problems.WriteAsync(context, Refusal.Invalid(faults))
            : next(context));

    private static Dictionary<string, string[]> FaultsOf(IEnumerable<KeyValuePair<string, StringValues>> query, IReadOnlyDictionary<string, bool> known)
    {
        var faults = new Dictionary<string, string[]>();
        foreach (var (name, values) in query)
        {
            if (!known.TryGetValue(name, out var mayRepeat))
                faults[PlainName().IsMatch(name) ? name : "query"] = ["is not known"];
            else if (values.Count > 1 && !mayRepeat)
                faults[known.Keys.Single(k => string.Equals(k, name, StringComparison.OrdinalIgnoreCase))] = ["is given twice"];
        }
        return faults;
    }

    /// <summary>Only such names are echoed.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9_.\-]{1,64}\z")]
    private static partial Regex PlainName();
}

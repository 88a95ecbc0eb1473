using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Voltaxe.Contracts.Json;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports;

/// <summary><c>/openapi/v1.json</c>, for operators: what the API says of itself, with the wire's own names.</summary>
public static class ApiDescription
{
    public static IServiceCollection AddApiDescription(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            o.SerializerOptions.TypeInfoResolverChain.Insert(0, WireJson.Default);
        });
        return services.AddOpenApi("v1", o =>
        {
            o.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            o.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new() { Title = "Voltaxe", Version = "v1" };
                return Task.CompletedTask;
            });
        });
    }

    public static void MapApiDescription(this IEndpointRouteBuilder routes) =>
        routes.MapOpenApi("/openapi/{documentName}.json").RequireAuthorization(Policies.View);

    /// <summary>Tells the description of the JSON body. (The framework's own way would judge the content type before the credential.)</summary>
    public static RouteHandlerBuilder TakesJson<T>(this RouteHandlerBuilder route) where T : class =>
        route.AddOpenApiOperationTransformer(async (operation, context, ct) =>
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/json"] = new() { Schema = await context.GetOrCreateSchemaAsync(typeof(T), null, ct) },
                },
            });
}

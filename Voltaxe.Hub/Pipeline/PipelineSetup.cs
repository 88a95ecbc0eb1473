using System.Reflection;
using FluentValidation;
using MediatR;

namespace Voltaxe.Hub.Pipeline;

/// <summary>Registers MediatR, its handlers, the gates and the validators of this assembly.</summary>
public static class PipelineSetup
{
    public static IServiceCollection AddPipeline(this IServiceCollection services)
    {
        services.AddScoped<ServiceFactory>(provider => provider.GetRequiredService);
        services.AddScoped<IMediator, Mediator>();
        foreach (var type in Assembly.GetExecutingAssembly().GetTypes().Where(t => t is { IsAbstract: false, IsGenericTypeDefinition: false }))
        {
            foreach (var handler in type.GetInterfaces().Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRequestHandler<,>)))
            {
                services.AddScoped(handler, type);
                AddGates(services, handler.GenericTypeArguments[0], handler.GenericTypeArguments[1]);
            }
        }
        services.AddValidatorsFromAssembly(Assembly.GetExecutingAssembly(), ServiceLifetime.Singleton);
        ValidatorOptions.Global.LanguageManager.Enabled = false;
        return services;
    }

    /// <summary>Closed by hand: the container cannot match <c>Result&lt;T&gt;</c> in an open registration.</summary>
    private static void AddGates(IServiceCollection services, Type request, Type answer)
    {
        if (!answer.IsGenericType || answer.GetGenericTypeDefinition() != typeof(Result<>))
            return;
        var gate = typeof(IPipelineBehavior<,>).MakeGenericType(request, answer);
        services.AddScoped(gate, typeof(Authorise<,>).MakeGenericType(request, answer.GenericTypeArguments[0]));
        services.AddScoped(gate, typeof(Validate<,>).MakeGenericType(request, answer.GenericTypeArguments[0]));
    }
}

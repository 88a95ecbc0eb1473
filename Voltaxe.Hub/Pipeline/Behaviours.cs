using FluentValidation;
using FluentValidation.Results;
using MediatR;

namespace Voltaxe.Hub.Pipeline;

/// <summary>First gate: the caller's role, before anything of the request is looked at.</summary>
public sealed class Authorise<TRequest, T> : IPipelineBehavior<TRequest, Result<T>> where TRequest : IRequest<Result<T>>
{
    public Task<Result<T>> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<Result<T>> next) =>
        request is IOperatorRequest asked && !asked.By.May(asked.Needs)
            ? Task.FromResult<Result<T>>(Refusal.Forbidden($"The role {asked.By.Role.ToString().ToLowerInvariant()} may not do this."))
            : next();
}

/// <summary>Second gate: every fault of the request at once, by field.</summary>
public sealed class Validate<TRequest, T>(IEnumerable<IValidator<TRequest>> rules) : IPipelineBehavior<TRequest, Result<T>> where TRequest : IRequest<Result<T>>
{
    public async Task<Result<T>> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<Result<T>> next)
    {
        var faults = new List<ValidationFailure>();
        foreach (var rule in rules)
            faults.AddRange((await rule.ValidateAsync(request, cancellationToken)).Errors);
        return faults.Count == 0
            ? await next()
            : Refusal.Invalid(faults.GroupBy(f => f.PropertyName).ToDictionary(g => g.Key, g => g.Select(f => f.ErrorMessage).Distinct().ToArray()));
    }
}

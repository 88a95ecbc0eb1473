using Microsoft.AspNetCore.Diagnostics;
using Voltaxe.Hub.Pipeline;

namespace Voltaxe.Hub.Transports;

/// <summary>What fails without an answer of its own gets a problem: exceptions without their details, bare statuses with their word.</summary>
public static partial class ProblemsSetup
{
    public static IServiceCollection AddProblems(this IServiceCollection services) => services.AddExceptionHandler<ExceptionProblems>();

    public static IApplicationBuilder UseProblems(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(_ => { });
        return app.UseStatusCodePages(pages =>
            OfStatus(pages.HttpContext.Response.StatusCode) is { } refusal ? Problems.WriteAsync(pages.HttpContext, refusal) : Task.CompletedTask);
    }

    private static Refusal? OfStatus(int status) => status switch
    {
        401 => Refusal.Unauthenticated("Sign in, or send a credential that is known, not expired and not revoked."),
        403 => Refusal.Forbidden("This credential may not do this."),
        404 => Refusal.NotFound("There is nothing here."),
        405 => new(405, "method_not_allowed", "This method is not for this address."),
        415 => new(415, "unsupported_media_type", "The content type must be application/json."),
        429 => new(429, "too_many_requests", "Too many requests from this address; try again later."),
        >= 400 and < 500 => new(status, "invalid_request", "The request cannot be understood."),
        >= 500 => Failures.Internal with { Status = status },
        _ => null,
    };

    private sealed partial class ExceptionProblems(ILogger<ExceptionProblems> log) : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
            {
                httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                return true;
            }
            var refusal = exception switch
            {
                BadHttpRequestException { StatusCode: 413 } => new Refusal(413, "too_large", "The body is too large."),
                BadHttpRequestException bad => new Refusal(bad.StatusCode, "invalid_request", "The request cannot be understood."),
                _ => Failures.ToRefusal(exception),
            };
            if (refusal.Status == 500)
                LogFailed(exception, httpContext.GetEndpoint()?.DisplayName);
            else if (refusal.Status == 503)
                LogUnavailable(exception.Message);
            await Problems.WriteAsync(httpContext, refusal);
            return true;
        }

        [LoggerMessage(800, LogLevel.Error, "A request failed at {Endpoint}")]
        private partial void LogFailed(Exception exception, string? endpoint);

        [LoggerMessage(801, LogLevel.Warning, "Answered 503: {Why}")]
        private partial void LogUnavailable(string why);
    }
}

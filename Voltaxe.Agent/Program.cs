return await Voltaxe.Agent.CommandLine.Cli.InvokeAsync(args);

return await Voltaxe.Hub.Transports.CommandLine.HubCommands.RunAsync(args);

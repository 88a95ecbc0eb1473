System.Console.WriteLine("agent");

System.Console.WriteLine("hub");

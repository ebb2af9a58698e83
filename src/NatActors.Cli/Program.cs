Console.WriteLine("natactors");

using NatActors.Fuzz.Engine;

foreach (var entry in EntryCatalog.All)
{
    Console.WriteLine(entry.Name);
}

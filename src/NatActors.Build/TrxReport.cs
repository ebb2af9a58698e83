using System.Xml;
using System.Xml.Linq;

namespace NatActors.Build;

/// <summary>One test that did not pass, and why.</summary>
internal sealed record TestOutcome(string Name, string Reason);

/// <summary>The counts of one results file.</summary>
internal sealed record TrxReport(int Passed, IReadOnlyList<TestOutcome> Failures, IReadOnlyList<TestOutcome> Skips)
{
    private static readonly XNamespace Schema = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>Reads a .trx file; null if there is none or it was cut off, as by a crash of the test host.</summary>
    public static TrxReport? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return Parse(XDocument.Load(path));
        }
        catch (XmlException)
        {
            return null;
        }
    }

    public static TrxReport Parse(XDocument document)
    {
        var passed = 0;
        var failures = new List<TestOutcome>();
        var skips = new List<TestOutcome>();
        foreach (var result in document.Descendants(Schema + "UnitTestResult"))
        {
            var name = (string?)result.Attribute("testName") ?? "?";
            switch ((string?)result.Attribute("outcome"))
            {
                case "Passed":
                    passed++;
                    break;
                case "NotExecuted":
                    skips.Add(new TestOutcome(name, Reason(result)));
                    break;
                default:
                    failures.Add(new TestOutcome(name, Reason(result)));
                    break;
            }
        }

        return new TrxReport(passed, failures, skips);
    }

    private static string Reason(XElement result)
    {
        var message = result.Descendants(Schema + "Message").FirstOrDefault()?.Value;
        var trace = result.Descendants(Schema + "StackTrace").FirstOrDefault()?.Value;
        var output = result.Descendants(Schema + "StdOut").FirstOrDefault()?.Value;
        return string.Join('\n', new[] { message ?? output, trace }.Where(part => !string.IsNullOrWhiteSpace(part))).Trim();
    }
}

using System.Runtime.InteropServices;
using System.Xml;

namespace NatActors.Protocols.PortMapping;

/// <summary>XML of strangers: no document types (they can be made to swell and to fetch), nothing fetched, bounded in size.</summary>
internal static class BoundedXml
{
    /// <summary>Texts in descriptions and answers are names, numbers and paths.</summary>
    public const int MaxText = 512;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = GatewayRequest.MaxAnswer,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
        CloseInput = true,
    };

    /// <summary>A reader. What it reads may throw <see cref="XmlException"/>.</summary>
    public static XmlReader Open(ReadOnlyMemory<byte> xml)
    {
        // Some routers pad their answers, and nothing else may stand before an XML declaration.
        var start = xml.Span.IndexOf((byte)'<');
        var bytes = start > 0 ? xml[start..] : xml;
        var whole = MemoryMarshal.TryGetArray(bytes, out var segment) ? segment : new ArraySegment<byte>(bytes.ToArray());
        return XmlReader.Create(new MemoryStream(whole.Array!, whole.Offset, whole.Count, writable: false), Settings);
    }

    /// <summary>The text that the reader stands on, trimmed and cut at <see cref="MaxText"/>.</summary>
    public static string Text(XmlReader reader)
    {
        var text = reader.Value.Trim();
        return text.Length > MaxText ? text[..MaxText] : text;
    }

    /// <summary>True when the reader stands on text.</summary>
    public static bool IsText(XmlReader reader) => reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA;
}

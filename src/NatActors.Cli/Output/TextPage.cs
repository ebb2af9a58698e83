using System.Text;

namespace NatActors.Cli.Output;

/// <summary>Lays text out for a terminal: sections, labels at the left, lines broken at blanks so that they fit.</summary>
internal sealed class TextPage
{
    /// <summary>The width that every terminal has.</summary>
    public const int Width = 80;

    private const int Indent = 2;
    private const int LabelWidth = 14;

    private readonly StringBuilder _text = new();

    /// <summary>A new section; the remark says what it is about to somebody who does not know the word.</summary>
    public void Section(string title, string remark = "")
    {
        if (_text.Length > 0)
        {
            _text.AppendLine();
        }

        Lay("", 0, remark.Length == 0 ? title.ToUpperInvariant() : $"{title.ToUpperInvariant()}  ({remark})", 0);
    }

    /// <summary>A line of text.</summary>
    public void Line(string text) => Lay("", Indent, text, Indent);

    /// <summary>A point of a list.</summary>
    public void Point(string text) => Lay("", Indent, $"* {text}", Indent + 2);

    /// <summary>A label with its text.</summary>
    public void Line(string label, string text) => Lay(label, Indent + LabelWidth, text, Indent + LabelWidth);

    /// <summary>A label with several texts, the label once; with none, the words for that.</summary>
    public void Lines(string label, IReadOnlyList<string> texts, string none)
    {
        foreach (var (index, text) in (texts.Count == 0 ? [none] : texts).Index())
        {
            Line(index == 0 ? label : "", text);
        }
    }

    /// <summary>A text below the last one, further in.</summary>
    public void Under(string text) => Lay("", Indent + LabelWidth, text, Indent + LabelWidth);

    /// <summary>A point of a list below the last text.</summary>
    public void PointUnder(string text) => Lay("", Indent + LabelWidth, $"- {text}", Indent + LabelWidth + 2);

    /// <inheritdoc />
    public override string ToString() => _text.ToString();

    private void Lay(string label, int first, string text, int rest)
    {
        var line = new StringBuilder(new string(' ', Indent * Math.Sign(label.Length)) + label);
        if (line.Length >= first && label.Length > 0)
        {
            line.Append(' ');
        }

        line.Append(' ', Math.Max(0, first - line.Length));
        var empty = true;
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!empty && line.Length + 1 + word.Length > Width)
            {
                _text.AppendLine(line.ToString());
                line.Clear().Append(' ', rest);
                empty = true;
            }

            if (!empty)
            {
                line.Append(' ');
            }

            line.Append(word);
            empty = false;
        }

        _text.AppendLine(line.ToString().TrimEnd());
    }
}

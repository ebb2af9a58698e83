namespace Akka.Configuration;

/// <summary>Reads the small part of HOCON that <see cref="Config"/> knows.</summary>
internal sealed class ConfigReader(string text)
{
    private readonly Dictionary<string, string[]> _values = [];
    private int _at;

    public Dictionary<string, string[]> Read()
    {
        ReadFields(string.Empty);
        return _at == text.Length ? _values : throw new FormatException($"Unexpected '{text[_at]}' at {_at}");
    }

    private void ReadFields(string prefix)
    {
        while (SkipBlank(newlines: true) && text[_at] != '}')
        {
            var name = prefix + ReadName();
            SkipBlank(newlines: false);
            if (_at < text.Length && text[_at] is '=' or ':')
            {
                _at++;
            }

            if (!SkipBlank(newlines: false))
            {
                throw new FormatException($"{name} has no value");
            }

            switch (text[_at])
            {
                case '{':
                    _at++;
                    ReadFields(name + ".");
                    Expect('}');
                    break;
                case '[':
                    _at++;
                    _values[name] = ReadList();
                    break;
                default:
                    _values[name] = [ReadValue(",}\n\r")];
                    break;
            }
        }
    }

    private string[] ReadList()
    {
        var items = new List<string>();
        while (SkipBlank(newlines: true) && text[_at] != ']')
        {
            items.Add(ReadValue(",]\n\r"));
        }

        Expect(']');
        return [.. items];
    }

    private string ReadName()
    {
        var start = _at;
        while (_at < text.Length && text[_at] is not ('=' or ':' or '{' or '\n'))
        {
            _at++;
        }

        var name = text[start.._at].Trim().Replace("\"", string.Empty, StringComparison.Ordinal);
        return name.Length > 0 ? name : throw new FormatException($"A name is missing at {start}");
    }

    private string ReadValue(string ends)
    {
        if (text[_at] == '"')
        {
            var close = text.IndexOf('"', _at + 1);
            if (close < 0)
            {
                throw new FormatException($"A quote at {_at} does not end");
            }

            var quoted = text[(_at + 1)..close];
            _at = close + 1;
            return quoted;
        }

        var start = _at;
        while (_at < text.Length && !ends.Contains(text[_at], StringComparison.Ordinal) && !AtComment())
        {
            _at++;
        }

        return text[start.._at].Trim();
    }

    private bool AtComment() => text[_at] == '#' || (text[_at] == '/' && _at + 1 < text.Length && text[_at + 1] == '/');

    private bool SkipBlank(bool newlines)
    {
        while (_at < text.Length)
        {
            var c = text[_at];
            if (AtComment())
            {
                var end = text.IndexOf('\n', _at);
                _at = end < 0 ? text.Length : end;
            }
            else if (c is ' ' or '\t' or '\ufeff' || (newlines && c is '\n' or '\r' or ','))
            {
                _at++;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private void Expect(char c)
    {
        if (_at >= text.Length || text[_at] != c)
        {
            throw new FormatException($"'{c}' is missing at {_at}");
        }

        _at++;
    }
}

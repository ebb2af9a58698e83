using System.Collections;
using System.ComponentModel;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace NatActors.Hosting;

/// <summary>Reads a configuration section into an options object and collects every mistake, where the stock binder stops at the first.</summary>
internal static class ConfigurationReader
{
    /// <summary>Sets the properties that the section names; the mistakes, by the path of their key.</summary>
    public static IReadOnlyList<string> Read(IConfiguration section, object target)
    {
        var mistakes = new List<string>();
        if (section is IConfigurationSection { Value: { Length: > 0 } value } whole)
        {
            mistakes.Add($"{whole.Key}: '{value}' is one value; write an object of options in braces.");
        }

        Read(section, target, "", mistakes);
        return mistakes;
    }

    private static void Read(IConfiguration section, object target, string path, List<string> mistakes)
    {
        var properties = target.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (var child in section.GetChildren())
        {
            if (Array.Find(properties, p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is { } property)
            {
                Set(child, property, target, path + property.Name, mistakes);
            }
            else
            {
                mistakes.Add($"{path}{child.Key} is no option; there {(properties.Length == 1 ? "is" : "are")} "
                    + $"{string.Join(", ", properties.Select(p => p.Name))}.");
            }
        }
    }

    private static void Set(IConfigurationSection value, PropertyInfo property, object target, string path, List<string> mistakes)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var children = value.GetChildren().ToArray();
        if (type == typeof(List<string>))
        {
            SetList(value, children, property, target, path, mistakes);
        }
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>))
        {
            SetTable(value, children, (IDictionary)property.GetValue(target)!, path, mistakes);
        }
        else if (type.IsClass && type != typeof(string))
        {
            if (children.Length > 0)
            {
                Read(value, property.GetValue(target)!, path + ".", mistakes);
            }
            else if (!string.IsNullOrEmpty(value.Value))
            {
                mistakes.Add($"{path}: '{value.Value}' is one value; write an object of options in braces.");
            }
        }
        else if (children.Length == 0 && value.Value is null && type != typeof(string))
        {
            // A null leaves the default.
        }
        else if (children.Length > 0)
        {
            mistakes.Add($"{path} takes one value: {Wanted(type)}.");
        }
        else if (TryConvert(value.Value, type, out var converted))
        {
            property.SetValue(target, converted);
        }
        else
        {
            mistakes.Add($"{path}: '{value.Value}' is not {Wanted(type)}.");
        }
    }

    /// <summary>Objects by names that are not ours: one is made for each that is not there yet.</summary>
    private static void SetTable(
        IConfigurationSection value, IConfigurationSection[] children, IDictionary table, string path, List<string> mistakes)
    {
        if (children.Length == 0 && !string.IsNullOrEmpty(value.Value))
        {
            mistakes.Add($"{path}: '{value.Value}' is one value; write an object of options in braces for each name.");
        }

        foreach (var child in children)
        {
            if (child.Value is { Length: > 0 } single)
            {
                mistakes.Add($"{path}.{child.Key}: '{single}' is one value; write an object of options in braces.");
                continue;
            }

            table[child.Key] ??= Activator.CreateInstance(table.GetType().GetGenericArguments()[1]);
            Read(child, table[child.Key]!, $"{path}.{child.Key}.", mistakes);
        }
    }

    private static void SetList(
        IConfigurationSection value,
        IConfigurationSection[] children,
        PropertyInfo property,
        object target,
        string path,
        List<string> mistakes)
    {
        if (children.Length == 0 && value.Value is null)
        {
            // A null leaves the default.
        }
        else if (children.Length == 0 && value.Value == "")
        {
            // So arrives an empty list.
            property.SetValue(target, new List<string>());
        }
        else if (children.Length == 0 || Array.Exists(children, c => c.Value is null || !int.TryParse(c.Key, out _)))
        {
            mistakes.Add($"{path} takes a list of texts in brackets.");
        }
        else
        {
            property.SetValue(target, children.Select(c => c.Value!).ToList());
        }
    }

    /// <summary>A value that is left empty or null is text that is absent; nothing else can be.</summary>
    private static bool TryConvert(string? text, Type type, out object? value)
    {
        value = null;
        if (type == typeof(string))
        {
            value = string.IsNullOrEmpty(text) ? null : text;
            return true;
        }

        try
        {
            value = text is null ? null : TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text);
            return value is not null;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            return false;
        }
    }

    private static string Wanted(Type type) => type switch
    {
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) || type == typeof(long) => "a whole number",
        _ when type == typeof(double) => "a number such as 0.5",
        _ when type == typeof(TimeSpan) => "a time as hours:minutes:seconds, such as 00:01:00",
        _ => "a text",
    };
}

using System.Reflection;

namespace Akka.Embedded.Tests.Api;

/// <summary>A type as text: its kind and the public and protected members that it declares.</summary>
internal sealed record ApiType(string Name, string Kind, IReadOnlySet<string> Members);

/// <summary>Reads types in the format of the packages' API lists.</summary>
internal static class ApiReader
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The packages' API, from the lists in this assembly.</summary>
    public static Dictionary<string, ApiType> Reference()
    {
        var assembly = typeof(ApiReader).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".txt", StringComparison.Ordinal))
            .SelectMany(name => Lines(assembly, name))
            .GroupBy(line => line.Type)
            .ToDictionary(
                group => group.Key,
                group => new ApiType(group.Key, group.First().Fact, group.Skip(1).Select(line => line.Fact).ToHashSet()));
    }

    public static bool IsVisible(Type type) => type.IsNested
        ? (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsVisible(type.DeclaringType!)
        : type.IsPublic;

    public static ApiType Read(Type type) => new(type.FullName!, KindOf(type), Members(type).ToHashSet());

    public static string NameOf(string member)
    {
        var text = member.StartsWith("static ", StringComparison.Ordinal) ? member["static ".Length..] : member;
        var open = text.IndexOf('(', StringComparison.Ordinal);
        if (open < 0)
        {
            return text;
        }

        var name = text[(text.LastIndexOf(' ', open) + 1)..open];
        var arity = name.IndexOf('`', StringComparison.Ordinal);
        return arity < 0 ? name : name[..arity];
    }

    public static bool IsMethod(string member) => member.EndsWith(')');

    private static IEnumerable<(string Type, string Fact)> Lines(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        while (reader.ReadLine() is { } line)
        {
            if (line.Split(" | ", 2) is [var type, var fact])
            {
                yield return (type, fact);
            }
        }
    }

    private static string KindOf(Type type) =>
        type.IsInterface ? "interface"
        : type.IsEnum ? "enum"
        : type.IsValueType ? "struct"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    private static IEnumerable<string> Members(Type type)
    {
        foreach (var constructor in type.GetConstructors(Declared).Where(c => !c.IsStatic && IsVisible(c)))
        {
            yield return $".ctor({Parameters(constructor)})";
        }

        foreach (var method in type.GetMethods(Declared).Where(m => !m.IsSpecialName && IsVisible(m) && !m.Name.Contains('<', StringComparison.Ordinal)))
        {
            var arity = method.IsGenericMethodDefinition ? $"`{method.GetGenericArguments().Length}" : string.Empty;
            yield return $"{Static(method.IsStatic)}{method.ReturnType} {method.Name}{arity}({Parameters(method)})";
        }

        foreach (var property in type.GetProperties(Declared))
        {
            var accessors = string.Concat(Accessor(property.GetMethod, "get; "), Accessor(property.SetMethod, "set; "));
            if (accessors.Length > 0)
            {
                var isStatic = (property.GetMethod ?? property.SetMethod)!.IsStatic;
                var index = property.GetIndexParameters().Length > 0 ? "[]" : string.Empty;
                yield return $"{Static(isStatic)}{property.PropertyType} {property.Name}{index} {{ {accessors}}}";
            }
        }

        foreach (var field in type.GetFields(Declared).Where(f => !f.IsSpecialName && (f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly)))
        {
            yield return $"{Static(field.IsStatic)}{field.FieldType} {field.Name}";
        }
    }

    private static string Accessor(MethodInfo? method, string text) => method is not null && IsVisible(method) ? text : string.Empty;

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Static(bool isStatic) => isStatic ? "static " : string.Empty;

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(p => p.ParameterType + (p.IsOptional ? "=" : string.Empty)));
}

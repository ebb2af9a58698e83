namespace Akka.Embedded.Tests.Api;

/// <summary>Holds types of ours against the packages' API.</summary>
internal sealed class ApiRules(IReadOnlyDictionary<string, ApiType> reference, IReadOnlyDictionary<string, string> justified)
{
    // What every type may override, and what the compiler adds.
    private static readonly HashSet<string> OfEveryObject =
        ["System.Boolean Equals(System.Object)", "System.Int32 GetHashCode()", "System.String ToString()"];

    private readonly HashSet<string> _used = [];

    /// <summary>Justifications that nothing needs.</summary>
    public IEnumerable<string> Unused => justified.Keys.Where(key => !_used.Contains(key));

    /// <summary>Every type, member, overload; and all of an interface or a base that hosts derive from.</summary>
    public IEnumerable<string> Violations(Type type, bool whole)
    {
        var ours = ApiReader.Read(type);
        if (!reference.TryGetValue(ours.Name, out var theirs))
        {
            return [$"{ours.Name} is no type of the packages"];
        }

        return KindViolations(ours, theirs)
            .Concat(ForeignMembers(type, ours, theirs))
            .Concat(MissingMembers(type, ours, theirs, whole || type.IsInterface));
    }

    private static IEnumerable<Type> Ancestors(Type type)
    {
        for (var at = type.BaseType; at is not null && at != typeof(object); at = at.BaseType)
        {
            yield return at.IsGenericType ? at.GetGenericTypeDefinition() : at;
        }

        foreach (var face in type.GetInterfaces())
        {
            yield return face.IsGenericType ? face.GetGenericTypeDefinition() : face;
        }
    }

    private IEnumerable<string> KindViolations(ApiType ours, ApiType theirs)
    {
        if (ours.Kind != theirs.Kind && !IsJustified($"{ours.Name} | {theirs.Kind}"))
        {
            yield return $"{ours.Name} is a {ours.Kind}, in the packages a {theirs.Kind}";
        }
    }

    private IEnumerable<string> ForeignMembers(Type type, ApiType ours, ApiType theirs)
    {
        var known = theirs.Members
            .Concat(Ancestors(type).Where(a => a.FullName is not null && reference.ContainsKey(a.FullName)).SelectMany(a => reference[a.FullName!].Members))
            .Concat(OfEveryObject)
            .ToHashSet();
        return ours.Members.Where(member => !known.Contains(member)).Select(member => $"{ours.Name} | {member} is not in the packages");
    }

    private IEnumerable<string> MissingMembers(Type type, ApiType ours, ApiType theirs, bool whole)
    {
        var offered = ours.Members.Concat(Ancestors(type).SelectMany(a => ApiReader.Read(a).Members)).ToHashSet();
        var names = ours.Members.Where(ApiReader.IsMethod).Select(ApiReader.NameOf).ToHashSet();
        foreach (var member in theirs.Members.Where(m => !offered.Contains(m) && !OfEveryObject.Contains(m)))
        {
            var wanted = whole || (ApiReader.IsMethod(member) && names.Contains(ApiReader.NameOf(member)));
            if (wanted && !member.Contains("System.Runtime.Serialization", StringComparison.Ordinal) && !IsJustified($"{ours.Name} | {member}"))
            {
                yield return $"{ours.Name} | {member} is missing";
            }
        }
    }

    private bool IsJustified(string fact)
    {
        if (!justified.ContainsKey(fact))
        {
            return false;
        }

        _used.Add(fact);
        return true;
    }
}

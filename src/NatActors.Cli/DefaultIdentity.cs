namespace NatActors.Cli;

/// <summary>The key file of <c>run</c> and <c>id</c> when none is named: <c>natactors/identity.key</c> under the user's data folder.</summary>
public static class DefaultIdentity
{
    /// <summary>The file; its folder is made on first use.</summary>
    public static string Path
    {
        get
        {
            var folder = System.IO.Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
                "natactors");
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            return System.IO.Path.Combine(folder, "identity.key");
        }
    }
}

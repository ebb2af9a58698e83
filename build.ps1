#!/usr/bin/env pwsh
# A thin shim: compiles the build program (src/NatActors.Build) and hands it the arguments. `./build.ps1 help` lists the verbs.
$ErrorActionPreference = 'Stop'
if (-not (Get-Command dotnet -ErrorAction SilentlyContinue)) {
  [Console]::Error.WriteLine("build: no 'dotnet' on PATH. Install the .NET 10 SDK and run this again.")
  exit 2
}
$env:DOTNET_NOLOGO = '1'
$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
if (-not $env:DOTNET_SYSTEM_GLOBALIZATION_INVARIANT) { $env:DOTNET_SYSTEM_GLOBALIZATION_INVARIANT = '1' }
$log = dotnet build "$PSScriptRoot/src/NatActors.Build/NatActors.Build.csproj" -v quiet --tl:off -clp:NoSummary -p:ActorRuntime=Embedded 2>&1
if ($LASTEXITCODE -ne 0) {
  $log | ForEach-Object { [Console]::Error.WriteLine($_) }
  exit $LASTEXITCODE
}
dotnet "$PSScriptRoot/artifacts/embedded/bin/NatActors.Build/debug/NatActors.Build.dll" @args
exit $LASTEXITCODE

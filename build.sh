#!/usr/bin/env bash
# A thin shim: compiles the build program (src/NatActors.Build) and hands it the arguments. `./build.sh help` lists the verbs.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}"
if ! command -v dotnet >/dev/null 2>&1; then
  [ -x "$HOME/.dotnet/dotnet" ] || { echo "build: no 'dotnet' on PATH. Install the .NET 10 SDK and run this again." >&2; exit 2; }
  export PATH="$HOME/.dotnet:$PATH" DOTNET_ROOT="$HOME/.dotnet"
fi
log=$(dotnet build "$here/src/NatActors.Build/NatActors.Build.csproj" -v quiet --tl:off -clp:NoSummary -p:ActorRuntime=Embedded 2>&1) \
  || { printf '%s\n' "$log" >&2; exit 1; }
exec dotnet "$here/artifacts/embedded/bin/NatActors.Build/debug/NatActors.Build.dll" "$@"

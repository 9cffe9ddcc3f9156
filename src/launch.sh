#!/bin/sh
# The `spesh` command: execs main under a Node that is new enough, keeping the process id (signals and exit code are main's own).
# The young generation is bounded because V8 otherwise keeps 100 MB of garbage behind a long transcript (279 MB after 10,000 cells, 172 with it).
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
root=$(cd "$(dirname "$self")/.." && pwd -P)
case $(uname -m) in x86_64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) arch=none ;; esac
for node in "$root/node_modules/node-linux-$arch/bin/node" "$root/../node-linux-$arch/bin/node"; do
  if [ -x "$node" ] && [ "$(uname -s)" = Linux ]; then exec "$node" --max-semi-space-size=16 "$root/dist/main.js" "$@"; fi
done
exec node --max-semi-space-size=16 "$root/dist/main.js" "$@"

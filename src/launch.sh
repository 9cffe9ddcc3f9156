#!/bin/sh
# The `spesh` command: execs main under a Node that is new enough, keeping the process id (signals and exit code are main's own).
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
root=$(cd "$(dirname "$self")/.." && pwd -P)
case $(uname -m) in x86_64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) arch=none ;; esac
for node in "$root/node_modules/node-linux-$arch/bin/node" "$root/../node-linux-$arch/bin/node"; do
  if [ -x "$node" ] && [ "$(uname -s)" = Linux ]; then exec "$node" "$root/dist/main.js" "$@"; fi
done
exec node "$root/dist/main.js" "$@"

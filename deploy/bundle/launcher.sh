#!/bin/sh
# Rocinante, unpacked: runs `<command> [arguments]` with the Node.js, the packages and the engine that lie beside it.
root=$(dirname -- "$(readlink -f -- "$0")")
# What a worker's memory and Node are told is what the project's own launcher tells them; it says why.
if [ "${1-}" = worker ]; then
  export GLIBC_TUNABLES="${GLIBC_TUNABLES-@tunables@}"
fi
exec "$root/node" @options@ "$root/start.mjs" "$@"

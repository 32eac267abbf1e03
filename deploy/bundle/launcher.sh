#!/bin/sh
# Rocinante, unpacked: runs `<command> [arguments]` with the Node.js, the packages and the engine that lie beside it.
root=$(dirname -- "$(readlink -f -- "$0")")
# The options are those of the project's own launcher, which says what they are for.
exec "$root/node" @options@ "$root/start.mjs" "$@"

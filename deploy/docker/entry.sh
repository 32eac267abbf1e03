#!/usr/bin/env bash
# What a container runs: `coordinator`, `worker`, `run-to-end NAME [options of run start]` or `health`; other words are a command
# of rocinante, with the operator's credentials where it is one that takes them.
#
# Certificates and tokens are the files that `rocinante certs` writes, in the folder ROCINANTE_SECURITY. Without them nothing
# starts, unless ROCINANTE_INSECURE=1 says that the network is trusted. With ROCINANTE_MUTUAL_TLS=1 the coordinator asks everybody
# for a certificate of the same authority.
#
# The program takes this process's place, so that the container's SIGTERM is its own. With ROCINANTE_AS_TASK=1, where a 0 would mean
# that the work is done, it stays beside this one, and a daemon that was told to end gives 143.
set -euo pipefail

home=${ROCINANTE_HOME:-/opt/rocinante}
security=${ROCINANTE_SECURITY:-/run/rocinante}
insecure=${ROCINANTE_INSECURE:-0}

fail() {
  printf 'rocinante-entry: %s\n' "$1" >&2
  exit 2
}

# Each name is a file of `rocinante certs` that this user can read; the first that is not ends the container with one line.
need() {
  local name
  for name in "$@"; do
    [[ -r $security/$name ]] && continue
    fail "$security/$name: expected a file of \`rocinante certs\` that user $(id -u) can read, found none; mount it, or set ROCINANTE_INSECURE=1 where the network is trusted"
  done
}

[[ $insecure == 0 || $insecure == 1 ]] || fail "ROCINANTE_INSECURE: expected 0 or 1, received $insecure"
[[ -x $home/rocinante ]] || fail "$home/rocinante: expected the program of an unpacked bundle, found none"

# What shows a client's right to speak, as a worker or an operator: the authority that it trusts, its token, and its certificate
# where it has one.
client=()
as_client() {
  ((insecure)) && return
  need ca.crt "$1.token"
  client=(--tls-ca "$security/ca.crt" --token-file "$security/$1.token")
  if [[ -e $security/$1.crt ]]; then
    need "$1.crt" "$1.key"
    client+=(--tls-cert "$security/$1.crt" --tls-key "$security/$1.key")
  fi
}

# Becomes the program, or waits for it.
launch() {
  [[ ${ROCINANTE_AS_TASK:-0} == 1 ]] || exec "$home/rocinante" "$@"
  local code child told=0
  "$home/rocinante" "$@" &
  child=$!
  trap 'told=1; kill -TERM "$child"' TERM
  while :; do
    code=0
    wait "$child" || code=$?
    # A signal ends the wait, not the program.
    kill -0 "$child" 2>/dev/null || break
  done
  ((told && code == 0)) && code=143
  exit "$code"
}

word=${1:-}
(($# > 0)) && shift
case $word in
  coordinator)
    if ((insecure)); then
      launch serve --insecure "$@"
    fi
    need coordinator.crt coordinator.key tokens
    server=(--tls-cert "$security/coordinator.crt" --tls-key "$security/coordinator.key" --token-file "$security/tokens")
    if [[ ${ROCINANTE_MUTUAL_TLS:-0} == 1 ]]; then
      need ca.crt
      server+=(--tls-ca "$security/ca.crt")
    fi
    launch serve "${server[@]}" "$@"
    ;;
  worker)
    if ((insecure)); then
      launch worker --insecure "$@"
    fi
    as_client worker
    # Its own metrics are served to others under the certificate, and to whom the book of tokens names.
    if [[ ! ${ROCINANTE_HTTP:-127.} =~ ^(127\.|localhost:|\[::1\]:) ]]; then
      need worker.crt worker.key tokens
      client+=(--http-token-file "$security/tokens")
    fi
    launch worker "${client[@]}" "$@"
    ;;
  run-to-end)
    # A run of that name goes on, should this container, or all of them, be started again.
    name=${1:?rocinante-entry: run-to-end: expected the name of a run, received none}
    shift
    as_client operator
    attempts=${ROCINANTE_ATTEMPTS:-60}
    until "$home/rocinante" run list "${client[@]}" >/dev/null; do
      ((--attempts > 0)) || fail "${ROCINANTE_COORDINATOR:-the coordinator}: expected to be answered by now"
      sleep 2
    done
    if ! "$home/rocinante" run show "$name" "${client[@]}" >/dev/null 2>&1; then
      "$home/rocinante" run start --name "$name" "${client[@]}" "$@"
    fi
    exec "$home/rocinante" run watch "$name" "${client[@]}"
    ;;
  health)
    exec "$home/node" "${BASH_SOURCE[0]%/*}/health.mjs"
    ;;
  run | corpus | weights)
    as_client operator
    exec "$home/rocinante" "$word" "$@" "${client[@]}"
    ;;
  '')
    fail 'expected coordinator, worker, run-to-end, health or a command of rocinante, received nothing'
    ;;
  *)
    exec "$home/rocinante" "$word" "$@"
    ;;
esac

#!/bin/sh
# What `rocinante deploy ssh` runs on a host: keeps bundles, and services that run from them, in the folder this file lies in.
# It needs a POSIX shell, tar, gzip, sha256sum, setsid and flock. Usage: sh host.sh VERB [WORDS]; answers are lines `key=value`.
#
#   bundles/NAME             unpacked bundles; .whole in one says that all of it was on the disk
#   incoming/SHA256.part     what has arrived of one
#   services/NAME/           a service: command (a word a line), env, token, …, bundle (its name), log, log.1 (what was before it),
#                            turn (the line that said, before those, whether it is at work), supervisor and child (number and
#                            start of its processes), restarts, ended (the last exit code), stopped
set -u
umask 077
base=$(cd -- "$(dirname -- "$0")" && pwd -P) || exit 1

log_bytes_max=8388608     # A log that is longer becomes log.1.
log_look=60               # Seconds between two looks at its length.
pause_max=30              # Seconds between starts of a process that does not stay, at most; they begin with one.
steady=60                 # A process that ran so many seconds is taken for well: the next pause is one second again.
appear=10                 # Seconds that a supervisor has to come up.

fail() {
  printf 'error=%s\n' "$*"
  exit 1
}

# When a process began, in ticks since the machine did: with its number it names one process, whatever comes later.
start_of() {
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# Whether the process that a file names is alive.
alive() {
  [ -r "$1" ] && read -r pid start <"$1" && [ -n "$start" ] && [ "$(start_of "$pid")" = "$start" ]
}

# Sends a signal to the process that a file names, if it is that one still.
signal() {
  if alive "$2"; then kill "-$1" "$pid" 2>/dev/null; fi
}

first_line() {
  if [ -r "$1" ]; then head -n 1 "$1"; fi
}

size_of() {
  if [ -f "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi
}

# Returns once a file's contents, or a folder's names, are on the disk. A sync that knows no files flushes everything.
flush() {
  sync "$1" 2>/dev/null || sync
}

# The same for all that lies on a folder's disk.
flush_disk() {
  sync -f "$1" 2>/dev/null || sync
}

# ---- bundles

facts() {
  printf 'system=%s\nmachine=%s\n' "$(uname -s)" "$(uname -m)"
  printf 'free=%s\n' "$(df -Pk "$base" | awk 'NR == 2 { print $4 }')"
  for tool in tar gzip sha256sum setsid flock; do
    command -v "$tool" >/dev/null || printf 'missing=%s\n' "$tool"
  done
  printf 'received=%s\n' "$(size_of "$base/incoming/$1.part")"
  if [ -e "$base/bundles/$2/.whole" ]; then echo 'bundle=there'; fi
}

# The numbers of NVIDIA's cards.
cards() {
  for card in /dev/nvidia[0-9]*; do
    if [ -c "$card" ]; then printf 'card=%s\n' "${card#/dev/nvidia}"; fi
  done
}

# receive SHA256 BYTES NAME: takes what is still missing of an archive from standard input, checks it, and unpacks it.
receive() {
  part=$base/incoming/$1.part
  mkdir -p "$base/incoming" "$base/bundles"
  exec 8>"$base/incoming/lock"
  flock -n 8 || fail 'another copy to this host is under way, or a dead one whose connection has not ended yet'
  cat >>"$part" || fail "the copy was cut off by this host: $(df -Pk "$base" | awk 'NR == 2 { print $4 }') KB are free"
  [ "$(size_of "$part")" -ge "$2" ] || fail "the copy ended early: $(size_of "$part") of $2 bytes are here"
  sum=$(sha256sum <"$part" | cut -d ' ' -f 1)
  if [ "$sum" != "$1" ]; then
    rm -f "$part"
    fail "the copy is damaged: expected SHA-256 $1, received $sum; it was removed"
  fi
  fresh=$base/bundles/.$3.$$
  rm -rf "$base/bundles/.$3".*
  mkdir -p "$fresh"
  if ! said=$(tar -xzf "$part" -C "$fresh" --strip-components=1 2>&1); then
    rm -rf "$fresh"
    fail "could not unpack it: $(printf '%s' "$said" | head -n 1)"
  fi
  # After a loss of power a file that was not flushed is there and empty.
  flush_disk "$fresh"
  : >"$fresh/.whole"
  # One that is not known to be whole makes way; what runs from it finds the same files by the same names.
  if [ -e "$base/bundles/$3" ]; then mv "$base/bundles/$3" "$base/bundles/.$3.old"; fi
  mv "$fresh" "$base/bundles/$3" || fail 'could not rename the unpacked bundle'
  flush_disk "$base/bundles/$3"
  rm -rf "$base/bundles/.$3.old" "$part"
  echo 'bundle=there'
}

# prune NAME...: removes bundles that no service runs from, but for those named.
prune() {
  for folder in "$base"/bundles/*; do
    name=${folder##*/}
    case " $* " in *" $name "*) continue ;; esac
    grep -qxF "$name" "$base"/services/*/bundle 2>/dev/null || rm -rf "$folder"
  done
}

# ---- services

# install SERVICE DROP...: takes a service's files from standard input, each after a line `NAME BYTES`, for their owner alone;
# files named DROP go.
install() {
  service=$base/services/$1
  shift
  mkdir -p "$service"
  for name in "$@"; do rm -f "$service/$name"; done
  while read -r name bytes; do
    # One byte at a time, so that no byte of the next file is taken with this one.
    dd bs=1 count="$bytes" 2>/dev/null >"$service/$name.new"
    [ "$(size_of "$service/$name.new")" -eq "$bytes" ] || fail "could not write $name: is the disk full?"
    flush "$service/$name.new"
    mv "$service/$name.new" "$service/$name" || fail "could not write $name"
  done
  flush "$service"
}

# start SERVICE BUNDLE
start() {
  service=$base/services/$1
  [ -x "$base/bundles/$2/rocinante" ] || fail "there is no bundle $2"
  if alive "$service/supervisor"; then
    printf 'state=already\nbundle=%s\n' "$(first_line "$service/bundle")"
    return
  fi
  # A supervisor that was killed has left its process behind.
  if alive "$service/child"; then end_process "$service/child" 20; fi
  printf '%s\n' "$2" >"$service/bundle"
  rm -f "$service/ended" "$service/restarts" "$service/stopped"
  setsid sh "$base/host.sh" supervise "$1" </dev/null >/dev/null 2>&1 9>&- &
  tries=0
  until alive "$service/supervisor" || [ -e "$service/ended" ]; do
    [ "$tries" -lt "$((appear * 10))" ] || fail "the supervisor has not come up within $appear s"
    tries=$((tries + 1))
    sleep 0.1
  done
  echo 'state=started'
}

# end_process FILE SECONDS: asks a process to end, waits, and kills it where it does not.
end_process() {
  signal TERM "$1"
  tries=0
  while alive "$1"; do
    if [ "$tries" -ge "$(($2 * 10))" ]; then
      signal KILL "$1"
      killed=1
    fi
    tries=$((tries + 1))
    sleep 0.1
  done
}

# stop SERVICE SECONDS: ends what `start` started, and nothing else.
stop() {
  service=$base/services/$1
  killed=
  was=no
  if alive "$service/supervisor"; then
    was=yes
    end_process "$service/supervisor" "$2"
  fi
  if alive "$service/child"; then
    was=yes
    end_process "$service/child" "$2"
  fi
  rm -f "$service/supervisor" "$service/child"
  if [ -d "$service" ]; then : >"$service/stopped"; fi
  printf 'state=%s\n' "$(if [ "$was" = no ]; then echo absent; elif [ -n "$killed" ]; then echo killed; else echo stopped; fi)"
}

note() {
  printf '{"level":"info","time":"%s","supervisor":"%s","msg":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$1" "$2" >>log
}

# What a service wrote, without the oldest of it, in its order.
lines_of() {
  cat "$1/turn" "$1/log.1" "$1/log" 2>/dev/null
}

# Moves the end of a log that is too long to log.1, in a service's folder. Its process goes on writing into the same file, which is
# emptied: lines that come between the two are lost.
trim_log() {
  [ "$(size_of log)" -gt "$log_bytes_max" ] || return 0
  lines_of . | grep -aE "$turns" | tail -n 1 >turn.new && mv turn.new turn
  rm -f log.1
  # Where the disk is full it is tried again.
  if tail -c "$log_bytes_max" log >log.1 2>/dev/null; then : >log; else rm -f log.1; fi
}

# Keeps the log of a service short while its supervisor is there.
watch_log() {
  sleeping=
  trap 'kill "$sleeping" 2>/dev/null; exit 0' TERM
  while alive supervisor; do
    sleep "$log_look" &
    sleeping=$!
    wait "$sleeping"
    trim_log
  done
}

# supervise SERVICE: runs a service's command, and again whenever it fails, until it is told to end.
supervise() {
  cd "$base/services/$1" || exit 1
  stopping=
  child=
  trap '' HUP
  trap 'stopping=1; if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; fi' TERM INT
  printf '%s %s\n' "$$" "$(start_of $$)" >supervisor.new && mv supervisor.new supervisor
  watch_log </dev/null >/dev/null 2>&1 &
  watching=$!
  pause=1
  restarts=0
  while [ -z "$stopping" ]; do
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <./command
    bundle=$(first_line bundle)
    note started "started from $bundle"
    began=$(date +%s)
    (
      while IFS= read -r line; do export "${line?}"; done <./env
      exec "$base/bundles/$bundle/rocinante" "$@"
    ) </dev/null >>log 2>&1 &
    child=$!
    printf '%s %s\n' "$child" "$(start_of "$child")" >child.new && mv child.new child
    if [ -n "$stopping" ]; then kill -TERM "$child" 2>/dev/null; fi
    # A signal to this shell ends the waiting, and not the process.
    while :; do
      wait "$child"
      code=$?
      kill -0 "$child" 2>/dev/null || break
    done
    child=
    printf '%s\n' "$code" >ended
    note ended "ended with exit code $code"
    # 0: somebody told it to end. 2: it is called wrongly, which no repetition mends.
    if [ "$code" -eq 0 ] || [ "$code" -eq 2 ]; then break; fi
    if [ "$(($(date +%s) - began))" -ge "$steady" ]; then pause=1; fi
    sleep "$pause" &
    if [ -z "$stopping" ]; then wait $!; fi
    if [ -n "$stopping" ]; then kill $! 2>/dev/null; fi
    pause=$((pause * 2))
    if [ "$pause" -gt "$pause_max" ]; then pause=$pause_max; fi
    restarts=$((restarts + 1))
    printf '%s\n' "$restarts" >restarts
  done
  kill "$watching" 2>/dev/null
  rm -f supervisor child
}

# Events after which a service is, or is not, at work: the supervisor's own, a worker's, a coordinator's.
turns='"supervisor":"(started|ended)"|"msg":"(joined the coordinator|lost the coordinator|waiting for the coordinator|the coordinator at [^"]* ended the session|coordinator is up)'

# status: every service of this host.
status() {
  for service in "$base"/services/*/; do
    [ -e "$service/bundle" ] || continue
    name=${service%/}
    printf 'service=%s\n' "${name##*/}"
    printf 'bundle=%s\n' "$(first_line "$service/bundle")"
    printf 'restarts=%s\n' "$(first_line "$service/restarts")"
    printf 'ended=%s\n' "$(first_line "$service/ended")"
    if [ -e "$service/stopped" ]; then echo 'stopped=yes'; fi
    if alive "$service/child"; then printf 'pid=%s\n' "$pid"; fi
    if alive "$service/supervisor"; then echo 'supervised=yes'; fi
    if [ -r "$service/log" ]; then
      printf 'turn=%s\n' "$(lines_of "$service" | grep -aE "$turns" | tail -n 1 | cut -c 1-4000)"
      printf 'last=%s\n' "$(lines_of "$service" | grep -av '"supervisor":' | tail -n 1 | cut -c 1-4000)"
    fi
  done
}

verb=$1
shift
# What changes services is done by one caller at a time; the lock ends with its process.
case $verb in
  start | stop | install | prune)
    exec 9>"$base/lock"
    flock -w 60 9 || fail 'another deploy ssh is at work on this host'
    "$verb" "$@"
    ;;
  facts | cards | receive | status | supervise) "$verb" "$@" ;;
  *) fail "unknown verb $verb" ;;
esac

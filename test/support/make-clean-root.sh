#!/usr/bin/env bash
# Makes a machine's root folder on which nothing was installed: Debian's smallest, with an ssh server for the tests of `deploy
# ssh`. Usage: make-clean-root.sh FOLDER. Needs root, and a Debian mirror or proxy that apt reaches.
set -euo pipefail
folder=$1
suite=bookworm
mirror=${ROCINANTE_DEBIAN_MIRROR:-http://deb.debian.org/debian}

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
debootstrap=$(type -P debootstrap || true)
if [[ -z $debootstrap ]]; then
  # Debian's package is a shell script: unpacked beside, not installed.
  (cd "$work" && apt-get download -qq debootstrap && dpkg -x debootstrap_*.deb unpacked)
  export DEBOOTSTRAP_DIR=$work/unpacked/usr/share/debootstrap
  debootstrap=$work/unpacked/usr/sbin/debootstrap
fi
mkdir -p -- "$(dirname -- "$folder")"
part=$folder.part
rm -rf -- "$part"
"$debootstrap" --variant=minbase --include=openssh-server "$suite" "$part" "$mirror"
rm -rf -- "$part"/var/cache/apt "$part"/var/lib/apt/lists "$part"/usr/share/doc "$part"/usr/share/man
mkdir -p -- "$part"/var/cache/apt "$part"/var/lib/apt/lists
rm -rf -- "$folder"
mv -- "$part" "$folder"

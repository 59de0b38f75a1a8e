#!/bin/sh
# Installs what the test cluster takes from Debian's or Ubuntu's packages, and
# only what is missing: containerd, runc, the CNI plugins, nftables, ldd, wget
# and a Postgres server. Run as root, or as a user who may use sudo.
set -eu
exec "$(dirname "$0")/../tools/system-packages" containerd runc containernetworking-plugins nftables libc-bin wget postgresql

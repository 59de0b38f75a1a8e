#!/bin/sh
# Installs what the test cluster takes from Debian's or Ubuntu's packages, and
# only what is missing: containerd, runc, the CNI plugins, nftables, iptables,
# ldd, wget and a Postgres server. Run as root, or as a user who may use sudo.
set -eu
exec "$(dirname "$0")/../tools/system-packages" containerd runc containernetworking-plugins nftables iptables libc-bin wget postgresql

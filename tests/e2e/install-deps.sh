#!/bin/sh
# Installs what the test cluster takes from Debian's or Ubuntu's packages, and
# only what is missing: containerd, runc, the CNI plugins, nftables, wget and a
# Postgres server. Run as root, or as a user who may use sudo.
set -eu

packages=""
need() { # program or file, package
	command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || packages="$packages $2"
}

PATH="$PATH:/usr/sbin:/sbin"
need containerd containerd
need runc runc
need nft nftables
need ldd libc-bin
need wget wget
[ -e /opt/cni/bin/ptp ] || need /usr/lib/cni/ptp containernetworking-plugins
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || packages="$packages postgresql"

if [ -z "$packages" ]; then
	echo "nothing to install"
	exit 0
fi

as_root=""
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null 2>&1 || { echo "install-deps.sh: run this as root:$packages are missing" >&2; exit 1; }
	as_root="sudo"
fi

# The tests start servers of their own: the package shall not start one.
case "$packages" in
*postgresql*)
	$as_root mkdir -p /etc/postgresql-common/createcluster.d
	echo "create_main_cluster = false" | $as_root tee /etc/postgresql-common/createcluster.d/coder-ha.conf >/dev/null
	;;
esac

echo "installing:$packages"
$as_root apt-get update -q
# shellcheck disable=SC2086 # one word for each package
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages

#!/usr/bin/env bash
# Builds voltaxe-agent_VERSION_ARCH.deb: the agent as one self-contained file, its units and its conffile. Needs the .NET SDK and dpkg-deb.
#
#   packaging/build-deb.sh [--output DIR] [--arch amd64|arm64] [--program FILE]
#
# --program takes an agent that was published already instead of publishing it. Prints the path of the package, alone, on standard output.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
output=$root/artifacts arch=amd64 program=

usage() { sed -n '4p' "$0" | cut -c5- >&2; exit 1; }
while [[ $# -gt 0 ]]; do
  [[ $# -ge 2 ]] || usage
  case $1 in
    --output) output=$2 ;;
    --arch) arch=$2 ;;
    --program) program=$2 ;;
    *) usage ;;
  esac
  shift 2
done
case $arch in
  amd64) runtime=linux-x64 ;;
  arm64) runtime=linux-arm64 ;;
  *) usage ;;
esac
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")
work=$(mktemp -d "${TMPDIR:-/tmp}/vtx-deb.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

if [[ -z $program ]]; then
  # Into a folder of its own: a build that runs beside this one has its own intermediate files. The code was analysed where it was
  # built and tested; doing it again takes longer than everything else here. What trimming warns of, the trimmer says itself.
  dotnet publish "$root/Voltaxe.Agent" -c Release -r "$runtime" --self-contained -p:PublishSingleFile=true -p:PublishTrimmed=true \
    -p:DebugType=none -p:RunAnalyzers=false --artifacts-path "$work/build" -o "$work/published" -v quiet >&2
  program=$work/published/Voltaxe.Agent
fi

tree=$work/tree
install -D -m 0755 "$program" "$tree/usr/lib/voltaxe/agent/Voltaxe.Agent"
install -d "$tree/usr/bin"
ln -s ../lib/voltaxe/agent/Voltaxe.Agent "$tree/usr/bin/voltaxe-agent"
install -D -m 0644 -t "$tree/usr/lib/systemd/system" "$here/voltaxe-agent.service" "$here/voltaxe-agent-rules.service"
install -D -m 0644 -t "$tree/etc/voltaxe" "$here/agent.conf"
install -D -m 0644 -t "$tree/usr/share/doc/voltaxe-agent" "$root/NOTICE" "$root/THIRD-PARTY-NOTICES.md"
install -m 0644 "$root/LICENSE" "$tree/usr/share/doc/voltaxe-agent/copyright"
install -D -m 0755 -t "$tree/DEBIAN" "$here/debian/postinst" "$here/debian/prerm" "$here/debian/postrm"
echo /etc/voltaxe/agent.conf >"$tree/DEBIAN/conffiles"
chmod 0644 "$tree/DEBIAN/conffiles"
cat >"$tree/DEBIAN/control" <<CONTROL
Package: voltaxe-agent
Version: $version
Architecture: $arch
Maintainer: Voltaxe <voltaxe@localhost>
Installed-Size: $(du -k --apparent-size -s "$tree/usr" | cut -f1)
Depends: libc6 (>= 2.31), libgcc-s1, libssl3 | libssl3t64 | libssl1.1, libstdc++6, iproute2, nftables
Recommends: conntrack
Section: admin
Priority: optional
Description: endpoint agent of Voltaxe
 Isolates this host from the network, restores it, ends processes and collects
 evidence, as its hub has signed. Does nothing before it is enrolled:
 voltaxe-agent enroll --hub URL --token T, then systemctl start voltaxe-agent.
CONTROL
chmod 0644 "$tree/DEBIAN/control"
find "$tree" -type d -exec chmod 0755 {} +
(cd "$tree" && find usr etc -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
chmod 0644 "$tree/DEBIAN/md5sums"

mkdir -p "$output"
dpkg-deb --root-owner-group --build "$tree" "$output/voltaxe-agent_${version}_$arch.deb" >&2
echo "$output/voltaxe-agent_${version}_$arch.deb"

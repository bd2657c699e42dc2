#!/usr/bin/env bash
# Installs what the build needs: Debian packages by name, and the Python packages of requirements.txt into .venv/.
# Says nothing and takes no time where all of it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  cmake ninja-build ccache g++ python3 python3-venv
  clang-22 libclang-rt-22-dev lld-22 llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools liblld-22-dev
  clang-format-22 clang-tidy-22
  qemu-user
  libprotobuf-dev protobuf-compiler nlohmann-json3-dev libgtest-dev zlib1g-dev libzstd-dev libxml2-dev
)
missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)" = "ii " ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "setup: these Debian packages are missing and need root to install: ${missing[*]}" >&2
      exit 1
    }
    as_root=(sudo)
  fi
  started=$SECONDS
  echo "setup: installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  echo "setup: packages installed in $((SECONDS - started)) s"
fi

stamp=.venv/requirements.sha256
wanted=$(sha256sum requirements.txt)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  started=$SECONDS
  echo "setup: making .venv with the packages of requirements.txt"
  python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
  echo "$wanted" >"$stamp"
  echo "setup: Python packages installed in $((SECONDS - started)) s"
fi

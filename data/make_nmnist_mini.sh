#!/bin/sh
# Makes nmnist-mini.tar.xz: 120 training and 50 test recordings of each digit, chosen by a fixed hash of their names.
# Usage: make_nmnist_mini.sh SOURCE [OUTPUT]. SOURCE holds Train/DIGIT/*.bin and Test/DIGIT/*.bin (digits 6 to 9).
# The same source gives the same archive, byte for byte, with GNU tar and the same version of xz.
set -eu
source=$1
output=$(realpath -m "${2:-$(dirname "$0")/nmnist-mini.tar.xz}")
seed=20260101

# PART COUNT: of each digit, the COUNT files whose sha256 of "seed/name" is smallest.
choose() {
  for folder in "$1"/*/; do
    for file in "$folder"*.bin; do
      printf '%s %s\n' "$(printf '%s/%s' $seed "$file" | sha256sum | cut -c1-16)" "$file"
    done | LC_ALL=C sort | head -n "$2" | cut -d' ' -f2
  done
}

cd "$source"
{ choose Train 120; choose Test 50; } | LC_ALL=C sort |
  tar --create --files-from=- --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mode=644 \
      --mtime='2026-01-01 00:00Z' | xz -9e > "$output"

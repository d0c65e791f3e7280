#!/bin/sh
# A training run killed with SIGKILL at random points ends with the same weights as one left alone.
# Usage: resume_test.sh TERN
set -u
tern=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# One word an argument, so that the program is started directly and $! is its own process id.
arguments="-q train event-conv --channels 4,8 --data nmnist-mini --max-per-class 40 --num-steps 5 --batch-size 4
  --epochs 24 --plan prune:global=0.7,cubic|quantize:w=2 --seed 3"

start=$(date +%s.%N)
# shellcheck disable=SC2086
"$tern" $arguments -o "$dir/unbroken" >/dev/null || exit 1
whole_s=$(echo "$start $(date +%s.%N)" | awk '{ print $2 - $1 }')
kills=0
seed=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
while :; do
  # shellcheck disable=SC2086
  "$tern" $arguments -o "$dir/broken" >/dev/null &
  pid=$!
  # From a fifth to three fifths of a whole run, and a little more each time, so that a slow machine gets there too.
  seed=$(((seed * 75 + 74) % 65537))
  wait_s=$(awk "BEGIN { print $whole_s * (0.15 + 0.35 * $seed / 65537 + 0.05 * $kills) }")
  sleep "$wait_s"
  if kill -9 "$pid" 2>/dev/null; then
    wait "$pid" 2>/dev/null
    [ $? = 137 ] && kills=$((kills + 1))
  fi
  wait "$pid" 2>/dev/null
  if [ -s "$dir/broken/metrics.csv" ]; then break; fi
  if [ "$kills" -gt 40 ]; then echo "FAIL: never finished"; exit 1; fi
done
[ "$kills" -ge 1 ] || { echo "FAIL: never killed, nothing was proved"; exit 1; }
# shellcheck disable=SC2086
"$tern" $arguments -o "$dir/broken" >/dev/null || exit 1
"$tern" pack "$dir/unbroken" -o "$dir/a.tern" >/dev/null || exit 1
"$tern" pack "$dir/broken" -o "$dir/b.tern" >/dev/null || exit 1
if ! cmp -s "$dir/a.tern" "$dir/b.tern"; then
  echo "FAIL: weights differ after $kills kills"
  exit 1
fi
echo "same weights after $kills kills"

#!/bin/sh
# tern graph and tern data graph as a person would type them, on a generated graph.
# Usage: graph_commands_test.sh TERN
set -u
tern=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

# expect CODE TEXT COMMAND...: the exit code, and TEXT somewhere in the output.
expect() {
  code=$1 text=$2
  shift 2
  output=$("$@" 2>&1)
  got=$?
  if [ "$got" != "$code" ]; then
    echo "FAIL: '$*' exited with $got, expected $code: $output"
    failures=$((failures + 1))
  elif ! printf '%s' "$output" | grep -qF -- "$text"; then
    echo "FAIL: '$*' did not say '$text': $output"
    failures=$((failures + 1))
  fi
}

block="--data block-model --num-nodes 600 --num-edges 6000 --num-classes 3 --num-features 16"

expect 0 "full-batch" "$tern" list procedures
expect 0 "public|full|random|none" "$tern" list graph-data-sets
expect 0 "roc-auc" "$tern" list metrics
expect 2 "subcommand is required" "$tern" graph
expect 2 "did you mean 'cora'" "$tern" graph info corra
expect 2 "ind.cora.*" "$tern" data graph cora
expect 0 "600 nodes" "$tern" graph info $block
expect 0 '"edge_homophily": 0.' "$tern" data graph $block --json
expect 0 "20 parts by" "$tern" graph partition $block --parts 20
expect 0 '"cut_fraction": 0.' "$tern" graph partition $block --parts 4 --json
expect 2 "601 parts of 600 nodes" "$tern" graph partition $block --parts 601

expect 2 "unknown procedure 'full-bach': did you mean 'full-batch'?" "$tern" graph train gcn $block --procedure full-bach
expect 2 "has no parameters" "$tern" graph train gcn $block --set parts=3
expect 2 "micro-f1" "$tern" graph train gcn $block --metric f1
expect 2 "is of two classes" "$tern" graph train gcn $block --metric roc-auc

# Three seeds: a folder each, the same figures when the same command is given again.
train="$tern -q --threads 1 graph train gcn $block --epochs 30 --seeds 3"
expect 0 "selected by validation" $train -o "$dir/run"
for seed in 1 2 3; do
  [ -s "$dir/run/seed-$seed/checkpoint.safetensors" ] && [ -s "$dir/run/seed-$seed/metrics.csv" ] || {
    echo "FAIL: seed $seed left no checkpoint or metrics"
    failures=$((failures + 1))
  }
done
cp "$dir/run/seed-2/checkpoint.safetensors" "$dir/before.safetensors"
expect 0 '"seeds_per_run"' sh -c "$train -o $dir/run --json | sed 's/\"seeds\"/\"seeds_per_run\"/'"
cmp -s "$dir/before.safetensors" "$dir/run/seed-2/checkpoint.safetensors" || {
  echo "FAIL: a finished run was changed by the same command"
  failures=$((failures + 1))
}
expect 2 "other settings" $train --learning-rate 0.5 -o "$dir/run"
expect 0 "linear1" "$tern" show "$dir/run/seed-1"

# A trained network is compressed, and packed.
expect 0 "test" "$tern" -q --threads 1 graph train "$dir/run" $block --epochs 10 --plan "prune:global=0.5" -o "$dir/pruned"
expect 2 "must not be the model's own" "$tern" graph train "$dir/run" $block -o "$dir/run"
expect 0 "times smaller" "$tern" pack "$dir/pruned" -o "$dir/pruned.tern"

# Layer by layer, and the figures that ends of layers are chosen by.
expect 0 "of its best" "$tern" -q --threads 1 graph train l-gcn $block --train-fraction 0.6 --procedure l-gcn --patience 3 --epochs 20
expect 0 "2 epochs" "$tern" --threads 1 graph train l-gcn $block --procedure l2-gcn --epochs 2 --set stopping=plateau --set plateau-relative=0.1 --set plateau-decisions=1 --json
expect 0 "the controller was trained" "$tern" -q --threads 1 graph train l-gcn $block --procedure l2-gcn --epochs 6 --set decide-every=2 --set rounds=2 --set epoch-cost=0.1 --set entropy=0 --set deployment=mean --set sample-nodes=50 --json
expect 2 "deployment" "$tern" -q graph train l-gcn $block --procedure l2-gcn --set deployment=best

# Two processes train the model of one: layer by layer, and in clusters of their own.
two() {
  code=$1 text=$2 folder=$3
  shift 3
  port=$((20000 + $$ % 20000 + failures))
  RANK=1 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$port TERN_TIMEOUT_S=60 "$@" -o "$folder" >"$dir/rank-1.log" 2>&1 &
  other=$!
  expect "$code" "$text" env RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$port TERN_TIMEOUT_S=60 "$@" -o "$folder"
  wait "$other" || [ "$code" != 0 ] || {
    echo "FAIL: the second process failed: $(cat "$dir/rank-1.log")"
    failures=$((failures + 1))
  }
}
same_test() {
  one=$(sed -n 's/^  "validation": //p; s/^    "mean": //p' "$1/results.json" | head -2)
  both=$(sed -n 's/^  "validation": //p; s/^    "mean": //p' "$2/results.json" | head -2)
  [ "$one" = "$both" ] || {
    echo "FAIL: one process reached $one, two $both"
    failures=$((failures + 1))
  }
}
layers="$tern -q --threads 1 graph train l-gcn $block --procedure l-gcn --epochs 5 --batch-size 16"
expect 0 "validation" $layers -o "$dir/layers-1"
two 0 "validation" "$dir/layers-2" $layers
same_test "$dir/layers-1" "$dir/layers-2"
clusters="$tern -q --threads 1 graph train gcn $block --procedure cluster-gcn --epochs 5 --dropout 0 --set parts=6 --set batch-clusters=2 --set blocks=2"
expect 0 "validation" $clusters -o "$dir/clusters-1"
two 0 "validation" "$dir/clusters-2" $clusters
same_test "$dir/clusters-1" "$dir/clusters-2"
two 0 "validation" "$dir/planned" "$tern" -q --threads 1 graph train gcn $block --epochs 5 --plan "quantize:w=4,a=4"
two 2 "leave blocks at 1" "$dir/refused" $clusters --plan "quantize:w=4"

[ "$failures" = 0 ]

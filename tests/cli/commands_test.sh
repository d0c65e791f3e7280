#!/bin/sh
# Every command as a person would type it: what it prints, how it fails.
# Usage: commands_test.sh TERN SOURCE_DIR
set -u
tern=$1
source=$2
dir=$(mktemp -d)
export TERN_CACHE=off  # nothing in the caller's home
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

cd "$source" || exit 1
expect 2 "subcommand is required" "$tern"
expect 0 "0." "$tern" --version
expect 0 "Examples" "$tern" study --help
expect 0 "duq" "$tern" list quantizers
expect 0 '"name": "tcja"' "$tern" list --json
expect 2 "did you mean 'quantizers'?" "$tern" list quantisers
expect 0 "total (1831296 weights)" "$tern" show tcja
expect 2 "did you mean 'tcja'?" "$tern" show tjca
expect 0 '"weights": 1831296' "$tern" cost tcja --hardware hardware/eyeriss-snn.yaml --profile hardware/profiles/tcja-ternary.yaml --json
expect 1 "No such file" "$tern" cost tcja --hardware missing.yaml
expect 0 "nmnist-mini" "$tern" data --data nmnist-mini
expect 2 "did you mean 'nmnist'?" "$tern" data --data nmnst

printf '' >"$dir/empty.bin"
expect 1 "empty.bin" "$tern" data "$dir/empty.bin"
printf '1234567' >"$dir/torn.bin"
expect 1 "torn.bin" "$tern" data "$dir/torn.bin"
printf 'not events' >"$dir/other.xyz"
expect 1 "other.xyz" "$tern" data "$dir/other.xyz"
mkdir -p "$dir/set/Train/6" "$dir/set/Test/x"
expect 1 "tern: " "$tern" data --data nmnist --path "$dir/set"

expect 2 "did you mean 'prune'?" "$tern" train nmnist-conv --data nmnist-mini --plan 'prun:global=0.5' -o "$dir/run"
expect 0 "test" "$tern" -q train event-conv --channels 4,8 --data nmnist-mini --max-per-class 12 --num-steps 4 --epochs 2 -o "$dir/run"
expect 0 "epoch,train_loss" cat "$dir/run/metrics.csv"
expect 0 "conv1.weight" "$tern" -q compress "$dir/run" --plan 'prune:global=0.5 + quantize:w=2' --data nmnist-mini --max-per-class 12 --num-steps 4 --epochs 2 -o "$dir/small"
expect 0 "times smaller" "$tern" pack "$dir/small" -o "$dir/small.tern"
expect 0 "0 of" "$tern" -q run "$dir/small.tern" --data nmnist-mini --num-steps 4 --compare "$dir/small/checkpoint.safetensors"
expect 0 "energy" "$tern" -q cost "$dir/small.tern" --hardware hardware/edge-mcu.yaml --activity 0.1
expect 0 "latency of one sample" "$tern" bench "$dir/small.tern" --seconds 0.1
expect 0 '"samples_per_second"' "$tern" --json bench "$dir/small.tern" --seconds 0.1
expect 2 "not in {identity,dense" "$tern" bench "$dir/small.tern" --kernel fastest
expect 0 "0 of 4 predictions differ" "$tern" -q diff "$dir/small" "$dir/small.tern" --data nmnist-mini --num-steps 4 --samples 4
expect 2 "has no weights to run" "$tern" diff tcja "$dir/small.tern"
expect 0 "operations" "$tern" import fuzz/corpus/onnx/small-qdq -o "$dir/imported.tern"
expect 0 "written" "$tern" export "$dir/imported.tern" --to onnx -o "$dir/exported.onnx"
expect 0 "predictions differ" "$tern" diff "$dir/imported.tern" "$dir/imported.tern"
expect 1 "torn.bin" "$tern" import "$dir/torn.bin" -o "$dir/none.tern"

# Files instead of a data set; the imported model takes [2, 3, 3].
head -c 144 /dev/zero >"$dir/two.f32"
expect 0 "two.f32       1" "$tern" run "$dir/imported.tern" "$dir/two.f32"
expect 0 '"sample":1,"class":' "$tern" --json run "$dir/imported.tern" "$dir/two.f32"
printf 'P6 2 1 255\n123456' >"$dir/small.ppm"
expect 2 "the model takes [2, 3, 3], the file has [3, 1, 2]" "$tern" run "$dir/imported.tern" "$dir/small.ppm"
expect 2 "no multiple of the 72 of a sample" "$tern" run "$dir/imported.tern" "$dir/torn.bin"
expect 1 "expected a JPEG" "$tern" run "$dir/imported.tern" "$dir/other.xyz"
expect 1 "No such file" "$tern" run "$dir/imported.tern" "$dir/missing.npy"
expect 2 "excludes" "$tern" run "$dir/imported.tern" "$dir/two.f32" --data nmnist-mini
expect 0 "2 steps were measured now" env TERN_CACHE="$dir/cache" "$tern" bench "$dir/imported.tern" --seconds 0.1 --candidates
expect 0 "0 steps were measured now; others are kept in $dir/cache" env TERN_CACHE="$dir/cache" "$tern" bench "$dir/imported.tern" --seconds 0.1 --candidates
few="--data nmnist-mini --max-per-class 12 --num-steps 4"
expect 0 "points lost" "$tern" -q sensitivity "$dir/run" $few --samples 12
expect 2 "quantized already" "$tern" -q sensitivity "$dir/small" $few
expect 0 "SNR dB" "$tern" -q compress "$dir/run" --plan 'fold:spiking | quantize:w=4,affine,untrained | posttrain:adaround,iterations=20' $few --explain
expect 0 "4     " "$tern" -q compress "$dir/run" --plan 'fold:spiking | quantize:w=4,affine,untrained | posttrain:bias-correction' $few --epochs 0 -o "$dir/ptq"
expect 2 "did you mean 'conv1'?" "$tern" compress "$dir/run" --plan 'prune:global=0.5,only=conv11' $few -o "$dir/none"
expect 2 "name a run folder" "$tern" compress "$dir/run" --plan 'prune:global=0.5' $few
for kind in quantizers calibrators post-training criteria schedules growth factorizations steps; do
  expect 0 "$kind" "$tern" list "$kind"
done
head -c 200 "$dir/small.tern" >"$dir/torn.tern"
expect 1 "torn.tern" "$tern" run "$dir/torn.tern" --data nmnist-mini
expect 2 "did you mean 'train'?" "$tern" study studies/demo.yaml --set tran.epochs=3
expect 0 "joint/w2/s0.9/seed1" "$tern" study studies/demo.yaml --dry-run

[ "$failures" = 0 ] && echo "all commands behave"
exit "$failures"

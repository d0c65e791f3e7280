#!/bin/sh
# Fails on an inclusion that points up or sideways in the house, and on torch below its floor.
# Usage: layering.sh PROJECT_ROOT
set -u
cd "$1/src" || exit 2
bad=0

# folder: the folders it may include besides itself
allowed() {
  case $1 in
    base) echo "" ;;
    net | kernels | graph) echo "base" ;;
    pack | zoo) echo "base net" ;;
    formats) echo "base net graph pack" ;;
    engine) echo "base net kernels graph pack" ;;
    cost) echo "base net" ;;
    report) echo "base net" ;;
    data) echo "base net graph pack formats" ;;
    learn) echo "base net kernels graph pack" ;;
    compress) echo "base net kernels graph pack cost learn" ;;
    train) echo "base net kernels graph pack formats cost data learn compress" ;;
    search) echo "base net kernels graph pack formats data cost learn compress train report" ;;
    study) echo "base net kernels graph zoo pack formats engine cost data learn compress train search report" ;;
    cli) echo "base net kernels graph zoo pack formats engine cost data learn compress train search study report" ;;
    *) echo "unknown" ;;
  esac
}

for folder in */; do
  folder=${folder%/}
  may="$folder $(allowed "$folder")"
  case $may in *unknown*) echo "src/$folder is not a room of the house: add it to tests/layering.sh"; bad=1; continue ;; esac
  for line in $(grep -rhoE '^#include "[a-z_]+/' "$folder" | sed 's/#include "//; s,/$,,' | sort -u); do
    [ -d "$line" ] || continue
    case " $may " in
      *" $line "*) ;;
      *) echo "src/$folder includes $line/, which it may not:"; grep -rnE "^#include \"$line/" "$folder" | head -3; bad=1 ;;
    esac
  done
done

for folder in base net kernels graph pack formats zoo cost engine data report; do
  [ -d "$folder" ] || continue
  if grep -rnE '#include *[<"](torch|ATen|c10)/' "$folder"; then echo "src/$folder includes torch"; bad=1; fi
done
exit $bad

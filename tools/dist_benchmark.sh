#!/usr/bin/env bash
# tools/dist_benchmark.sh CHECKPOINT GPUS [arguments of benchmark.py]
exec "$(dirname "$0")/dist_run.sh" benchmark.py "${2:?usage: dist_benchmark.sh CHECKPOINT GPUS [...]}" "$1" "${@:3}"

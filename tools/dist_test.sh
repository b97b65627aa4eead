#!/usr/bin/env bash
# tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]
exec "$(dirname "$0")/dist_run.sh" test.py "${3:?usage: dist_test.sh CONFIG CHECKPOINT GPUS [...]}" "$1" "$2" "${@:4}"

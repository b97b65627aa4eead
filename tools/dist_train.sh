#!/usr/bin/env bash
# tools/dist_train.sh CONFIG GPUS [--max-restarts K] [arguments of train.py]
# One process a GPU; without a GPU the processes run on the CPU. Several machines: set NNODES,
# NODE_RANK, MASTER_ADDR and PORT on each. On one machine a free port is chosen.
exec "$(dirname "$0")/dist_run.sh" train.py "${2:?usage: dist_train.sh CONFIG GPUS [...]}" "$1" "${@:3}"

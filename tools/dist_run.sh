#!/usr/bin/env bash
# dist_run.sh TOOL PROCESSES [arguments]: what dist_train.sh and dist_test.sh share.
set -eu
tools=$(dirname "$0") tool=$1 processes=$2
shift 2
# torchrun would give each process one thread; share the cores instead.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((($(nproc) + processes - 1) / processes))}
exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes "${NNODES:-1}" --node_rank "${NODE_RANK:-0}" --nproc_per_node "$processes" \
  --master_addr "${MASTER_ADDR:-127.0.0.1}" --master_port "${PORT:-29500}" \
  "$tools/$tool" "$@" --launcher pytorch

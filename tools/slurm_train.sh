#!/usr/bin/env bash
# [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=8] [SRUN_ARGS=...] tools/slurm_train.sh PARTITION JOB_NAME CONFIG [arguments of train.py]
set -eu
: "${3:?usage: slurm_train.sh PARTITION JOB_NAME CONFIG [...]}"
partition=$1 job=$2 config=$3
shift 3
per_node=${GPUS_PER_NODE:-8}
# shellcheck disable=SC2086 (SRUN_ARGS is meant to split)
exec srun -p "$partition" --job-name="$job" --gres="gpu:$per_node" --ntasks="${GPUS:-8}" \
  --ntasks-per-node="$per_node" --cpus-per-task="${CPUS_PER_TASK:-8}" --kill-on-bad-exit=1 \
  ${SRUN_ARGS:-} python -u "$(dirname "$0")/train.py" "$config" --launcher slurm "$@"

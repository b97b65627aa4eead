#!/usr/bin/env bash
# [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=8] [SRUN_ARGS=...] tools/slurm_train.sh PARTITION JOB_NAME CONFIG [arguments of train.py]
# Two minutes before the time limit Slurm warns the training, which leaves with a checkpoint. With
# --requeue the job is a batch job, which is then queued again and resumes by itself.
set -eu
: "${3:?usage: slurm_train.sh PARTITION JOB_NAME CONFIG [...]}"
partition=$1 job=$2 config=$3
shift 3
per_node=${GPUS_PER_NODE:-8} cpus=${CPUS_PER_TASK:-8}
# shellcheck disable=SC2206 # SRUN_ARGS is meant to split
allocation=(-p "$partition" --job-name="$job" --gres="gpu:$per_node" --ntasks="${GPUS:-8}"
  --ntasks-per-node="$per_node" --cpus-per-task="$cpus" --signal=USR1@120 ${SRUN_ARGS:-})
train=(python -u "$(dirname "$0")/train.py" "$config" --launcher slurm "$@")
case " $* " in
  *' --requeue '*) ;;
  *) exec srun "${allocation[@]}" --kill-on-bad-exit=1 "${train[@]}" ;;
esac
# srun in a batch job takes the allocation from it, but for the cores of a task.
exec sbatch "${allocation[@]}" --requeue --open-mode=append <<END
#!/usr/bin/env bash
exec srun --kill-on-bad-exit=1 --cpus-per-task="$cpus"$(printf ' %q' "${train[@]}")
END

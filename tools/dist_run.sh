#!/usr/bin/env bash
# dist_run.sh TOOL PROCESSES [--max-restarts K] [arguments]: what dist_train.sh and dist_test.sh share.
# Processes that crash are started again up to K times; a training goes on from its last checkpoint.
set -eu
tools=$(dirname "$0") tool=$1 processes=$2 restarts=0 arguments=()
shift 2
while [ $# -gt 0 ]; do
  case $1 in
    --max-restarts) restarts=${2:?--max-restarts takes a number} && shift ;;
    --max-restarts=*) restarts=${1#*=} ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN) # macOS has the second only
# torchrun would give each process one thread; share the cores instead.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$(((cores + processes - 1) / processes))}
python=${PYTHON:-python} port=${PORT:-${MASTER_PORT:-}}
if [ "${NNODES:-1}" = 1 ] && [ -z "$port" ]; then
  where=(--standalone)  # torchrun chooses a free port, so that runs do not meet
else
  port=${port:-29500}
  where=(--nnodes "${NNODES:-1}" --node_rank "${NODE_RANK:-0}"
    --master_addr "${MASTER_ADDR:-127.0.0.1}" --master_port "$port")
  if [ "${NODE_RANK:-0}" = 0 ] && ! "$python" - "$port" 2>/dev/null <<'END'
import socket, sys
with socket.socket() as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(('', int(sys.argv[1])))
END
  then
    echo "error: port $port is in use, perhaps by another run: set PORT to a free one." >&2
    exit 2
  fi
fi
exec "$python" -m mmbarlow.launcher "${where[@]}" --nproc_per_node "$processes" \
  --max_restarts "$restarts" "$tools/$tool" ${arguments[@]+"${arguments[@]}"} --launcher pytorch

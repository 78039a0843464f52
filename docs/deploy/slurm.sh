#!/usr/bin/env bash
# One run on the nodes of a Slurm allocation: a Ray head on the first, a worker on every other.
#   sbatch docs/deploy/slurm.sh configs/demo.toml
# The checkout, its .venv and the run folder must lie on a file system that all nodes see.
#SBATCH --job-name=coevolve
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=24:00:00
# With GPUs, and --set resources.model_gpus=1 behind the configuration:
##SBATCH --gpus-per-node=4
##SBATCH --mem=0
# Slurm warns two minutes before the end; the run then stops cleanly, and the same line goes on.
#SBATCH --signal=B:TERM@120
set -euo pipefail

config="${1:?name a configuration, for example configs/demo.toml}"
shift
cd "${SLURM_SUBMIT_DIR:-$PWD}"
export PATH="$PWD/.venv/bin:$PATH"
port="${RAY_PORT:-6379}"
cpus="${SLURM_CPUS_PER_TASK:-1}"

nodes=($(scontrol show hostnames "$SLURM_JOB_NODELIST"))
head="${nodes[0]}"
start() { # start NODE OPTION...
    local node="$1"
    shift
    srun --overlap --nodes=1 --ntasks=1 --cpus-per-task="$cpus" --nodelist="$node" \
        ray start --block --disable-usage-stats --num-cpus="$cpus" "$@" &
}

start "$head" --head --node-ip-address="$head" --port="$port"
export RAY_ADDRESS="$head:$port"
for _ in $(seq 60); do
    ray status --address="$RAY_ADDRESS" >/dev/null 2>&1 && break
    sleep 2
done
for node in "${nodes[@]:1}"; do
    start "$node" --address="$RAY_ADDRESS"
done

coevolve run "$config" "$@" &
run=$!
trap 'kill -TERM $run 2>/dev/null || true' TERM
code=0
wait $run || code=$?
while kill -0 $run 2>/dev/null; do # the signal ended `wait`, and the run is still cleaning up
    code=0
    wait $run || code=$?
done
trap '' TERM
srun --overlap --ntasks-per-node=1 ray stop >/dev/null 2>&1 || true
exit $code

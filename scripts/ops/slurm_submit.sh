#!/usr/bin/env bash
# Submits a sample sheet as a Slurm array into a bank on a shared disk, and the job that collects the
# receipts:
#
#   slurm_submit.sh [-n PARTS] [-c AT_ONCE] [-w HOST | -x] BANK SHEET [SBATCH OPTIONS for the array ...]
#   slurm_submit.sh -n 200 -c 16 /data/bank /data/sheets/run7.csv --partition=long --mem=16G
#
#   -n PARTS    tasks of the array; default: one for each item, at most 100
#   -c AT_ONCE  tasks at once; default 8. A disk that many nodes share is soon the narrow place
#   -w HOST     the node that collects. Only one host may write the catalogue, since SQLite does not work
#               over a network: name the one where `vial nightly` runs
#   -x          no collecting job: for when that host is no node. Have it run `vial collect -b BANK` itself
#
# The sheet is checked first; one with errors ends with 65 and nothing is submitted. Prints the ids of the
# jobs. The array is described in slurm_array.sh.
set -euo pipefail
usage() { sed -n '5,6s/^# *//p' "$0" >&2; exit 64; }

parts='' at_once=8 host=() collect=yes
while getopts n:c:w:x option; do
    case $option in
    n) parts=$OPTARG ;;
    c) at_once=$OPTARG ;;
    w) host=("--nodelist=$OPTARG") ;;
    x) collect=no ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || usage
BANK=$(realpath -es -- "$1")
SHEET=$(realpath -es -- "$2")
shift 2
here=$(dirname "$(realpath -- "$0")")
export BANK SHEET VIAL="${VIAL:-vial}"

said=$("$VIAL" ingest -b "$BANK" --sheet "$SHEET" --check 2>&1) || {
    code=$?
    printf '%s\n' "$said" >&2
    exit $code
}
if [ -z "$parts" ]; then
    items=$(printf '%s\n' "$said" | sed -nE 's/.*: ([0-9]+) items, .*/\1/p')
    parts=$((${items:-100} < 100 ? ${items:-100} : 100))
fi
[[ $parts =~ ^[1-9][0-9]*$ && $at_once =~ ^[1-9][0-9]*$ ]] || usage
unset PARTS # slurm_array.sh counts the tasks itself

# --parsable prints JOBID or JOBID;CLUSTER
array=$(sbatch --parsable --export=ALL --array="1-$parts%$at_once" "$@" "$here/slurm_array.sh")
array=${array%%;*}
echo "array $array: $parts tasks"
if [ "$collect" = no ]; then exit 0; fi
# shellcheck disable=SC2016 # the job's shell fills in the names
job=$(sbatch --parsable --export=ALL --dependency="afterany:$array" --job-name=vial-collect \
    --cpus-per-task=1 --mem=1G --time=4:00:00 --requeue --open-mode=append \
    --output=vial-%j-collect.log ${host[@]+"${host[@]}"} \
    --wrap 'exec "$VIAL" collect -b "$BANK"')
echo "collect ${job%%;*}: after the last task"

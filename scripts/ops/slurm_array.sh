#!/usr/bin/env bash
# One part of a sample sheet as one task of a Slurm array, into a bank on a shared disk. slurm_submit.sh
# submits it together with the collecting job that must follow; by hand:
#
#   export BANK=/data/bank SHEET=/data/sheets/run7.csv
#   sbatch --array=1-100%8 slurm_array.sh
#   sbatch --dependency=afterany:JOBID --wrap 'exec vial collect -b "$BANK"'
#
# Parts. Task i of M takes the items i, i+M, i+2M ... of the sheet. Slurm's numbers are mapped to 1 to M by
# SLURM_ARRAY_TASK_MIN and _COUNT, so --array=0-99 does as well as --array=1-100. To repeat a few tasks of an
# array, say how many parts there are in all, since _COUNT is then the number of the few:
# PARTS=100 sbatch --array=3,17 ... Give each task a minute of work or more: Slurm itself takes a second for
# each. Slurm allows 1000 tasks unless its MaxArraySize says otherwise.
#
# Again. A task may be killed at any time and run again, by Slurm (node failure, preemption), by
# `scontrol requeue`, or by hand: what it had published is found unchanged, what was half done is cleared and
# done anew. It writes no catalogue but a receipt in BANK/receipts; `vial collect` takes each receipt once.
#
# Exit codes, as squeue and sacct show them:
#   0:0    all items of the part are in the bank
#   65:0   some were refused: BANK/quarantine says which and why. The rest of the part is in the bank; to run
#          it again does not help before somebody has looked
#   75:0   try again: told to stop, or a lock was held. Run it again; `RequeueExit=75` in slurm.conf does so
#          by itself
#   74:0   the disk: full, or failing
#   0:9    killed: by the memory limit, the time limit, or an operator. Run it again, with more of either
# Any code but 0 is FAILED to Slurm. Hence `afterany` for the collecting job, never `afterok`: receipts of the
# good items are to be taken also when one item of a thousand was refused.
#
# Disk. Tasks exclude each other by flock(), which must hold between nodes: NFS 4, GPFS, CephFS, BeeGFS with
# tuneUseGlobalFileLocks, Lustre mounted with `flock` and not with `localflock`.
#
#SBATCH --job-name=vial
#SBATCH --array=1-100%8
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=vial-%A_%a.log
# Five minutes before the time is up: finish the items at work, begin no other, end with 75. --time must be
# well above.
#SBATCH --signal=B:INT@300
set -euo pipefail

: "${BANK:?the folder of the bank}" "${SHEET:?the sample sheet}"
: "${SLURM_ARRAY_TASK_ID:?runs as a task of an array: sbatch --array=1-100 ...}"
if [ -n "${PARTS:-}" ]; then
    part=$SLURM_ARRAY_TASK_ID parts=$PARTS
else
    part=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN + 1)) parts=$SLURM_ARRAY_TASK_COUNT
    if [ $((SLURM_ARRAY_TASK_MAX - SLURM_ARRAY_TASK_MIN + 1)) -ne "$parts" ]; then
        echo "slurm_array.sh: the tasks are not in a row: say with PARTS=M how many parts the sheet has" >&2
        exit 64
    fi
fi
# Items are refused with a message, rather than the task killed, when they need more memory than Slurm gave.
memory=()
if [ "${SLURM_MEM_PER_NODE:-0}" -gt 0 ]; then memory=(--max-memory "$((SLURM_MEM_PER_NODE * 3 / 4))M"); fi

# An image of a process could hold people's data.
ulimit -c 0
# exec: signals reach vial, and its exit code is the task's.
exec "${VIAL:-vial}" ingest -b "$BANK" --sheet "$SHEET" --task "$part/$parts" -@ "${SLURM_CPUS_PER_TASK:-1}" \
    ${memory[@]+"${memory[@]}"} -q

/*
 * What an intake would do with each item, found out without doing it: records, ledger and catalogue are
 * asked, nothing is written or locked. A file is read only where its size is that of one it may equal, as an
 * input of the same acquisition, of another sample in the bank or of an item before it; else its first bytes
 * are looked at. So what is wrong further on in a file is for the intake to find.
 */
#ifndef VL_FORESEE_H
#define VL_FORESEE_H

#include "pipeline/bank/intake/intake.h"

typedef struct vl_foreseen {
    uint64_t n, fresh, unchanged, corrected, healed, superseded, refused;
} vl_foreseen;

/*
 * An array with an object for each item, in their order; the caller owns it. NULL: err is set. Of ask, those
 * members count that say what is taken in; without a catalogue, failed checks and bytes of other samples in
 * the bank are not known.
 *
 *   { "line": 2, "sample": "S1", "acquisition": "L001", "inputs": ["/seq/S1.fastq.gz"],
 *     "state": "new", "unchanged", "corrected" (its data is unchanged), "healed" (its store is not whole and
 *     would be made again) or "superseded";
 *              of a refused one the reason (reason.h): "conflict", "withdrawn", "same_data", "missing" ...
 *     "refused": false, "message": "...",            only of a refused one
 *     "changes": [ {"of": "sample" or "acquisition", "name": "donor", "from": "D1", "to": "D2"} ] }
 *
 * Changes are those of what the bank knows already; from or to is null for what was not there or is cleared.
 */
json_t *vl_foresee(const vl_intake *ask, vl_foreseen *sum, vl_err *err);

#endif

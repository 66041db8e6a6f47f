/* Ingest: inputs -> one verified store. */
#ifndef VL_INGEST_H
#define VL_INGEST_H

#include "formats/option.h"
#include "pipeline/in/describe_inputs.h"
#include "pipeline/io/inputs.h"
#include "pipeline/run/progress.h"
#include "pipeline/store/store.h"

typedef struct vl_ingest {
    const vl_inputs *inputs; /* borrowed */
    const char *store;       /* to be made */
    const char *sample;      /* "" if unknown */
    const char *acquisition; /* "" if unknown */
    const char *format;      /* NULL: found out from the content */
    const char *reference;   /* FASTA that bases are coded by; NULL: none */
    const char *sites;       /* list of sites, letters upon which are counted (io/sites.h); NULL: none */
    vl_profile profile;
    vl_originals_when originals;
    int threads;
    uint64_t max_memory; /* bytes; 0: no limit */
    bool force, stats;
    const vl_given *given; /* options of formats; NULL: none */
    bool mates_as_given;   /* whatever mates say of which of them is first */
    bool same_data;        /* the same bytes may come in twice */
    bool salvage;          /* of a damaged input the whole records before the damage are taken (salvage.h) */
    /* Asked of every input that holds text, when all was read and nothing is sealed; sets err to refuse.
     * NULL: nobody is. */
    vl_code (*data)(void *who, const char *path, const uint8_t sha256[32], vl_err *err);
    void *who;
    bool staged;     /* the store gets its last name from the caller, who syncs the folder then */
    bool any_format; /* options of another format than the input's are passed over: one of many inputs */
    vl_progress_how progress;
} vl_ingest;

/* What came of it, for the summary. */
typedef struct vl_ingested {
    const char *kind, *row_name; /* words of the kind; static */
    uint64_t rows, units;        /* units: bases or peaks */
    const char *unit_name;
    uint64_t bytes_in, text_bytes, bytes_store;
    double seconds;
    char digest[65];
    struct {
        char name[40], text[88];
    } odd[VL_MAX_COUNTER + 8]; /* odd but legal things met */
    int nodd;
    char hint[160];     /* legal, and most likely a slip of the hand; "" if there is none */
    char salvaged[200]; /* the damage that the input was taken up to; "" if it is whole */
} vl_ingested;

vl_code vl_ingest_run(const vl_ingest *ask, vl_ingested *done, vl_err *err);

#endif

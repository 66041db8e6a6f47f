/* What `vial ingest` does with a bank (into_bank.c), and names of samples where a store is asked for. */
#ifndef VL_INTO_BANK_H
#define VL_INTO_BANK_H

#include "pipeline/bank/bank.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/progress.h"

typedef struct vl_into_bank {
    const char *bank;  /* NULL: VIAL_BANK */
    const char *sheet; /* or sample and files */
    const char *sample, *acquisition, *profile;
    char **file;
    int nfile;
    const char *task; /* "N/M" or NULL */
    int jobs, threads;
    uint64_t max_memory;
    const char *reference;                       /* FASTA; NULL: none */
    const char *sites;                           /* a list of sites; NULL: the bank's */
    const char *originals;                       /* a word of --original; NULL: the bank's */
    bool check, json, supersede, correct, quiet; /* json: of check */
    bool mates_as_given, same_data;
    const vl_given *given; /* options of formats */
    vl_progress_how progress;
} vl_into_bank;

int vl_ingest_into_bank(const vl_command *me, const vl_into_bank *ask);

/* Is `name` one of a bank: with a bank (option, or VIAL_BANK when there is no file of that name)? */
bool vl_names_in_bank(const char *bank, const char *name);
/* The path of a store: `name` itself, or the store that SAMPLE or SAMPLE/ACQUISITION names in the bank. */
vl_code vl_name_store(const char *bank, const char *name, char path[VL_BANK_PATH], vl_err *err);

/* "3/8": part 3 of 8. */
bool vl_parse_part(const char *text, int *part, int *parts);

#endif

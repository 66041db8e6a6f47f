/* vial ls: which stores a bank holds. */
#include "pipeline/bank/catalog/listing.h"
#include "pipeline/cmd/opt.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

static int run(const vl_command *me, int argc, char **argv)
{
    const char *where = NULL, *root = NULL;
    bool json = false, tsv = false, paths = false;
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &root, "BANK", "the bank; default: environment VIAL_BANK" },
        { 0, "where", VL_OPT_TEXT, &where, "EXPR", "only stores for which this holds" },
        { 0, "json", VL_OPT_FLAG, &json, NULL,
          "one JSON object a line, with donor, times, path, facts, measures" },
        { 0, "tsv", VL_OPT_FLAG, &tsv, NULL,
          "tab-separated, with a header line; sizes in bytes; control bytes as \\t \\n \\xHH" },
        { 0, "paths", VL_OPT_FLAG, &paths, NULL, "where each store lies: for h5py, R, or a copy" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (argc - rest > 1) return vl_usage(me, "one sample at a time; --where can name several");
    if (json && tsv) return vl_usage(me, "--json or --tsv, not both");
    vl_err err = VL_ERR_INIT;
    vl_bank bank = { 0 };
    vl_catalog *c = NULL;
    uint64_t n = 0;
    const vl_list_ask ask = { .bank = &bank,
                              .sample = rest < argc ? argv[rest] : NULL,
                              .expr = where,
                              .as = json  ? VL_LIST_JSON
                                    : tsv ? VL_LIST_TSV
                                          : VL_LIST_TEXT,
                              .paths = paths,
                              .narrow = isatty(STDOUT_FILENO) };
    if (!vl_bank_open(&bank, root, &err) && !vl_catalog_open(&c, &bank, false, &err))
        vl_list(c, &ask, stdout, &n, &err);
    vl_catalog_close(c);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_ls = {
    "ls", "[-b BANK] [--where EXPR] [--json | --tsv] [--paths] [SAMPLE]",
    "lists the stores of a bank, or of one sample",
    "EXPR compares sample, donor, acquisition, kind, profile, rows, bytes, bytes_in, digest, published, "
    "verified,\n"
    "state, a measure of quality (q30, adapter; 'vial help qc' lists them), or any fact that a sheet gave, "
    "with a number\n"
    "or 'text' by = != < <= > >=, LIKE with % and _, IN (...), IS NULL, IS NOT NULL; tests are joined by "
    "AND, OR, NOT and\n"
    "parentheses. A fact is named as 'vial info' shows it, or in [] or \"\" as a sheet titles its column: "
    "organism_part,\n"
    "[Organism part] and [characteristics[organism part]] are one; one that is named like a measure hides "
    "it. A name that\n"
    "nothing in the bank has is a mistake. A fact that a sample does not have, or a measure that is not "
    "known, passes no\n"
    "test but IS NULL. Times are seconds since 1970 or '2026-11-22', '2026-11-22T08:30:00Z'; verified is the "
    "last check,\n"
    "unless it failed. Samples that were withdrawn are never listed, superseded stores only when EXPR asks "
    "for the state.\n"
    "A terminal gets the start of the digest, all other outputs the whole. The exit code is 0 also when "
    "nothing matches.\n"
    "\n"
    "  vial ls -b /bank S0042                                    all stores of a sample\n"
    "  vial ls -b /bank S0042 --paths                            where they lie\n"
    "  vial ls -b /bank --where \"specimen_type = 'DNA' AND rows > 1000\"\n"
    "  vial ls -b /bank --where \"age_at_event >= 40 AND NOT (anatomical_site IN ('liver', 'lung'))\"\n"
    "  vial ls -b /bank --where \"published >= '2026-11-01' AND rows < 1000000\" --tsv\n"
    "  vial ls -b /bank --where \"q30 < 80 OR adapter > 5\"\n"
    "  vial ls -b /bank --where \"consent IS NULL OR verified IS NULL\" --json\n",
    run
};

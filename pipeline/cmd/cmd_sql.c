/* vial sql: a question of one's own to the catalogue. */
#include "pipeline/bank/catalog/listing.h"
#include "pipeline/cmd/opt.h"

#include <stdio.h>
#include <sysexits.h>

static int run(const vl_command *me, int argc, char **argv)
{
    const char *root = NULL;
    bool json = false, tsv = false;
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &root, "BANK", "the bank; default: environment VIAL_BANK" },
        { 0, "json", VL_OPT_FLAG, &json, NULL, "one JSON object a row" },
        { 0, "tsv", VL_OPT_FLAG, &tsv, NULL, "tab-separated, with a header line" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (argc - rest != 1) return vl_usage(me, argc == rest ? "no query" : "one query, in quotes");
    if (json && tsv) return vl_usage(me, "--json or --tsv, not both");
    vl_err err = VL_ERR_INIT;
    vl_bank bank = { 0 };
    vl_catalog *c = NULL;
    if (!vl_bank_open(&bank, root, &err) && !vl_catalog_open(&c, &bank, false, &err))
        vl_sql(c, argv[rest], json ? VL_LIST_JSON : tsv ? VL_LIST_TSV : VL_LIST_TEXT, stdout, &err);
    vl_catalog_close(c);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_sql = {
    "sql", "[-b BANK] [--json | --tsv] QUERY", "asks the catalogue of a bank one SELECT of SQLite",
    "The query only reads: anything that could write, attach or load is refused, and it is stopped after 60 "
    "s. Blobs\n"
    "are printed in hexadecimal digits, NULL as nothing (null with --json). What cannot be seen, would end a "
    "line or is\n"
    "not UTF-8 is printed as \\n, \\t, \\r or \\xHH (with --tsv a backslash as two); with --json as \\u "
    "escapes, and "
    "U+FFFD for a\n"
    "byte that is not UTF-8.\n"
    "\n"
    "  donor(donor_id, name)\n"
    "  sample(sample_id, name, donor_id, revision, withdrawn_at, withdrawn_reason)\n"
    "  acquisition(acquisition_id, sample_id, kind, name)\n"
    "  store(store_id, acquisition_id, file, state, profile, options, rows, bytes, bytes_in, text_bytes, "
    "digest,\n"
    "        seal, published_at, superseded_at, verified_at, verify_failed, healed_at, measures)\n"
    "  input(input_id, store_id, stream, path, bytes, mtime_ns, sha256)\n"
    "  fact(sample_id, acquisition_id, name, value)      acquisition_id 0: of the sample\n"
    "  job(job_id, what, started_at, ended_at, exit_code, items, published, unchanged, refused, failed, "
    "bytes_in,\n"
    "      bytes_store, host, pid, healed)\n"
    "  refusal(refusal_id, job_id, at, sample, acquisition, input, reason, message, exit_code, evidence)\n"
    "  receipt(name, at)\n"
    "\n"
    "Times are seconds since 1970. Withdrawn samples have withdrawn_at; leave them out where that matters.\n"
    "measures is JSON: json_extract(measures, '$.q30').\n"
    "\n"
    "  vial sql -b /bank \"SELECT kind, count(*), sum(bytes) FROM store JOIN acquisition "
    "USING(acquisition_id)\n"
    "                     WHERE state = 'live' GROUP BY kind\"\n"
    "  vial sql -b /bank --tsv \"SELECT datetime(at, 'unixepoch'), sample, message FROM refusal ORDER BY at "
    "DESC\"\n",
    run
};

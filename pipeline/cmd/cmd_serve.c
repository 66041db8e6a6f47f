/* vial serve: rows of stores for programs that read them by htsget, on this machine. */
#include "pipeline/cmd/into_bank.h"
#include "pipeline/io/names.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/serve.h"
#include "pipeline/run/run.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* What may be asked for: stores by their names, or whatever a bank has. */
typedef struct shelf {
    const char *bank; /* NULL: the stores */
    char **store;     /* [nstore] */
    int nstore;
} shelf;

/* "runs/S1.h5" -> "S1" */
static vl_cell id_of(const char *path)
{
    const char *const base = vl_name_base(path);
    const size_t n = strlen(base);
    return (vl_cell){ (const uint8_t *)base, n > 3 && !strcmp(base + n - 3, ".h5") ? n - 3 : n };
}

static vl_code find(void *self, const char *id, char path[VL_SERVE_PATH], vl_err *err)
{
    const shelf *const s = self;
    if (s->bank) return vl_name_store(s->bank, id, path, err);
    for (int i = 0; i < s->nstore; i++) {
        const vl_cell known = id_of(s->store[i]);
        if (known.n != strlen(id) || memcmp(known.at, id, known.n)) continue;
        snprintf(path, VL_SERVE_PATH, "%s", s->store[i]);
        return VL_OK;
    }
    return vl_fail(err, VL_ENOIN, "no store is served as '%.200s'", id);
}

static void ready(void *self, int port)
{
    const shelf *const s = self;
    for (int k = 0; vl_kinds[k]; k++) {
        if (!vl_kinds[k]->served) continue;
        const char *const endpoint = vl_kinds[k]->served->endpoint;
        if (s->bank) printf("http://127.0.0.1:%d/%s/SAMPLE\n", port, endpoint);
        for (int i = 0; i < s->nstore; i++) {
            const vl_cell id = id_of(s->store[i]);
            printf("http://127.0.0.1:%d/%s/%.*s\n", port, endpoint, (int)id.n, (const char *)id.at);
        }
    }
    fflush(stdout);
}

static vl_code check(const shelf *s, vl_err *err)
{
    vl_store *store = NULL;
    for (int i = 0; i < s->nstore; i++) {
        if (strlen(s->store[i]) >= VL_SERVE_PATH)
            return vl_fail(err, VL_EARG, "%.100s... is too long a name", s->store[i]);
        if (vl_store_look(&store, s->store[i], err)) return vl_err_file(err, s->store[i]);
        vl_store_close(store);
    }
    return VL_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    shelf stores = { 0 };
    vl_serve ask = { .find = find, .ready = ready, .self = &stores };
    int rest = 0, code = 0;
    uint64_t port = 0;
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 0, "once", VL_OPT_FLAG, &ask.once, NULL, "ends when data was given to its end, once" },
        { 0, "port", VL_OPT_WHOLE, &port, "N", "of 127.0.0.1; default: any that is free" },
        { 'b', "bank", VL_OPT_TEXT, &stores.bank, "BANK",
          "whatever this bank has: SAMPLE, SAMPLE/ACQUISITION" },
        { '@', "threads", VL_OPT_COUNT, &ask.threads, "N", "threads of an answer; default: all cores" },
        { .name = "" },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    stores.store = argv + rest;
    stores.nstore = argc - rest;
    if (stores.bank ? stores.nstore > 0 : !stores.nstore) return vl_usage(me, "either a bank, or stores");
    if (port > 65535) return vl_usage(me, "ports go up to 65535");
    ask.port = (int)port;
    if (!ask.threads) ask.threads = vl_cores();
    return check(&stores, &err) || vl_serve_run(&ask, &err) ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_serve = {
    "serve",
    "[options] STORE... | -b BANK",
    "gives rows to programs that read them by htsget, on this machine alone",
    "Listens on 127.0.0.1 and answers programs of the same user, and of root. Prints the addresses to "
    "standard\n"
    "output once it can be asked: /reads/ID, where ID is the store's name without .h5, or, of a bank, SAMPLE "
    "or\n"
    "SAMPLE/ACQUISITION. What may be asked is that of htsget 1.3: format, referenceName, start, end, class.\n"
    "What was not given to its end does not look whole. Runs until it is stopped.\n\n"
    "  vial serve --port 8080 S1.h5 &\n"
    "  samtools view 'http://127.0.0.1:8080/reads/S1?referenceName=chr1&start=0&end=100000'\n",
    run,
    NULL
};

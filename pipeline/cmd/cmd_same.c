/* vial same: which samples are of one person, and which are not who they should be. */
#include "pipeline/bank/bank_persons.h"
#include "pipeline/cmd/into_bank.h"
#include "pipeline/cmd/same_print.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

typedef struct asked {
    const char *bank, *where, *sites, *form;
    bool json, all, quiet;
    int threads;
    vl_sites list;
} asked;

/* ---- what there is ---- */

static vl_code take_store(vl_persons *p, const asked *a, const char *path, vl_err *err)
{
    vl_identified is = { .has = false };
    if (!vl_identify(&is, path, a->sites ? &a->list : NULL, a->threads, err)) {
        if (!is.has) vl_fail(err, VL_EUNSUP, "nothing in such a store says whose it is");
        else if (vl_persons_add(p, path, path, is.sample, err)) vl_persons_take(p, p->n - 1, &is, err);
    }
    vl_identified_free(&is);
    return vl_err_file(err, path);
}

static vl_code take_stores(vl_persons *p, const asked *a, int n, char **path, vl_err *err)
{
    for (int i = 0; i < n && !err->code; i++) take_store(p, a, path[i], err);
    for (size_t i = 0; i < p->n && n > 1 && !err->code; i++)
        if (!*p->row[i].digest) {
            vl_fail(err, VL_EARG, "no letters were counted upon sites: name their list, --sites FILE");
            vl_err_file(err, path[i]);
        }
    return err->code;
}

static vl_code take_bank(vl_persons *p, const asked *a, vl_err *err)
{
    vl_bank bank = { 0 };
    vl_catalog *c = NULL;
    if (!vl_bank_open(&bank, a->bank, err) && !vl_catalog_open(&c, &bank, false, err))
        vl_bank_persons(p, &bank, c, a->where, a->sites ? &a->list : NULL, a->threads, err);
    vl_catalog_close(c);
    vl_bank_close(&bank);
    return err->code;
}

/* ---- what is said ---- */

static void tell(const vl_persons *p, const vl_same_sum *sum)
{
    if (sum->bare)
        vl_say(stderr,
               "vial: %" PRIu64 " store%s no letters counted upon sites: name their list, --sites FILE",
               sum->bare, sum->bare > 1 ? "s have" : " has");
    if (p->panels.n > 1)
        vl_say(stderr,
               "vial: letters were counted upon sites of %zu lists; only stores of one list are compared: "
               "name one, --sites FILE",
               p->panels.n);
    vl_say(stderr,
           "vial: %zu store%s: %" PRIu64 " pair%s of one donor differ, %" PRIu64
           " of two donors are one person, %" PRIu64 " sex%s amiss",
           p->n, vl_s(p->n), sum->differ, vl_s(sum->differ), sum->alike, sum->sexes,
           sum->sexes == 1 ? " is" : "es are");
}

static int compare(asked *a, int n, char **path)
{
    vl_persons p = { 0 };
    vl_same_sum sum = { 0 };
    vl_err err = VL_ERR_INIT;
    const bool in_bank = !n;
    if (a->sites) vl_sites_read(&a->list, a->sites, &err);
    if (!err.code && !(in_bank ? take_bank(&p, a, &err) : take_stores(&p, a, n, path, &err)) &&
        !vl_persons_compare(&p, a->all || !in_bank, a->threads, &err))
        vl_same_print(&p, a->all || !in_bank, a->json, &sum, &err);
    if (!err.code && !a->quiet) tell(&p, &sum);
    vl_persons_free(&p);
    vl_sites_free(&a->list);
    if (err.code) return vl_report(&err);
    return sum.differ || sum.alike || sum.sexes || sum.lost ? EX_DATAERR : EX_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    asked a = { 0 };
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &a.bank, "BANK",
          "all stores of this bank, by the donors of their samples" },
        { 0, "where", VL_OPT_TEXT, &a.where, "EXPR",
          "bank: only stores for which this holds; see 'vial help ls'" },
        { 0, "all", VL_OPT_FLAG, &a.all, NULL, "bank: also pairs and sexes that are as they should be" },
        { 0, "sites", VL_OPT_TEXT, &a.sites, "FILE",
          "by this list of sites: where a store has no counts of it, they are made from its rows" },
        { 'O', "output-format", VL_OPT_TEXT, &a.form, "F", "tsv (default) or json" },
        { 0, "json", VL_OPT_FLAG, &a.json, NULL, "the same as -O json" },
        { '@', "threads", VL_OPT_COUNT, &a.threads, "N", "threads; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &a.quiet, NULL, "no summary on standard error" },
        { .name = "" },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (a.form && strcmp(a.form, "tsv") && strcmp(a.form, "json"))
        return vl_usage(me, "-O is tsv or json, not '%s'", a.form);
    if (a.form && !strcmp(a.form, "json")) a.json = true;
    if (argc == rest && !vl_names_in_bank(a.bank, "")) return vl_usage(me, "no store");
    if (argc > rest && (a.bank || a.where || a.all))
        return vl_usage(me, "either stores, of which all pairs are told, or -b BANK with --where EXPR");
    if (!a.threads) a.threads = vl_cores();
    return compare(&a, argc - rest, argv + rest);
}

const vl_command vl_command_same = {
    "same", "[options] STORE... | -b BANK [--where EXPR]",
    "tells which samples are of one person, and which are not who they should be",
    "By letters upon sites where persons differ: a list of common variants of one letter, some thousands of "
    "them, each\n"
    "present in about half of all persons; as VCF, or as a table of contig, place, reference letter and the "
    "other.\n"
    "'vial ingest --sites FILE', or sites = FILE in section [bank] of bank.ini, counts them as data comes "
    "in.\n"
    "A genotype takes 7 letters or more; up to 0.1 of the other letter is error, from 0.2 to 0.8 both are "
    "there.\n"
    "  found     alike: two donors, and the data is of one person; differs: one donor, and it is not; ok\n"
    "  verdict   same (relatedness from 0.75 on), related (from 0.125 on: parents, children, siblings, "
    "and the next\n"
    "            degree), different, too few sites (less than 100 that both know, or 10 "
    "hets)\n"
    "  sites     that both have a genotype at; of these:\n"
    "  shared_hets, ibs0, ibs2    both heterozygous; no letter in common; the same genotype\n"
    "  relatedness                (shared_hets - 2 ibs0) / the smaller number of hets, as somalier has it\n"
    "Of a bank, stores of samples of one donor (column donor; else of one sample) should be the same, all "
    "others not;\n"
    "only what is amiss is told. Of STOREs all pairs are told, and the sample that each says it is of counts "
    "as "
    "the donor.\n"
    "Sexes: x and y are the depths of X and Y, each record by its mapping quality, against those of 1 to 22, "
    "which are\n"
    "there twice: one X is 0.35 to 0.65, two 0.8 to 1.3; Y is there from 0.1 on, and not below 0.05; the "
    "rest, "
    "and what\n"
    "has too few records, is unknown. These are bounds for whole genomes: of exomes and panels x and y "
    "depend on "
    "what was\n"
    "caught. Amiss is said male (donor_sex of a sheet, or sex; Male, M, XY, 1) of XX and X0, female (Female, "
    "F, "
    "XX, 2) of\n"
    "XY and XXY. X0 of a male may be a Y that blood has lost with age.\n"
    "Exit code: 65 if something is amiss or a store cannot be read, else 0.\n"
    "\n"
    "  vial same -b /bank\n"
    "  vial same -b /bank --where \"published >= '2026-11-01'\" --sites sites.vcf.gz\n"
    "  vial same tumour.h5 normal.h5\n",
    run
};

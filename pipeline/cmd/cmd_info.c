/* vial info: what is in a store, as text or JSON. */
#include "formats/format.h"
#include "pipeline/bank/json_text.h"
#include "pipeline/bank/record.h"
#include "pipeline/bank/way_back.h"
#include "pipeline/cmd/info_history.h"
#include "pipeline/cmd/info_schema.h"
#include "pipeline/cmd/into_bank.h"
#include "pipeline/out/about.h"
#include "pipeline/cmd/info_files.h"
#include "pipeline/out/columns.h"
#include "pipeline/out/kind.h"
#include "pipeline/run/progress.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static json_t *note_value(const char *text, bool number)
{
    char *end = NULL;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    return number && *text && !*end && !errno ? json_integer(v) : vl_json_text(text);
}

/* Names are the store's, and may be any bytes. */
static void add_note(void *to, const char *where, const char *name, const char *text, bool number)
{
    json_t *const in = vl_json_text(where), *const called = vl_json_text(name);
    json_t *group = in ? json_object_get(to, json_string_value(in)) : NULL;
    if (in && !group) {
        group = json_object();
        json_object_set_new(to, json_string_value(in), group);
    }
    if (called) json_object_set_new(group, json_string_value(called), note_value(text, number));
    json_decref(in);
    json_decref(called);
}

static vl_code print_json(vl_store *st, const vl_about *f, vl_err *err)
{
    json_t *const columns = json_array(), *const notes = json_object();
    int indexes = 0;
    vl_store_indexes(st, &indexes, err);
    for (int i = 0; i < vl_store_ncolumn(st) + indexes; i++) {
        const vl_stored *const c = vl_store_column(st, i);
        json_t *const one =
            json_pack("{s:o, s:s, s:o, s:I, s:I, s:I, s:I}", "path", vl_json_text(c->path), "type",
                      vl_type_name(c->type), "codec", vl_json_text(c->codec[0] ? c->codec : "none"),
                      "elements", (json_int_t)c->nelem, "chunks", (json_int_t)c->nchunk, "plain_bytes",
                      (json_int_t)vl_stored_plain(c), "packed_bytes", (json_int_t)c->packed_bytes);
        if (c->index) json_object_set_new(one, "index", json_true());
        if (c->uniform) json_object_set_new(one, "row_length", json_integer((json_int_t)c->row_length));
        json_array_append_new(columns, one);
    }
    if (!err->code) vl_store_notes(st, add_note, notes);
    json_t *const files = vl_json_files(st, err);
    json_t *const all = json_pack(
        "{s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind", vl_json_text(f->kind),
        "profile", vl_json_text(f->profile), "rows", (json_int_t)f->rows, "bytes_in", (json_int_t)f->bytes_in,
        "bytes_store", (json_int_t)f->bytes_store, "sample", vl_json_text(f->sample), "acquisition",
        vl_json_text(f->acquisition), "digest", vl_json_text(f->digest), "writer", vl_json_text(f->writer),
        "columns", columns, "notes", notes, "files", files ? files : json_array());
    if (!all) vl_fail(err, VL_ENOMEM, "no memory for JSON");
    errno = 0;
    if (!err->code && (json_dumpf(all, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII) || putchar('\n') == EOF))
        vl_fail_errno(err,
                      errno == ENOMEM  ? VL_ENOMEM
                      : errno == EPIPE ? VL_ECLOSED
                                       : VL_EIO,
                      errno, "standard output: cannot write");
    json_decref(all);
    return err->code;
}

static void print_note(void *to, const char *where, const char *name, const char *text, bool number)
{
    (void)to, (void)number;
    if (!strncmp(where, "source/columns", 14) || !strcmp(name, "row_length") || !*text || !strcmp(text, "0"))
        return;
    vl_say(stdout, "  %-12s %-24s %s", where, name, text);
}

static vl_code print_text(vl_store *st, const vl_about *f, const char *path, vl_err *err)
{
    char in[16], out[16], plain[16], packed[16];
    int indexes = 0;
    vl_say(stdout, "%s: %s, %" PRIu64 " rows, profile %s", path, f->kind, f->rows, f->profile);
    printf("  %s in, %s stored (%.1f %%)\n  digest %s\n\nnotes\n", vl_human_bytes(f->bytes_in, in),
           vl_human_bytes(f->bytes_store, out),
           f->bytes_in ? 100.0 * (double)f->bytes_store / (double)f->bytes_in : 0, f->digest);
    vl_store_notes(st, print_note, NULL);
    if (vl_tell_files(st, f->bytes_store, err) || vl_store_indexes(st, &indexes, err)) return err->code;
    printf("\n%-36s %-5s %14s %9s %9s  %s\n", "column", "type", "elements", "plain", "packed", "codec");
    for (int i = 0; i < vl_store_ncolumn(st) + indexes; i++) {
        const vl_stored *const c = vl_store_column(st, i);
        vl_say(stdout, "%-36s %-5s %14" PRIu64 " %9s %9s  %s", c->path, vl_type_name(c->type), c->nelem,
               vl_human_bytes(vl_stored_plain(c), plain), vl_human_bytes(c->packed_bytes, packed),
               c->codec[0] ? c->codec : "none");
    }
    return VL_OK;
}

static const char *said(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void print_sample_facts(json_t *owner)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(owner, "facts"), name, value)
        vl_say(stdout, "  %-24s %s", name, json_string_value(value));
}

/* Where a store of a sample lies. */
static const char *path_of(const vl_bank *bank, const char *sample, const json_t *store,
                           char path[VL_BANK_PATH], vl_err *err)
{
    *path = 0;
    vl_bank_store_path(bank, sample, said(store, "file"), path, err);
    return path;
}

/* The command that gives its inputs back. */
static void print_way_back(const vl_bank *bank, const char *sample, const json_t *store, vl_err *err)
{
    vl_way_back way = { .bank = bank->root, .sample = sample, .acquisition = said(store, "acquisition") };
    vl_buf text = { 0 };
    json_t *input;
    size_t i;
    json_array_foreach(json_object_get(store, "inputs"), i, input)
        vl_way_back_add(&way, (int)json_integer_value(json_object_get(input, "stream")), said(input, "path"));
    if (!vl_way_back_print(&way, &text, err)) vl_say(stdout, "  back   %s", (const char *)text.data);
    vl_buf_free(&text);
}

static void print_sample_store(const vl_bank *bank, const char *sample, json_t *store, vl_err *err)
{
    char path[VL_BANK_PATH];
    const bool live = !strcmp(said(store, "state"), "live");
    char bytes[16];
    json_t *input;
    size_t i;
    vl_human_bytes((uint64_t)json_integer_value(json_object_get(store, "bytes")), bytes);
    vl_say(stdout, "%s/%s: %s, %lld rows, %s, profile %s%s", sample, said(store, "acquisition"),
           said(store, "kind"), (long long)json_integer_value(json_object_get(store, "rows")), bytes,
           said(store, "profile"), live ? "" : ", superseded");
    vl_say(stdout, "  digest %s", said(store, "digest"));
    vl_say(stdout, "  path   %s", path_of(bank, sample, store, path, err));
    if (live) print_way_back(bank, sample, store, err);
    json_array_foreach(json_object_get(store, "inputs"), i, input)
        vl_say(stdout, "  %-6s sha256 %s  %s", said(input, "role") ? said(input, "role") : "data",
               said(input, "sha256"), said(input, "path"));
    print_sample_facts(store);
}

static void print_sample(const vl_bank *bank, const char *sample, json_t *record, vl_err *err)
{
    const json_t *const withdrawn = json_object_get(record, "withdrawn"), *const gone =
                                                                              json_object_get(record, "gone");
    const char *const donor = said(record, "donor"), *const to = said(gone, "to");
    json_t *store;
    size_t i;
    vl_say(stdout, "sample %s%s%s%s%s", sample, donor ? ", donor " : "", donor ? donor : "",
           withdrawn ? ", withdrawn: " : "", withdrawn ? said(withdrawn, "reason") : "");
    if (to) vl_say(stdout, "  renamed to '%s'", to);
    else if (gone && said(gone, "reason")) vl_say(stdout, "  removed: %s", said(gone, "reason"));
    print_sample_facts(record);
    json_array_foreach(json_object_get(record, "stores"), i, store)
        print_sample_store(bank, sample, store, err);
}

/* Of a sample that was withdrawn, no more than that. */
static void hide_withdrawn(json_t *record)
{
    if (!json_object_get(record, "withdrawn")) return;
    json_object_del(record, "donor");
    json_object_del(record, "was");
    json_object_clear(json_object_get(record, "facts"));
    json_array_clear(json_object_get(record, "stores"));
}

/* All that is known about a sample of a bank. */
static int tell_sample(const char *path, const char *sample, bool json)
{
    vl_bank bank = { 0 };
    vl_err err = VL_ERR_INIT;
    char where[VL_BANK_PATH];
    json_t *record = NULL, *store;
    size_t i;
    if (!vl_bank_open(&bank, path, &err)) record = vl_record_load(&bank, sample, &err);
    hide_withdrawn(record);
    if (record && json) {
        json_array_foreach(json_object_get(record, "stores"), i, store)
            json_object_set_new(store, "path", vl_json_text(path_of(&bank, sample, store, where, &err)));
        json_dumpf(record, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
        putchar('\n');
    } else if (record) {
        print_sample(&bank, sample, record, &err);
    }
    json_decref(record);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    bool json = false, schema = false, history = false;
    const char *bank = NULL;
    char path[VL_BANK_PATH];
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 0, "schema", VL_OPT_FLAG, &schema, NULL,
          "the columns of STORE; without it, those of every kind of store" },
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK", "STORE is SAMPLE or SAMPLE/ACQUISITION of this bank" },
        { 0, "history", VL_OPT_FLAG, &history, NULL,
          "how what is known about SAMPLE came to be, from the ledger" },
        { 0, "json", VL_OPT_FLAG, &json, NULL, "as one JSON object" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (schema && rest == argc) return vl_tell_schemas(json);
    if (argc - rest != 1) return vl_usage(me, argc == rest ? "no store" : "one store at a time");
    vl_err err = VL_ERR_INIT;
    vl_store *st = NULL;
    vl_about about;
    const bool in_bank = bank || (getenv("VIAL_BANK") && access(argv[rest], F_OK));
    if (history) {
        if (schema || !in_bank || strchr(argv[rest], '/'))
            return vl_usage(me, "--history goes with -b BANK SAMPLE");
        return vl_tell_history(bank, argv[rest], json);
    }
    if (in_bank && !strchr(argv[rest], '/')) return tell_sample(bank, argv[rest], json);
    if (!vl_name_store(bank, argv[rest], path, &err) && !vl_store_open(&st, path, &err) &&
        !vl_about_read(&about, st, &err)) {
        if (schema) vl_tell_schema_of(st, json, &err);
        else if (json) print_json(st, &about, &err);
        else print_text(st, &about, path, &err);
    }
    vl_store_close(st);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_info = {
    "info", "[--json] [--schema] STORE | [--json] -b BANK SAMPLE [--history] | [--json] --schema",
    "says what is in a store: rows, columns, codecs, sizes, where it came from",
    "--json prints kind, profile, rows, sizes, columns and all notes of the store, counts as numbers;\n"
    "docs/json.schema.json has the shapes. U+FFFD stands for a byte that is not UTF-8.\n"
    "--history prints a line for each change of SAMPLE: when, what, who, from which sheet or command, and "
    "below it what\n"
    "was before and after. As JSON: sample, history[]{line, revision, at, what, who, source, changes[]{path, "
    "from, to}}.\n",
    run
};

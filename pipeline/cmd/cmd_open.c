/* vial open: what is open in a bank. */
#include "pipeline/bank/open_items.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/page/html.h"
#include "formats/text.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void print_text(const char *text, char end)
{
    vl_err err = VL_ERR_INIT;
    vl_buf field = { 0 };
    if (!vl_text_listed(&field, text ? text : "", text ? strlen(text) : 0, &err))
        fwrite(field.data, 1, field.len, stdout);
    putchar(end);
    vl_buf_free(&field);
}

/* "refused  3 d 4 h  S1/S1_L001  truncated: ends within a record" */
static void print_line(const json_t *item, double now)
{
    char age[32];
    const char *const message = json_string_value(json_object_get(item, "message"));
    printf("%-13s %-12s ", json_string_value(json_object_get(item, "state")),
           vl_show_duration(now - json_number_value(json_object_get(item, "since")), age));
    print_text(json_string_value(json_object_get(item, "item")), '\t');
    print_text(json_string_value(json_object_get(item, "reason")), message ? '\t' : '\n');
    if (message) print_text(message, '\n');
}

static void print_json(json_t *item, double now)
{
    const double age = now - json_number_value(json_object_get(item, "since"));
    json_object_set_new(item, "age_seconds", json_integer(age > 0 ? (json_int_t)age : 0));
    json_dumpf(item, stdout, JSON_COMPACT);
    putchar('\n');
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL;
    bool json = false;
    int rest = 0, code = 0;
    size_t i;
    json_t *item, *open = NULL;
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "json", VL_OPT_FLAG, &json, NULL,
          "one JSON object a line, with inputs, message and how to retry" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest < argc) return vl_usage(me, "'%s' is too much", argv[rest]);
    if (!vl_bank_open(&bank, path, &err) && !vl_catalog_open(&catalog, &bank, false, &err))
        open = vl_open_now(&bank, catalog, &err);
    const double now = vl_bank_now();
    json_array_foreach(open, i, item)
    {
        if (json) print_json(item, now);
        else print_line(item, now);
    }
    json_decref(open);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_open = {
    "open", "-b BANK [--json]",
    "lists what is open: refused items, files that wait in inboxes, and since when",
    "An item that was refused is open until it has come in, or its files are taken away. 'refused' brings "
    "mail each\n"
    "night; 'acknowledged' does not ('vial ack'). A file 'waits' while its inbox does not take it: it "
    "changed a\n"
    "moment ago, its mate or the flag of its run is missing. A line has state, age, name, reason and "
    "message.\n"
    "Nothing is written; the exit code is 0 also when something is open.\n\n"
    "  vial open -b /data/bank\n"
    "  vial open -b /data/bank --json | jq 'select(.age_seconds > 604800)'\n",
    run
};

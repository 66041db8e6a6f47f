/*
 * Checks the metrics of a bank: a small strict reader of the text format reads them back after hostile names
 * went in.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/test/check.h"
#include "pipeline/test/evidence_scene.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- metrics: a strict reader of the text format ---- */

typedef struct family {
    char name[80], type[16];
    bool help, has_value;
} family;

typedef struct exposition {
    family family[64];
    int n;
    char value[128][160]; /* "name{labels} number" */
    int nvalue;
} exposition;

static size_t name_length(const char *p)
{
    size_t n = 0;
    while (isalnum((unsigned char)p[n]) || p[n] == '_') n++;
    return isdigit((unsigned char)*p) ? 0 : n;
}

static family *find_family(exposition *x, const char *name, size_t n)
{
    for (int i = 0; i < x->n; i++)
        if (strlen(x->family[i].name) == n && !strncmp(x->family[i].name, name, n)) return &x->family[i];
    return NULL;
}

static void read_comment(exposition *x, const char *line)
{
    const bool help = !strncmp(line, "# HELP ", 7), type = !strncmp(line, "# TYPE ", 7);
    const char *const name = line + 7;
    const size_t n = help || type ? name_length(name) : 0;
    if (!CHECK(n && name[n] == ' ' && name[n + 1], "comment '%s'", line)) return;
    if (help) {
        CHECK(!find_family(x, name, n) && x->n < 64, "HELP a second time: '%s'", line);
        family *const f = &x->family[x->n++];
        snprintf(f->name, sizeof f->name, "%.*s", (int)n, name);
        f->help = true;
        return;
    }
    family *const f = find_family(x, name, n);
    if (!CHECK(f && f == &x->family[x->n - 1] && !f->type[0], "TYPE without HELP or a second time: '%s'",
               line))
        return;
    snprintf(f->type, sizeof f->type, "%s", name + n + 1);
    const bool counter = n > 6 && !strncmp(name + n - 6, "_total", 6);
    CHECK(!strcmp(f->type, counter ? "counter" : "gauge"), "type of '%s'", line);
}

/* {name="value",...}; returns what follows */
static const char *read_labels(const char *p)
{
    if (*p != '{') return p;
    do {
        const size_t n = name_length(++p);
        if (!n || p[n] != '=' || p[n + 1] != '"') return "bad";
        for (p += n + 2; *p && *p != '"'; p++)
            if (*p == '\\' && !strchr("\\\"n", *++p)) return "bad";
        if (!*p++) return "bad";
    } while (*p == ',');
    return *p == '}' ? p + 1 : "bad";
}

static void read_value(exposition *x, const char *line)
{
    const size_t n = name_length(line);
    family *const f = find_family(x, line, n);
    const char *const after = read_labels(line + n);
    char *end = NULL;
    CHECK(f && f == &x->family[x->n - 1] && f->type[0], "a value away from its HELP and TYPE: '%s'", line);
    if (f) f->has_value = true;
    const double number = strtod(after, &end);
    CHECK(*after == ' ' && end > after && !*end && isfinite(number), "value or a timestamp: '%s'", line);
    for (int i = 0; i < x->nvalue; i++)
        CHECK(strncmp(x->value[i], line, (size_t)(after - line) + 1), "twice: '%s'", line);
    if (x->nvalue < 128) snprintf(x->value[x->nvalue++], sizeof x->value[0], "%s", line);
}

static void read_metrics(exposition *x, char *text)
{
    *x = (exposition){ 0 };
    const size_t n = strlen(text);
    CHECK(n && text[n - 1] == '\n', "the last line ends");
    for (char *p = text, *end; (end = strchr(p, '\n')); p = end + 1) {
        *end = 0;
        if (*p == '#') read_comment(x, p);
        else read_value(x, p);
    }
    for (int i = 0; i < x->n; i++)
        CHECK(x->family[i].help && x->family[i].type[0] && x->family[i].has_value, "family %s",
              x->family[i].name);
}

/* line without the bank's label, which is the first of each value */
static bool says(const exposition *x, const char *line)
{
    char with[200];
    const size_t name = name_length(line);
    const bool more = line[name] == '{';
    snprintf(with, sizeof with, "%.*s{bank=\"metrics\"%s%s", (int)name, line, more ? "," : "}",
             line + name + more);
    for (int i = 0; i < x->nvalue; i++)
        if (!strcmp(x->value[i], with)) return true;
    return false;
}

static bool has(const exposition *x, const char *name)
{
    for (int i = 0; i < x->n; i++)
        if (!strcmp(x->family[i].name, name)) return true;
    return false;
}

static void write_metrics(scene *s, exposition *x)
{
    vl_err err = VL_ERR_INIT;
    CHECK(!vl_metrics_write(&s->bank, s->catalog, NULL, &err), "metrics: %s: %s", err.file, err.what);
    char *const text = s->bank.metrics && *s->bank.metrics == '/'
                           ? read_text(s->bank.metrics)
                           : read_in(s, s->bank.metrics ? s->bank.metrics : "reports/vial.prom");
    CHECK(!strstr(text, "S1") && !strstr(text, "script") && !strstr(text, "/seq"), "no names and paths");
    read_metrics(x, text);
    free(text);
}

static void check_metrics_empty(scene *s)
{
    exposition x;
    write_metrics(s, &x);
    CHECK(says(&x, "vial_last_success_timestamp_seconds 0") && !has(&x, "vial_last_run_exit_code") &&
              !has(&x, "vial_oldest_verification_age_seconds") && says(&x, "vial_stores{kind=\"reads\"} 0") &&
              says(&x, "vial_items_refused_total{reason=\"truncated\"} 0") && says(&x, "vial_samples 0") &&
              says(&x, "vial_items_healed_total 0") && has(&x, "vial_disk_free_bytes") &&
              has(&x, "vial_build_info"),
          "an empty bank");
}

static void check_metrics_full(scene *s)
{
    exposition x;
    write_metrics(s, &x);
    CHECK(says(&x, "vial_last_success_timestamp_seconds 1795335900"), "last night that did its work");
    CHECK(says(&x, "vial_open_items{state=\"refused\"} 0"), "open items");
    CHECK(says(&x, "vial_last_run_timestamp_seconds 1795335900") && says(&x, "vial_last_run_exit_code 65") &&
              says(&x, "vial_last_run_duration_seconds 3600.250"),
          "last run");
    CHECK(says(&x, "vial_samples 2") && says(&x, "vial_stores{kind=\"reads\"} 1") &&
              says(&x, "vial_stores{kind=\"other\"} 1") &&
              says(&x, "vial_store_bytes{kind=\"reads\"} 123456789"),
          "samples and stores");
    CHECK(says(&x, "vial_samples_published_total 12") &&
              says(&x, "vial_bytes_ingested_total 5000000000000") &&
              says(&x, "vial_items_refused_total{reason=\"truncated\"} 1") &&
              says(&x, "vial_items_refused_total{reason=\"other\"} 1") &&
              says(&x, "vial_quarantined_last_run 2"),
          "counters");
    CHECK(says(&x, "vial_stores_verify_failed 1") && says(&x, "vial_oldest_verification_age_seconds 86400"),
          "verification");
    for (int i = 0; i < x.nvalue && nfailed; i++) puts(x.value[i]);
}

static void check_metrics(void)
{
    scene s;
    char path[512];
    open_scene(&s, "metrics");
    check_metrics_empty(&s);
    fill_scene(&s);
    check_metrics_full(&s);
    free(s.bank.metrics);
    s.bank.metrics = strdup("reports/deep/er.prom");
    check_metrics_full(&s);
    free(s.bank.metrics);
    snprintf(path, sizeof path, "%s/else.prom", evidence_folder);
    s.bank.metrics = strdup(path);
    check_metrics_full(&s);
    close_scene(&s);
}

int main(void)
{
    begin_evidence("check_metrics");
    check_metrics();
    return end_evidence();
}

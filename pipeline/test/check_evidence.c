/*
 * Checks what a bank leaves to read: log, quarantine, metrics, pages. Each is read back by a small strict
 * reader written here, after hostile names went in: markup, quotes, newlines, controls, bytes that are no
 * UTF-8, marks that turn the direction of writing.
 *
 * Suites: banks. Also: asan.
 */
#include "pipeline/bank/catalog/catalog_db.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/page/page.h"
#include "pipeline/bank/reason.h"
#include "pipeline/test/check.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOW = 1795336200 }; /* 2026-11-22T08:30:00Z, a Sunday */
#define TODAY  "2026-11-22"
#define MARKUP "<script>alert(\"x\")</script>&amp;'--></td>"

static char folder[] = "/tmp/check_evidence.XXXXXX";

/* ---- files ---- */

/* The whole file with a 0 behind it; owned by the caller. "" if there is none. */
static char *read_text(const char *path)
{
    FILE *const f = fopen(path, "rb");
    char *text = calloc(1, 1);
    size_t n = 0;
    for (char part[4096]; text && f;) {
        const size_t got = fread(part, 1, sizeof part, f);
        if (!got) break;
        text = realloc(text, n + got + 1);
        if (!text) break;
        memcpy(text + n, part, got);
        text[n += got] = 0;
    }
    if (!text) abort();
    if (f) fclose(f);
    return text;
}

static int count_of(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part)) n++;
    return n;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

static bool exists(const char *path) { return !access(path, F_OK); }

/* ---- a bank ---- */

typedef struct scene {
    vl_bank bank;
    vl_catalog *catalog;
    char root[64];
} scene;

static void open_scene(scene *s, const char *name)
{
    vl_err err = VL_ERR_INIT;
    *s = (scene){ 0 };
    snprintf(s->root, sizeof s->root, "%s/%s", folder, name);
    if (vl_bank_init(s->root, &err) || vl_bank_open(&s->bank, s->root, &err) ||
        vl_catalog_open(&s->catalog, &s->bank, true, &err)) {
        printf("cannot make a bank: %s: %s\n", err.file, err.what);
        exit(1);
    }
}

static void close_scene(scene *s)
{
    vl_catalog_close(s->catalog);
    vl_bank_close(&s->bank);
}

static char *read_in(const scene *s, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", s->root, name);
    return read_text(path);
}

static void add_job(scene *s, double start, double end, int code, uint64_t items, uint64_t published,
                    uint64_t refused, uint64_t bytes, int64_t *id)
{
    vl_err err = VL_ERR_INIT;
    const vl_catalog_job job = { .what = "nightly",
                                 .started_at = start,
                                 .ended_at = end,
                                 .exit_code = code,
                                 .items = items,
                                 .published = published,
                                 .refused = refused,
                                 .bytes_in = bytes,
                                 .bytes_store = bytes / 3 };
    CHECK(!vl_catalog_start_job(s->catalog, &job, id, &err), "start: %s", err.what);
    if (end > 0) CHECK(!vl_catalog_end_job(s->catalog, *id, &job, &err), "end: %s", err.what);
}

static json_t *store_json(const char *kind, const char *acquisition, double published, json_int_t bytes)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:f, s:{s:s}, s:[{s:i, s:s, s:I, "
        "s:I, s:s}]}",
        "kind", kind, "acquisition", acquisition, "file", "x-" MARKUP ".h5", "state", "live", "profile",
        "compact", "options", "", "rows", bytes / 100, "bytes", bytes, "bytes_in", 3 * bytes, "text_bytes",
        7 * bytes, "digest", "d1ge57", "seal", "5ea1", "published", published, "facts", "lane " MARKUP,
        "value " MARKUP, "inputs", "stream", 1, "path", "/seq/" MARKUP ".fastq.gz", "bytes", 3 * bytes,
        "mtime_ns", (json_int_t)1, "sha256", "5ba256");
}

static void put_sample(scene *s, const char *name, const char *kind, double published, json_int_t bytes,
                       bool withdrawn)
{
    vl_err err = VL_ERR_INIT;
    json_t *const record =
        json_pack("{s:i, s:s, s:i, s:s, s:{s:s}, s:[o]}", "vial_record", 1, "sample", name, "revision", 1,
                  "donor", "D" MARKUP, "facts", "specimen_type", "DNA " MARKUP, "stores",
                  store_json(kind, "lane " MARKUP, published, bytes));
    if (withdrawn)
        json_object_set_new(
            record, "withdrawn",
            json_pack("{s:s, s:I}", "reason", "consent " MARKUP, "at", (json_int_t)NOW - 100));
    CHECK(record && !vl_catalog_put(s->catalog, record, &err), "put: %s", err.what);
    json_decref(record);
}

/* ---- log ---- */

static const char *const hostile[] = { "plain",
                                       "",
                                       "two words",
                                       "a\nb\r\nc",
                                       "x\" sample=\"S2",
                                       "a=b",
                                       "back\\slash",
                                       "bytes \xff\xfe\xc3 and \xed\xa0\x80",
                                       "bell \a escape \033[2J del \177",
                                       "c1 \xc2\x85 line \xe2\x80\xa8 turn \xe2\x80\xae",
                                       "soft\xc2\xadhyphen, no\xe2\x80\x8bwidth, tag\xf3\xa0\x81\x81",
                                       "na\xc3\xafve \xf0\x9f\xa7\xac",
                                       MARKUP };

static void check_log_text(scene *s)
{
    const struct {
        const char *value, *line;
    } cases[] = { { "S1", " info published sample=S1\n" },
                  { "", " info published sample=\"\"\n" },
                  { "two words", " info published sample=\"two words\"\n" },
                  { "a\nb", " info published sample=\"a\\u000ab\"\n" },
                  { "x\" y=\"z", " info published sample=\"x\\\" y=\\\"z\"\n" },
                  { "a=b", " info published sample=\"a=b\"\n" },
                  { "\xff\033", " info published sample=\"\\ufffd\\u001b\"\n" },
                  { "\xe2\x80\xa8", " info published sample=\"\\u2028\"\n" },
                  { "na\xc3\xafve", " info published sample=na\xc3\xafve\n" } };
    char want[256];
    size_t at = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vl_log(&s->bank, VL_LOG_INFO, "published", "sample", cases[i].value, NULL);
        char *const text = read_in(s, "reports/vial.log");
        snprintf(want, sizeof want, TODAY "T08:30:00Z%s", cases[i].line);
        CHECK(!strcmp(text + at, want), "log says '%s'", text + at);
        at = strlen(text);
        free(text);
    }
    vl_log(&s->bank, VL_LOG_ERROR, "a\nb", "x\ny", "1", "none", (char *)NULL, "z", "2", NULL);
    char *const text = read_in(s, "reports/vial.log");
    CHECK(!strcmp(text + at, TODAY "T08:30:00Z error a\\u000ab \"x\\u000ay\"=1 z=2\n"), "log says '%s'",
          text + at);
    free(text);
}

static void check_log_json(scene *s)
{
    char path[512];
    snprintf(path, sizeof path, "%s/reports/vial.log", s->root);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        unlink(path);
        vl_log(&s->bank, VL_LOG_WARNING, hostile[i], "sample", hostile[i], hostile[i], "1", NULL);
        char *const text = read_text(path);
        const char *const end = strchr(text, '\n');
        json_t *const line = json_loads(text, 0, NULL);
        const char *const sample = json_string_value(json_object_get(line, "sample"));
        CHECK(end && !end[1], "one line: '%s'", text);
        CHECK(sample && !strcmp(json_string_value(json_object_get(line, "level")), "warning") &&
                  !strcmp(json_string_value(json_object_get(line, "time")), TODAY "T08:30:00Z"),
              "JSON of '%s'", text);
        json_t *const same = json_string(hostile[i]); /* NULL if it is no UTF-8 */
        CHECK(!same || (sample && !strcmp(sample, hostile[i])), "value of '%s'", text);
        json_decref(same);
        json_decref(line);
        free(text);
    }
}

/* Lines of several processes do not mix. */
static void check_log_many(scene *s)
{
    enum { PROCESSES = 4, LINES = 500 };
    char *long_text = calloc(1, 6001);
    if (!long_text) abort();
    memset(long_text, 'x', 6000);
    for (int k = 0; k < PROCESSES; k++) {
        const pid_t child = fork();
        if (child) continue;
        for (int i = 0; i < LINES; i++)
            vl_log(&s->bank, VL_LOG_INFO, "many", "path", long_text, "end", "end", NULL);
        _exit(0);
    }
    while (wait(NULL) > 0) {
    }
    char *const text = read_in(s, "reports/vial.log");
    int lines = 0, whole = 0;
    for (char *p = text, *end; (end = strchr(p, '\n')); p = end + 1, lines++)
        whole += end - p == 6000 + (int)strlen(TODAY "T08:30:00Z info many path= end=end") &&
                 !strncmp(end - 8, " end=end", 8);
    CHECK(lines == PROCESSES * LINES && whole == lines, "%d lines, %d of them whole", lines, whole);
    free(text);
    free(long_text);
}

static void check_log_to(scene *s)
{
    char path[512], moved[600];
    struct stat st;
    snprintf(path, sizeof path, "%s/reports/vial.log", s->root);
    snprintf(moved, sizeof moved, "%s.1", path);
    CHECK(!stat(path, &st) && (st.st_mode & 0777) == 0664, "the log is writable for the group");
    CHECK(!rename(path, moved), "rotate");
    vl_log(&s->bank, VL_LOG_INFO, "again", NULL);
    CHECK(exists(path), "a new file after rotation");
    s->bank.log_to = VL_LOG_OFF;
    unlink(path);
    vl_log(&s->bank, VL_LOG_INFO, "nothing", NULL);
    CHECK(!exists(path), "off");
    s->bank.log_to = VL_LOG_SYSLOG;
    vl_log(&s->bank, VL_LOG_INFO, "check", "sample", MARKUP "\n%s%n", NULL);
    CHECK(!exists(path), "syslog");
    const int keep = dup(2), to = open(moved, O_RDWR | O_TRUNC);
    if (keep < 0 || to < 0 || dup2(to, 2) < 0) abort();
    s->bank.log_to = VL_LOG_STDERR;
    vl_log(&s->bank, VL_LOG_INFO, "one", NULL);
    s->bank.log_to = VL_LOG_FILE;
    CHECK(!mkdir(path, 0700), "something else has the name of the log");
    vl_log(&s->bank, VL_LOG_INFO, "two", NULL);
    if (dup2(keep, 2) < 0) abort();
    close(keep);
    close(to);
    char *const text = read_text(moved);
    CHECK(!strcmp(text, TODAY "T08:30:00Z info one\n" TODAY "T08:30:00Z info two\n"), "standard error: '%s'",
          text);
    free(text);
    rmdir(path);
}

static void check_log(void)
{
    scene s;
    char path[512];
    open_scene(&s, "log");
    snprintf(path, sizeof path, "%s/reports/vial.log", s.root);
    umask(077);
    s.bank.log_to = VL_LOG_FILE;
    s.bank.log_json = false;
    check_log_text(&s);
    s.bank.log_json = true;
    check_log_json(&s);
    s.bank.log_json = false;
    unlink(path);
    check_log_many(&s);
    check_log_to(&s);
    umask(022);
    close_scene(&s);
}

/* ---- quarantine ---- */

static void check_reasons(void)
{
    for (int code = VL_EARG; code <= VL_EBUG; code++) {
        const vl_err err = { .code = (vl_code)code };
        const char *const reason = vl_reason_of(&err);
        CHECK(vl_reason_find(reason), "code %d has the reason '%s'", code, reason);
        for (int other = VL_EARG; other < code; other++) {
            const vl_err e = { .code = (vl_code)other };
            CHECK(strcmp(vl_reason_of(&e), reason), "codes %d and %d have the same reason", other, code);
        }
    }
    for (const vl_reason *r = vl_reasons; r->code; r++)
        CHECK(strspn(r->code, "abcdefghijklmnopqrstuvwxyz_") == strlen(r->code) && r->means[0] &&
                  r->retry[0] && vl_reason_find(r->code) == r,
              "reason '%s'", r->code);
    CHECK(!vl_reason_find("") && !vl_reason_find("no such"), "reasons that are not ours");
}

static vl_file files[] = { { .path = (char[]){ "/seq/S1_R1.fastq.gz" } },
                           { .path = (char[]){ "/seq/\xc3(.gz" }, .stream = 1 } };
static vl_inputs inputs = { .file = files, .n = 1 };

static vl_evidence evidence(const char *sample, const char *acquisition)
{
    vl_evidence e = { .at = NOW,
                      .sample = sample,
                      .acquisition = acquisition,
                      .inputs = &inputs,
                      .reason = "truncated",
                      .retry = "Copy it again.",
                      .exit_code = 65,
                      .err = VL_ERR_INIT };
    vl_fail(&e.err, VL_ETRUNC, "ends within a record");
    vl_err_at(&e.err, "/seq/S1_R1.fastq.gz", 18204211, 40960);
    return e;
}

static json_t *load(const scene *s, const char *path)
{
    char *const text = read_in(s, path);
    json_t *const doc = json_loads(text, 0, NULL);
    free(text);
    return doc;
}

static void keep(const scene *s, const vl_evidence *e, const char *want)
{
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    CHECK(!vl_quarantine(&s->bank, e, path, &err) && !strcmp(path, want), "kept as '%s', expected '%s': %s",
          path, want, err.what);
}

static void check_quarantine_names(const scene *s)
{
    vl_evidence e = evidence("S1", "S1_L001");
    keep(s, &e, "quarantine/" TODAY "/S1-S1_L001.json");
    e.at += 3600;
    keep(s, &e, "quarantine/" TODAY "/S1-S1_L001.json");
    e.exit_code = 66;
    keep(s, &e, "quarantine/" TODAY "/S1-S1_L001-2.json");
    vl_fail(&e.err, VL_ETRUNC, "unheard");
    e.err.record++;
    keep(s, &e, "quarantine/" TODAY "/S1-S1_L001-3.json");
    e.at += 60;
    keep(s, &e, "quarantine/" TODAY "/S1-S1_L001-3.json");
    e = evidence("S1", "S1_L001");
    keep(s, &e, "quarantine/" TODAY "/S1-S1_L001.json");
    e.at += 86400;
    keep(s, &e, "quarantine/2026-11-23/S1-S1_L001.json");
    e = evidence("../../S 1", "a/b");
    keep(s, &e, "quarantine/" TODAY "/%2E.%2F..%2FS%201-a%2Fb.json");
    e = evidence(NULL, NULL);
    keep(s, &e, "quarantine/" TODAY "/input-S1_R1.fastq.gz.json");
    e.inputs = NULL;
    e.sheet = "/seq/sheet.csv";
    keep(s, &e, "quarantine/" TODAY "/sheet-sheet.csv.json");
    e.sheet = NULL;
    keep(s, &e, "quarantine/" TODAY "/input-unknown.json");
}

static void check_quarantine_long(const scene *s)
{
    char name[129], path[VL_BANK_PATH];
    struct stat st;
    vl_err err = VL_ERR_INIT;
    for (int shift = 0; shift < 3; shift++) {
        memset(name, '*', 128);
        memset(name, 'x', (size_t)shift);
        name[128] = 0;
        const vl_evidence e = evidence(name, name);
        CHECK(!vl_quarantine(&s->bank, &e, path, &err), "long name: %s", err.what);
        const char *const base = strrchr(path, '/') + 1;
        const char *const last = strrchr(base, '%');
        CHECK(strlen(base) < 240 && last && !strcmp(last, "%2A.json"), "name '%s'", base);
        char full[VL_BANK_PATH + 64];
        snprintf(full, sizeof full, "%s/%s", s->root, path);
        CHECK(!stat(full, &st) && S_ISREG(st.st_mode), "file '%s'", path);
    }
}

static void check_quarantine_json(const scene *s)
{
    vl_evidence e = evidence("S" MARKUP "\xff\n", "acq");
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    inputs.n = 2;
    e.sheet = "/seq/sheet.csv";
    e.line = 7;
    CHECK(!vl_quarantine(&s->bank, &e, path, &err), "keep: %s", err.what);
    json_t *const doc = load(s, path);
    const char *time, *sample, *acquisition, *in1, *in2, *sheet, *reason, *file, *message, *retry;
    int line, code;
    json_int_t byte, record;
    CHECK(!json_unpack_ex(doc, NULL, JSON_STRICT,
                          "{s:s, s:s, s:s, s:[s,s], s:s, s:i, s:s, s:{s:s, s:I, s:I}, s:s, s:i, s:s}", "time",
                          &time, "sample", &sample, "acquisition", &acquisition, "inputs", &in1, &in2,
                          "sheet", &sheet, "line", &line, "reason", &reason, "place", "file", &file, "byte",
                          &byte, "record", &record, "message", &message, "exit_code", &code, "retry",
                          &retry) &&
              !strcmp(time, TODAY "T08:30:00Z") && !strcmp(sample, "S" MARKUP "\xef\xbf\xbd\n") &&
              !strcmp(in2, "/seq/\xef\xbf\xbd(.gz") && line == 7 && byte == 18204211 && record == 40961 &&
              !strcmp(message, "/seq/S1_R1.fastq.gz: byte 18204211, record 40961: ends within a record") &&
              code == 65 && !strcmp(retry, "Copy it again."),
          "members of the JSON");
    json_decref(doc);
    e = (vl_evidence){ .at = NOW, .sample = "S9", .acquisition = "a", .exit_code = 139, .err = VL_ERR_INIT };
    keep(s, &e, "quarantine/" TODAY "/S9-a.json");
    json_t *const bare = load(s, "quarantine/" TODAY "/S9-a.json");
    CHECK(!json_object_get(bare, "place") && !json_object_get(bare, "sheet") &&
              !json_object_get(bare, "line") && json_array_size(json_object_get(bare, "inputs")) == 0 &&
              !strcmp(json_string_value(json_object_get(bare, "reason")), "fault"),
          "what is not known is left out");
    json_decref(bare);
}

static void check_quarantine(void)
{
    scene s;
    char path[512];
    open_scene(&s, "quarantine");
    check_quarantine_names(&s);
    check_quarantine_long(&s);
    check_quarantine_json(&s);
    snprintf(path, sizeof path, "%s/quarantine/" TODAY "/T1-a.json", s.root);
    FILE *const f = fopen(path, "w");
    if (!f || fputs("{ \"half", f) < 0 || fclose(f)) abort();
    const vl_evidence e = evidence("T1", "a");
    keep(&s, &e, "quarantine/" TODAY "/T1-a-2.json");
    char *const half = read_text(path);
    CHECK(!strcmp(half, "{ \"half"), "a file that is no JSON stays");
    free(half);
    close_scene(&s);
}

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

static bool says(const exposition *x, const char *line)
{
    for (int i = 0; i < x->nvalue; i++)
        if (!strcmp(x->value[i], line)) return true;
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
    CHECK(!vl_metrics_write(&s->bank, s->catalog, &err), "metrics: %s: %s", err.file, err.what);
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
              has(&x, "vial_disk_free_bytes") && has(&x, "vial_build_info"),
          "an empty bank");
}

static void check_metrics_full(scene *s)
{
    exposition x;
    write_metrics(s, &x);
    CHECK(says(&x, "vial_last_success_timestamp_seconds 1795249800"), "last success");
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

static void add_refusals(scene *s, int64_t job)
{
    vl_err err = VL_ERR_INIT;
    const vl_refusal refusal[] = {
        { NOW - 900, "S1" MARKUP, "lane\xff\n" MARKUP, "/seq/" MARKUP, "truncated",
          "ends early " MARKUP "\xed\xa0\x80", "quarantine/" TODAY "/%2E.%2FS1-a.json", 65 },
        { NOW - 800, NULL, NULL, NULL, MARKUP, "\033[2J", "javascript:alert(1)", 70 },
    };
    for (size_t i = 0; i < sizeof refusal / sizeof *refusal; i++)
        CHECK(!vl_catalog_add_refusal(s->catalog, job, &refusal[i], &err), "refusal: %s", err.what);
}

/* A bank with two good runs, hostile names everywhere, a failed store and a withdrawn sample. */
static void fill(scene *s)
{
    int64_t job;
    vl_err err = VL_ERR_INIT;
    add_job(s, NOW - 90000, NOW - 86400, 0, 10, 10, 0, UINT64_C(4000000000000), &job);
    add_job(s, NOW - 3900.25, NOW - 300, 65, 4, 2, 2, UINT64_C(1000000000000), &job);
    add_refusals(s, job);
    add_job(s, NOW - 60, 0, 0, 0, 0, 0, 0, &job);
    put_sample(s, "S1" MARKUP, "reads", NOW - 86400, 123456789, false);
    put_sample(s, "S2", "<i>kind</i>", NOW - 1000, 1000, false);
    put_sample(s, "S3", "spectra", NOW - 100 * 86400, 777, true);
    CHECK(!sqlite3_exec(s->catalog->db,
                        "UPDATE store SET verified_at = published_at, verify_failed = 'chunk "
                        "<b>3</b>"
                        "' WHERE bytes = 1000",
                        NULL, NULL, NULL),
          "a failed store: %s", err.what);
}

static void check_metrics(void)
{
    scene s;
    char path[512];
    open_scene(&s, "metrics");
    check_metrics_empty(&s);
    fill(&s);
    check_metrics_full(&s);
    free(s.bank.metrics);
    s.bank.metrics = strdup("reports/deep/er.prom");
    check_metrics_full(&s);
    free(s.bank.metrics);
    snprintf(path, sizeof path, "%s/else.prom", folder);
    s.bank.metrics = strdup(path);
    check_metrics_full(&s);
    close_scene(&s);
}

/* ---- pages: a strict reader of the HTML that we write ---- */

typedef struct reader {
    const char *about;
    char open[64][24]; /* elements that are open */
    int depth, nh1, nheading, ntable, ncaption, nsvg, ntitle;
} reader;

static bool is_void(const char *name)
{
    static const char *const all[] = { "meta", "br", "!DOCTYPE" };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i], name)) return true;
    return false;
}

/* Text and values of attributes: UTF-8 is checked by JSON, entities here. */
static void check_entities(const reader *r, const char *p, size_t n)
{
    static const char *const all[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
    for (size_t i = 0; i < n; i++) {
        bool good = p[i] != '&' && p[i] != '<';
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) good |= !strncmp(p + i, all[k], strlen(all[k]));
        if (!good) CHECK(good, "%s: a bare '%c' in '%.40s'", r->about, p[i], p + i);
    }
}

/* Attributes behind the name of an element; returns '>' or "/>" that ends it. */
static const char *read_attributes(const reader *r, const char *p, bool *hidden, bool *image)
{
    while (*p == ' ') {
        const char *const name = ++p;
        p += strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789");
        CHECK(p > name && strncmp(name, "on", 2) && strncmp(name, "src", 3), "%s: attribute '%.40s'",
              r->about, name);
        *hidden |= !strncmp(name, "aria-hidden=\"true\"", 18);
        *image |= !strncmp(name, "role=\"img\"", 10);
        if (*p != '=') continue;
        const char *const end = p[1] == '"' ? strchr(p + 2, '"') : NULL;
        if (!CHECK(end, "%s: value of '%.40s'", r->about, name)) return p;
        check_entities(r, p + 2, (size_t)(end - p - 2));
        CHECK(strncmp(name, "href", 4) || !memchr(p + 2, ':', (size_t)(end - p - 2)), "%s: link '%.60s'",
              r->about, name);
        p = end + 1;
    }
    return p;
}

static const char *read_tag(reader *r, const char *p)
{
    char name[24];
    const char *const start = p;
    const bool closes = p[1] == '/';
    bool hidden = false, image = false;
    p += 1 + closes;
    const size_t n = strspn(p, "!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ123456789");
    snprintf(name, sizeof name, "%.*s", (int)(n < 23 ? n : 23), p);
    p = read_attributes(r, p + n, &hidden, &image);
    const bool alone = *p == '/' || is_void(name);
    if (*p == '/') p++;
    if (!CHECK(*p == '>' && n, "%s: tag '%.60s'", r->about, start)) return NULL;
    if (closes) {
        r->depth--;
        return CHECK(r->depth >= 0 && !strcmp(r->open[r->depth], name), "%s: '</%s>' closes '%s'", r->about,
                     name, r->depth >= 0 ? r->open[r->depth] : "nothing")
                   ? p + 1
                   : NULL;
    }
    r->nh1 += !strcmp(name, "h1");
    r->nheading += !strcmp(name, "h2");
    r->ntable += !strcmp(name, "table");
    r->ncaption += !strcmp(name, "caption");
    r->nsvg += !strcmp(name, "svg") && !hidden;
    r->ntitle += !strcmp(name, "title");
    if (!strcmp(name, "svg"))
        CHECK(hidden != image, "%s: a drawing that is neither image nor hidden", r->about);
    if (!alone && CHECK(r->depth < 64, "%s: deep", r->about)) snprintf(r->open[r->depth++], 24, "%s", name);
    return p + 1;
}

static void check_html(const char *text, const char *about)
{
    reader r = { .about = about };
    json_t *const utf8 = json_string(text);
    CHECK(utf8, "%s: is UTF-8", about);
    json_decref(utf8);
    const char *control = text;
    while (*control == '\n' || (unsigned char)*control >= 32) control++;
    CHECK(!*control, "%s: control %d", about, *control);
    for (const char *p = text; p && *p;) {
        if (!strncmp(p, "<style>", 7)) p = strstr(p, "</style>") + 8;
        else if (*p == '<') p = read_tag(&r, p);
        else {
            const size_t n = strcspn(p, "<");
            check_entities(&r, p, n);
            p += n;
        }
    }
    CHECK(!r.depth && r.nh1 == 1 && r.nheading >= 1, "%s: %d open, %d h1, %d h2", about, r.depth, r.nh1,
          r.nheading);
    CHECK(r.ntable == r.ncaption && r.ntitle == 1 + r.nsvg,
          "%s: %d tables, %d captions, %d charts, %d titles", about, r.ntable, r.ncaption, r.nsvg, r.ntitle);
    CHECK(strstr(text, "<html lang=\"en\">") && count_of(text, "http") == 1 && strstr(text, "http-equiv") &&
              !strstr(text, "<script") && !strstr(text, "url(") && !strstr(text, "@import") &&
              !strstr(text, "nan") && !strstr(text, "\"inf"),
          "%s: nothing from elsewhere", about);
}

/* The page of a day, read and checked; owned by the caller. */
static char *day_page(scene *s, const char *day, const char *about)
{
    char name[64];
    vl_err err = VL_ERR_INIT;
    CHECK(!vl_page_day(&s->bank, s->catalog, day, NULL, &err), "%s: %s: %s", about, err.file, err.what);
    snprintf(name, sizeof name, "reports/%s.html", day);
    char *const text = read_in(s, name);
    check_html(text, about);
    return text;
}

static void expect(const char *text, const char *part)
{
    CHECK(strstr(text, part), "the page says '%s'", part);
}

static void check_page_empty(void)
{
    scene s;
    vl_err err = VL_ERR_INIT;
    open_scene(&s, "empty");
    char *const text = day_page(&s, TODAY, "an empty bank");
    expect(text, "Sunday, 22 November 2026");
    expect(text, "Nothing came in on this day, and there was no run.");
    expect(text, "Nothing was refused.");
    expect(text, "There are no stores yet.");
    expect(text, "not enough days to tell");
    free(text);
    static const char *const bad[] = {
        "", "today", "2026-02-30", "2026-11-22x", "2026-1-2", "26-11-22", "<b>"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vl_err_clear(&err);
        CHECK(vl_page_day(&s.bank, s.catalog, bad[i], NULL, &err) == VL_EARG, "day '%s'", bad[i]);
    }
    vl_err_clear(&err);
    CHECK(vl_page_sample(&s.bank, s.catalog, "S1", "x.html", &err) == VL_ENOIN && !exists("x.html"),
          "no such sample");
    vl_err_clear(&err);
    CHECK(vl_page_day(&s.bank, s.catalog, TODAY, "no/folder/x.html", &err) == VL_EEXIST, "no such folder");
    close_scene(&s);
}

/* The link to the quarantine leads to the file, from the page's own folder. */
static void check_link(scene *s, const char *page)
{
    char link[512], path[1024];
    vl_err err = VL_ERR_INIT;
    CHECK(!vl_page_day(&s->bank, s->catalog, TODAY, page, &err), "page to %s: %s", page, err.what);
    char *const text = read_text(page);
    const char *const at = strstr(text, "<a href=\"");
    size_t n = 0;
    for (const char *p = at ? at + 9 : "\""; *p != '"' && n < sizeof link - 1; p++) {
        unsigned byte;
        if (*p == '%' && sscanf(p + 1, "%2x", &byte) == 1) link[n++] = (char)byte, p += 2;
        else link[n++] = *p;
    }
    link[n] = 0;
    const char *const slash = strrchr(page, '/');
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - page) + 1 : 0, page, link);
    CHECK(at && n && exists(path), "the link '%s' of the page %s", link, page);
    CHECK(count_of(text, "<a href=") == 1, "only files of the quarantine are linked");
    free(text);
}

static void check_page_full(void)
{
    scene s;
    char page[512];
    open_scene(&s, "full bank:&");
    fill(&s);
    vl_evidence e = evidence("../S1", "a");
    e.retry = "Ask " MARKUP;
    keep(&s, &e, "quarantine/" TODAY "/%2E.%2FS1-a.json");
    char *const text = day_page(&s, TODAY, "a full bank");
    expect(text, "2 of 4 items were published; two were refused.");
    expect(text, "1 store failed the last check");
    expect(text, "1 run has no end noted");
    expect(text, "Ask &lt;script&gt;");
    expect(text, "something was refused");
    expect(text, "chunk &lt;b&gt;3&lt;/b&gt;");
    CHECK(!strstr(text, MARKUP) && !strstr(text, "<i>kind") && !strstr(text, "<b>3"),
          "all that came is escaped");
    free(text);
    free(day_page(&s, "2026-11-21", "the day before"));
    free(day_page(&s, "1970-01-01", "the first day"));
    snprintf(page, sizeof page, "%s/reports/" TODAY ".html", s.root);
    check_link(&s, page);
    snprintf(page, sizeof page, "%s/here.html", s.root);
    check_link(&s, page);
    snprintf(page, sizeof page, "%s/samples/../quarantine/x.html", s.root);
    check_link(&s, page);
    snprintf(page, sizeof page, "%s/beside.html", folder);
    check_link(&s, page);
    check_link(&s, "beside too.html");
    close_scene(&s);
}

static void check_page_sample(void)
{
    scene s;
    char page[512];
    vl_err err = VL_ERR_INIT;
    open_scene(&s, "sample");
    fill(&s);
    snprintf(page, sizeof page, "%s/sample.html", folder);
    const struct {
        const char *name, *says;
    } cases[] = { { "S1" MARKUP, "1 store with 1,234,567 rows in 123 MB." },
                  { "S2", "Not all of them passed their last check." },
                  { "S3", "<strong>Withdrawn</strong> on 22 November 2026. consent &lt;script&gt;" } };
    for (size_t i = 0; i < 3; i++) {
        CHECK(!vl_page_sample(&s.bank, s.catalog, cases[i].name, page, &err), "sample: %s", err.what);
        char *const text = read_text(page);
        check_html(text, cases[i].name);
        expect(text, cases[i].says);
        expect(text, "DNA &lt;script&gt;");
        expect(text, "d1ge57");
        expect(text, "5ba256");
        CHECK(!strstr(text, MARKUP), "all that came is escaped");
        free(text);
    }
    CHECK(vl_page_sample(&s.bank, s.catalog, "S1", NULL, &err) == VL_EARG, "a page needs a file");
    close_scene(&s);
}

/* The sentence of the day, from what runs say. */
static void check_sentences(void)
{
    const struct {
        uint64_t items, published, unchanged, refused, failed;
        const char *says;
    } cases[] = {
        { 0, 0, 0, 0, 0, "Nothing new came in; one run found nothing to do." },
        { 1, 1, 0, 0, 0, "The one item was published." },
        { 32, 32, 0, 0, 0, "All 32 items were published." },
        { 32, 31, 0, 1, 0, "31 of 32 items were published; one was refused." },
        { 3000, 1, 2996, 1, 2,
          "1 of 3,000 items was published; 2,996 were here already, one was refused and two failed." },
        { 5, 0, 5, 0, 0, "All 5 items were here already; nothing new came in." },
        { 5, 0, 0, 5, 0, "None of 5 items was published; five were refused." },
        { 1, 0, 0, 1, 0, "The one item was refused." },
        { 1, 0, 1, 0, 0, "The one item was here already." },
        { 1, 0, 0, 0, 1, "The one item failed." },
        { 7, 3, 0, 0, 0, "3 of 7 items were published." },
    };
    scene s;
    int64_t id;
    vl_err err = VL_ERR_INIT;
    open_scene(&s, "sentences");
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        char day[32];
        const double start = NOW - 86400.0 * (i + 1);
        add_job(&s, start, start + 60, 0, 0, 0, 0, 0, &id);
        const vl_catalog_job job = { "nightly",
                                     start,
                                     start + 60,
                                     0,
                                     cases[i].items,
                                     cases[i].published,
                                     cases[i].unchanged,
                                     cases[i].refused,
                                     cases[i].failed,
                                     1000,
                                     100 };
        CHECK(!vl_catalog_end_job(s.catalog, id, &job, &err), "job: %s", err.what);
        char *const text = day_page(&s, vl_bank_date(start, day), "a sentence");
        expect(text, cases[i].says);
        free(text);
    }
    close_scene(&s);
}

static void check_page_many(void)
{
    enum { JOBS = 1000 };
    scene s;
    int64_t id;
    vl_err err = VL_ERR_INIT;
    open_scene(&s, "many");
    CHECK(!vl_catalog_begin(s.catalog, &err), "begin: %s", err.what);
    for (int i = 0; i < JOBS; i++) {
        char name[32];
        add_job(&s, NOW - 80 * i - 100, NOW - 80 * i - 50, i % 7 ? 0 : 65, 2, 1, 1, 1000000, &id);
        snprintf(name, sizeof name, "M%d", i);
        put_sample(&s, name, i % 2 ? "reads" : "spectra", NOW - 80 * i - 60, 1000000, false);
        const vl_refusal r = {
            NOW - 80 * i - 55, name, "a", "/seq/x", i % 3 ? "format" : "truncated", "bad", NULL, 65
        };
        CHECK(!vl_catalog_add_refusal(s.catalog, id, &r, &err), "refusal: %s", err.what);
    }
    CHECK(!vl_catalog_commit(s.catalog, &err), "commit: %s", err.what);
    char *const text = day_page(&s, TODAY, "many runs");
    CHECK(count_of(text, ">nightly</td>") == 100 && strstr(text, " earlier ones."), "the latest runs");
    CHECK(strstr(text, " more; all of them lie in the folder quarantine"), "the first refusals");
    free(text);
    close_scene(&s);
}

int main(void)
{
    char now[32];
    snprintf(now, sizeof now, "%d", NOW);
    umask(022);
    if (!mkdtemp(folder) || chdir(folder) || setenv("VIAL_NOW", now, 1)) return 1;
    check_reasons();
    check_log();
    check_quarantine();
    check_metrics();
    check_page_empty();
    check_page_full();
    check_page_sample();
    check_sentences();
    check_page_many();
    CHECK(!chdir("/") && !nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), "clean up: %s",
          strerror(errno));
    return check_end();
}

/*
 * Checks what a bank notes for people who look for a reason: the log, and the quarantine with its reasons.
 * Each is read back after hostile names went in.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/bank/reason.h"
#include "pipeline/test/check.h"
#include "pipeline/test/evidence_scene.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
    CHECK(!stat(path, &st) && (st.st_mode & 0777) == 0660, "the log is writable for the group");
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
    const int keep_evidence = dup(2), to = open(moved, O_RDWR | O_TRUNC);
    if (keep_evidence < 0 || to < 0 || dup2(to, 2) < 0) abort();
    s->bank.log_to = VL_LOG_STDERR;
    vl_log(&s->bank, VL_LOG_INFO, "one", NULL);
    s->bank.log_to = VL_LOG_FILE;
    CHECK(!mkdir(path, 0700), "something else has the name of the log");
    vl_log(&s->bank, VL_LOG_INFO, "two", NULL);
    if (dup2(keep_evidence, 2) < 0) abort();
    close(keep_evidence);
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
    s.bank.shared = true;
    vl_bank_settle_mask(&s.bank);
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
            const bool io = other == VL_EIO || other == VL_ECLOSED; /* of a refusal there is no difference */
            CHECK(strcmp(vl_reason_of(&e), reason) || io, "codes %d and %d have the same reason", other,
                  code);
        }
    }
    for (const vl_reason *r = vl_reasons; r->code; r++)
        CHECK(strspn(r->code, "abcdefghijklmnopqrstuvwxyz_") == strlen(r->code) && r->means[0] &&
                  r->retry[0] && vl_reason_find(r->code) == r,
              "reason '%s'", r->code);
    CHECK(!vl_reason_find("") && !vl_reason_find("no such"), "reasons that are not ours");
}

static json_t *load(const scene *s, const char *path)
{
    char *const text = read_in(s, path);
    json_t *const doc = json_loads(text, 0, NULL);
    free(text);
    return doc;
}

static void check_quarantine_names(const scene *s)
{
    vl_evidence e = evidence("S1", "S1_L001");
    keep_evidence(s, &e, "quarantine/" TODAY "/S1-S1_L001.json");
    e.at += 3600;
    keep_evidence(s, &e, "quarantine/" TODAY "/S1-S1_L001.json");
    e.exit_code = 66;
    keep_evidence(s, &e, "quarantine/" TODAY "/S1-S1_L001-2.json");
    vl_fail(&e.err, VL_ETRUNC, "unheard");
    e.err.record++;
    keep_evidence(s, &e, "quarantine/" TODAY "/S1-S1_L001-3.json");
    e.at += 60;
    keep_evidence(s, &e, "quarantine/" TODAY "/S1-S1_L001-3.json");
    e = evidence("S1", "S1_L001");
    keep_evidence(s, &e, "quarantine/" TODAY "/S1-S1_L001.json");
    e.at += 86400;
    keep_evidence(s, &e, "quarantine/2026-11-23/S1-S1_L001.json");
    e = evidence("../../S 1", "a/b");
    keep_evidence(s, &e, "quarantine/" TODAY "/%2E.%2F..%2FS%201-a%2Fb.json");
    e = evidence(NULL, NULL);
    keep_evidence(s, &e, "quarantine/" TODAY "/input-S1_R1.fastq.gz.json");
    e.inputs = NULL;
    e.sheet = "/seq/sheet.csv";
    keep_evidence(s, &e, "quarantine/" TODAY "/sheet-sheet.csv.json");
    e.sheet = NULL;
    keep_evidence(s, &e, "quarantine/" TODAY "/input-unknown.json");
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
        char full[VL_BANK_PATH + sizeof s->root + 1];
        snprintf(full, sizeof full, "%s/%s", s->root, path);
        CHECK(!stat(full, &st) && S_ISREG(st.st_mode), "file '%s'", path);
    }
}

static void check_quarantine_json(const scene *s)
{
    vl_evidence e = evidence("S" MARKUP "\xff\n", "acq");
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    evidence_inputs.n = 2;
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
    keep_evidence(s, &e, "quarantine/" TODAY "/S9-a.json");
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
    keep_evidence(&s, &e, "quarantine/" TODAY "/T1-a-2.json");
    char *const half = read_text(path);
    CHECK(!strcmp(half, "{ \"half"), "a file that is no JSON stays");
    free(half);
    close_scene(&s);
}

int main(void)
{
    begin_evidence("check_evidence");
    check_reasons();
    check_log();
    check_quarantine();
    return end_evidence();
}

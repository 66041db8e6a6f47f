/*
 * Checks the ledger: patches against states, lines against docs/ledger.md, every byte altered, every length
 * cut, lines lost, doubled and moved, writers at once, and what redaction takes and leaves.
 *
 * Suites: banks. Also: asan.
 */
#include "check.h"
#include "pipeline/bank/ledger/ledger.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

enum { SHARD = 0xf5, MOST = 1 << 20 };

static vl_bank bank;
static char ids[8][16]; /* samples of one shard */

static void find_ids(void)
{
    for (int i = 0, n = 0; n < 8; i++) {
        snprintf(ids[n], sizeof ids[n], "S%d", i);
        n += vl_ledger_shard_of(ids[n]) == SHARD;
    }
}

/* The shard as it lies on disk; n bytes in all. */
static size_t get_file(char *text)
{
    FILE *const f = fopen("ledger/f5", "rb");
    const size_t n = f ? fread(text, 1, MOST, f) : 0;
    if (f) fclose(f);
    return n;
}

static void put_file(const void *text, size_t n)
{
    FILE *const f = fopen("ledger/f5", "wb");
    if (!f || fwrite(text, 1, n, f) != n) exit(2);
    fclose(f);
}

static json_t *json_of(const char *text)
{
    json_t *const made = json_loads(text, 0, NULL);
    if (!made) exit(2);
    return made;
}

static bool append(const char *sample, const char *what, uint64_t revision, const char *patch,
                   vl_ledger_link *link)
{
    vl_err err = VL_ERR_INIT;
    json_t *const change = json_of(patch);
    const vl_ledger_entry entry = { sample, what, "a sheet,\tline 2\n", revision, change };
    const bool good = !vl_ledger_append(&bank, &entry, 1, link, &err);
    CHECK(good, "append %s of %s: %s", what, sample, err.what);
    json_decref(change);
    return good;
}

/* Lines of the shard; wrong: those with something wrong, missing ones and broken chains among them. */
static int wrong;
static int walk(void)
{
    vl_ledger_shard s;
    vl_ledger_line line;
    vl_err err = VL_ERR_INIT;
    int n = 0;
    wrong = 0;
    if (vl_ledger_read(&bank, SHARD, 0, &s, &err)) return -1;
    wrong += s.headless;
    while (vl_ledger_next(&s, &line)) {
        n += !line.missing;
        wrong += line.wrong || line.loose;
    }
    vl_ledger_free(&s);
    return n;
}

static void check_state(const char *sample, const char *expected, uint64_t revision, const char *about)
{
    vl_ledger_known f;
    vl_err err = VL_ERR_INIT;
    json_t *const right = expected ? json_of(expected) : NULL;
    CHECK(!vl_ledger_fold(&bank, sample, NULL, &f, &err), "%s: %s", about, err.what);
    char *const text = f.state ? json_dumps(f.state, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    CHECK(right ? f.state && json_equal(f.state, right) : !f.state, "%s: %s", about, text ? text : "nothing");
    CHECK(f.revision == revision, "%s: revision %d", about, (int)f.revision);
    free(text);
    json_decref(right);
    vl_ledger_known_free(&f);
}

/* ---- patches ---- */

static json_t *draw_state(uint64_t *seed, int depth)
{
    json_t *const state = json_object();
    for (uint64_t n = check_random(seed) % 5; n; n--) {
        char name[8];
        const uint64_t pick = check_random(seed) % 5;
        snprintf(name, sizeof name, "m%d", (int)(check_random(seed) % 4));
        json_object_set_new(state, name,
                            pick == 0 && depth ? draw_state(seed, depth - 1)
                            : pick == 1        ? json_pack("[ii]", 1, (int)(check_random(seed) % 3))
                            : pick == 2        ? json_string("text")
                                               : json_integer((json_int_t)(check_random(seed) % 3)));
    }
    return state;
}

static void patches(void)
{
    uint64_t seed = 1;
    vl_err err = VL_ERR_INIT;
    for (int i = 0; i < 2000; i++) {
        json_t *const a = draw_state(&seed, 3), *const b = draw_state(&seed, 3),
                      *const was = json_deep_copy(a);
        json_t *const patch = vl_patch_between(a, b);
        CHECK(json_equal(a, was) && !vl_patch_apply(a, patch, &err) && json_equal(a, b), "patch %d", i);
        json_t *const none = vl_patch_between(a, b);
        CHECK(!json_object_size(none), "patch %d: nothing more to change", i);
        json_decref(a);
        json_decref(b);
        json_decref(was);
        json_decref(patch);
        json_decref(none);
    }
    json_t *const record = json_of("{\"vial_record\": 1, \"sample\": \"S\", \"revision\": 4, \"donor\": "
                                   "\"D\", \"facts\": {\"a\": \"b\"},"
                                   "\"ledger\": {\"line\": 1, \"sum\": \"0123456789abcdef\", \"at\": 17}, "
                                   "\"stores\": [{\"file\": \"x.h5\","
                                   "\"published\": 1}, {\"file\": \"a.h5\", \"published\": 2}]}");
    json_t *const state = vl_state_of(record), *const back = vl_state_record(state, "S", 4);
    CHECK(vl_ledger_link_of(record).at == 17 && vl_ledger_link_of(back).line == 0,
          "the note of the last line");
    json_object_del(record, "ledger");
    CHECK(json_equal(record, back), "record -> state -> record, with the order of the stores");
    json_decref(record);
    json_decref(state);
    json_decref(back);
}

/* ---- lines ---- */

/* Some lines about three samples. */
static void make_shard(vl_ledger_link *last)
{
    unlink("ledger/f5");
    append(ids[0], "publish", 1,
           "{\"donor\":\"DONOR-CANARY\",\"facts\":{\"k\":\"FACT-CANARY\"},\"stores\":{}}", last);
    append(ids[1], "publish", 1, "{\"facts\":{},\"stores\":{\"a.h5\":{\"rows\":1}}}", last);
    append(ids[0], "facts", 2, "{\"facts\":{\"k\":null,\"l\":\"v\\tw\\nx\"}}", last);
    append(ids[2], VL_LEDGER_BEGIN, 7, "{\"facts\":{},\"stores\":{}}", last);
    append(ids[1], "facts", 2, "{\"donor\":\"D1\"}", last);
}

/* The bytes, as docs/ledger.md has them. */
static void bytes_of_lines(void)
{
    static char text[MOST + 1];
    char head[32], chain[24], both[48], sum[24];
    vl_ledger_link link;
    make_shard(&link);
    const size_t n = get_file(text);
    snprintf(head, sizeof head, "vial-ledger 1 f5\n");
    CHECK(n > 17 && !memcmp(text, head, 17), "the head");
    snprintf(chain, sizeof chain, "%016llx", (unsigned long long)XXH3_64bits(text, 16));
    text[n] = 0;
    int lines = 0;
    for (char *at = text + 17, *end; *at && (end = strchr(at, '\n')); at = end + 1) {
        int tabs = 0;
        for (char *p = at; p < end; p++) tabs += *p == '\t';
        lines++;
        CHECK(tabs == 9 && atoi(at) == lines, "line %d: ten fields, and its number", lines);
        snprintf(sum, sizeof sum, "%016llx", (unsigned long long)XXH3_64bits(at, (size_t)(end - at) - 33));
        CHECK(!memcmp(end - 33, sum, 16) && end[-34] == '\t' && end[-17] == '\t', "line %d: its sum", lines);
        snprintf(both, sizeof both, "%s%s", chain, sum);
        snprintf(chain, sizeof chain, "%016llx", (unsigned long long)XXH3_64bits(both, 32));
        CHECK(!memcmp(end - 16, chain, 16), "line %d: its chain", lines);
        if (lines == 5)
            CHECK(link.at == (uint64_t)(at - text) && link.line == 5 && !strcmp(link.sum, sum), "the note");
    }
    CHECK(lines == 5, "five lines");
    check_state(ids[0], "{\"donor\":\"DONOR-CANARY\",\"facts\":{\"l\":\"v\\tw\\nx\"},\"stores\":{}}", 2,
                "fold of two lines");
    check_state(ids[2], "{\"facts\":{},\"stores\":{}}", 7, "fold of a beginning");
    check_state(ids[3], NULL, 0, "fold of none");
}

static void every_byte(void)
{
    static char text[MOST];
    vl_ledger_link link;
    int missed = 0;
    make_shard(&link);
    const size_t n = get_file(text);
    for (size_t i = 0; i < n; i++) {
        for (int bit = 1; bit < 256; bit <<= (i % 3 ? 3 : 1)) {
            text[i] ^= (char)bit;
            put_file(text, n);
            const int lines = walk();
            /* a line end that went takes the last line with it: that is a cut */
            missed += lines >= 0 && !wrong && !(i + 1 == n && lines == 4);
            text[i] ^= (char)bit;
        }
    }
    CHECK(!missed, "%d altered bytes of %zu are not found", missed, n);
    put_file(text, n);
    CHECK(walk() == 5 && !wrong, "and the right one is right");
}

static void every_cut(void)
{
    static char text[MOST], after[MOST];
    vl_ledger_link link;
    int bad = 0;
    make_shard(&link);
    const size_t n = get_file(text);
    for (size_t i = 0; i < n; i++) {
        int whole = 0;
        if (i > 20 && i % 9 && !memchr(text + i - 2, '\n', 4)) continue; /* each costs a sync */
        for (size_t k = 17; k < i; k++) whole += text[k] == '\n';
        put_file(text, i);
        bad += walk() != whole || wrong;
        append(ids[4], "publish", 1, "{\"facts\":{},\"stores\":{}}", &link);
        bad += walk() != whole + 1 || wrong || link.line != (uint64_t)whole + 1;
        const size_t got = get_file(after);
        bad += link.at >= got || memcmp(after, text, link.at < i ? link.at : i) != 0;
    }
    CHECK(!bad, "%d cuts of %zu are not taken as what they are", bad, n);
}

/* ---- lines that stand where they must not ---- */

typedef struct piece {
    size_t at, n;
} piece;

/* The shard made of some of its lines, in this order: "124" leaves the third out. */
static void arrange(const char *text, const piece *line, const char *order)
{
    static char made[MOST];
    size_t n = 17;
    memcpy(made, text, n);
    for (const char *p = order; *p; p++) {
        const piece *const one = &line[*p - '1'];
        memcpy(made + n, text + one->at, one->n);
        n += one->n;
    }
    put_file(made, n);
}

static void places(void)
{
    static char text[MOST];
    static const struct {
        const char *order;
        int good;
    } row[] = { { "1345", 4 }, { "12445", 5 }, { "13245", 4 }, { "2345", 4 }, { "15", 2 }, { "12", 2 } };
    vl_ledger_link link;
    piece line[5];
    uint64_t lost;
    make_shard(&link);
    const size_t n = get_file(text);
    size_t at = 17;
    for (int i = 0; i < 5; i++) {
        const char *const end = memchr(text + at, '\n', n - at);
        line[i] = (piece){ at, (size_t)(end + 1 - text) - at };
        at += line[i].n;
    }
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        vl_err err = VL_ERR_INIT;
        const bool cut = !strcmp(row[i].order, "12");
        arrange(text, line, row[i].order);
        walk();
        CHECK(cut ? !wrong : wrong > 0, "lines %s: %d are wrong", row[i].order, wrong);
        CHECK(!vl_ledger_mend(&bank, SHARD, &lost, &err) && (cut ? !lost : lost), "mended: %s", err.what);
        walk();
        CHECK(!wrong, "lines %s: nothing is wrong after mending", row[i].order);
        append(ids[4], "publish", 1, "{\"facts\":{},\"stores\":{}}", &link);
        CHECK(walk() > row[i].good && !wrong, "lines %s: and it goes on", row[i].order);
    }
    put_file(text, n);
    memcpy(text, "vial-ledger 2", 13);
    put_file(text, n);
    vl_ledger_shard s;
    vl_err err = VL_ERR_INIT;
    CHECK(vl_ledger_read(&bank, SHARD, 0, &s, &err) == VL_ECONFIG, "a newer version is not touched");
    vl_ledger_free(&s);
}

/* The last line was altered, and has its end: it stays, and the next one follows it. */
static void altered_end(void)
{
    static char text[MOST];
    vl_ledger_link link;
    make_shard(&link);
    const size_t n = get_file(text);
    text[n - 60] ^= 1;
    put_file(text, n);
    append(ids[4], "publish", 1, "{\"facts\":{},\"stores\":{}}", &link);
    CHECK(link.line == 6 && walk() == 6 && wrong == 1, "behind an altered line: %d wrong", wrong);
    CHECK(link.at == n, "it stays");
}

/* ---- folding from a record ---- */

static void from_record(void)
{
    vl_ledger_link link, last;
    vl_ledger_known f;
    vl_err err = VL_ERR_INIT;
    make_shard(&link);
    json_t *const record =
        json_of("{\"vial_record\": 1, \"sample\": \"x\", \"revision\": 2, \"donor\": \"D1\","
                "\"facts\": {}, \"stores\": [{\"file\": \"a.h5\", \"rows\": 1}]}");
    json_object_del(json_array_get(json_object_get(record, "stores"), 0), "file");
    json_object_set_new(json_array_get(json_object_get(record, "stores"), 0), "file", json_string("a.h5"));
    vl_ledger_set_link(record, &link, &err);
    append(ids[0], "facts", 3, "{\"donor\":null}", &last);
    append(ids[1], "facts", 3, "{\"donor\":\"D9\"}", &last);
    CHECK(!vl_ledger_fold(&bank, ids[1], record, &f, &err) && f.linked && !f.gap && f.revision == 3,
          "from its note");
    CHECK(!strcmp(json_string_value(json_object_get(f.state, "donor")), "D9"), "and on");
    vl_ledger_known_free(&f);
    link.at += 3; /* as after a redaction */
    vl_ledger_set_link(record, &link, &err);
    CHECK(!vl_ledger_fold(&bank, ids[1], record, &f, &err) && f.linked && f.revision == 3,
          "its place has moved");
    vl_ledger_known_free(&f);
    link.sum[0] = link.sum[0] == '0' ? '1' : '0';
    vl_ledger_set_link(record, &link, &err);
    CHECK(!vl_ledger_fold(&bank, ids[1], record, &f, &err) && !f.linked && f.revision == 3, "another line");
    vl_ledger_known_free(&f);
    append(ids[1], "facts", 5, "{\"donor\":\"D5\"}", &last);
    CHECK(!vl_ledger_fold(&bank, ids[1], NULL, &f, &err) && f.gap, "a revision is missing");
    vl_ledger_known_free(&f);
    json_decref(record);
}

/* ---- redaction ---- */

static bool holds(const char *text, size_t n, const char *word)
{
    return memmem(text, n, word, strlen(word));
}

static void redaction(void)
{
    static char text[MOST], again[MOST];
    vl_ledger_link link;
    vl_err err = VL_ERR_INIT;
    make_shard(&link);
    CHECK(vl_ledger_redact(&bank, ids[0], "t", &err) == VL_EARG, "not withdrawn: %s", err.what);
    vl_err_clear(&err);
    append(ids[0], "withdraw", 3, "{\"withdrawn\":{\"reason\":\"REASON\",\"at\":5},\"donor\":null}", &link);
    const mode_t mode = 0620;
    chmod("ledger/f5", mode);
    CHECK(!vl_ledger_redact(&bank, ids[0], "t", &err), "redact: %s", err.what);
    struct stat st;
    CHECK(!stat("ledger/f5", &st) && (st.st_mode & 0777) == mode, "the mode stays");
    size_t n = get_file(text);
    CHECK(!holds(text, n, "CANARY") && !holds(text, n, "\"v\\tw") && holds(text, n, "REASON"),
          "what goes and stays");
    CHECK(walk() == 7 && !wrong, "a whole shard: %d wrong", wrong);
    check_state(ids[0], "{\"facts\":{},\"stores\":{},\"withdrawn\":{\"reason\":\"REASON\",\"at\":5}}", 4,
                "a tombstone");
    check_state(ids[1], "{\"donor\":\"D1\",\"facts\":{},\"stores\":{\"a.h5\":{\"rows\":1}}}", 2,
                "the others stay");
    CHECK(!vl_ledger_redact(&bank, ids[0], "t", &err) && get_file(again) == n && !memcmp(text, again, n),
          "twice");
    CHECK(!vl_ledger_redact(&bank, ids[5], "t", &err) && get_file(again) == n,
          "of a sample that is not there");
    CHECK(access("ledger/.f5.part", F_OK), "nothing is left beside");
    FILE *const f = fopen("ledger/.f5.part", "w");
    if (f) fclose(f);
    append(ids[1], "facts", 3, "{\"donor\":\"D2\"}", &link);
    CHECK(access("ledger/.f5.part", F_OK), "what a dead run left beside goes");
    CHECK(walk() == 8 && !wrong, "and it goes on");
}

/* ---- many at once ---- */

static void writers(void)
{
    enum { WRITERS = 4, EACH = 40 };
    pid_t child[WRITERS];
    unlink("ledger/f5");
    for (int i = 0; i < WRITERS; i++) {
        if ((child[i] = fork())) continue;
        for (int k = 0; k < EACH; k++) {
            vl_ledger_link link;
            vl_err err = VL_ERR_INIT;
            json_t *const patch = json_pack("{s:i}", "n", k);
            const vl_ledger_entry entry = { ids[i], "facts", "w", (uint64_t)k + 1, patch };
            if (vl_ledger_append(&bank, &entry, 1, &link, &err)) _exit(1);
            if (k % 10 == 9 && i == 3 && vl_ledger_mend(&bank, SHARD, &(uint64_t){ 0 }, &err)) _exit(1);
            json_decref(patch);
        }
        _exit(0);
    }
    for (int i = 0, status; i < WRITERS; i++)
        CHECK(waitpid(child[i], &status, 0) == child[i] && !status, "writer %d", i);
    CHECK(walk() == WRITERS * EACH && !wrong, "all their lines, %d wrong", wrong);
    for (int i = 0; i < WRITERS; i++) check_state(ids[i], "{\"n\":39}", EACH, "each writer's own");
}

int main(void)
{
    bank.root = check_enter("check_ledger");
    find_ids();
    patches();
    bytes_of_lines();
    every_byte();
    every_cut();
    places();
    altered_end();
    from_record();
    redaction();
    writers();
    unlink("ledger/f5");
    rmdir("ledger");
    return check_leave();
}

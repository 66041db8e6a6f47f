/*
 * Checks the pages of a bank: a small strict reader of the HTML that we write reads them back after hostile
 * names went in.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/bank/page/page.h"
#include "pipeline/test/check.h"
#include "pipeline/test/evidence_scene.h"

#include <stdlib.h>
#include <string.h>

static int count_of(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part)) n++;
    return n;
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
    CHECK(!vl_page_day(&s->bank, s->catalog, NULL, day, NULL, &err), "%s: %s: %s", about, err.file, err.what);
    snprintf(name, sizeof name, "reports/%s.html", day);
    char *const text = read_in(s, name);
    check_html(text, about);
    return text;
}

static void expect_part(const char *text, const char *part)
{
    CHECK(strstr(text, part), "the page says '%s'", part);
}

static void check_page_empty(void)
{
    scene s;
    vl_err err = VL_ERR_INIT;
    open_scene(&s, "empty");
    char *const text = day_page(&s, TODAY, "an empty bank");
    expect_part(text, "Sunday, 22 November 2026");
    expect_part(text, "Nothing came in on this day, and there was no run.");
    expect_part(text, "Nothing was refused.");
    expect_part(text, "There are no stores yet.");
    expect_part(text, "not enough days to tell");
    free(text);
    static const char *const bad[] = {
        "", "today", "2026-02-30", "2026-11-22x", "2026-1-2", "26-11-22", "<b>"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vl_err_clear(&err);
        CHECK(vl_page_day(&s.bank, s.catalog, NULL, bad[i], NULL, &err) == VL_EARG, "day '%s'", bad[i]);
    }
    vl_err_clear(&err);
    CHECK(vl_page_sample(&s.bank, s.catalog, "S1", "x.html", &err) == VL_ENOIN && !exists("x.html"),
          "no such sample");
    vl_err_clear(&err);
    CHECK(vl_page_day(&s.bank, s.catalog, NULL, TODAY, "no/folder/x.html", &err) == VL_EEXIST,
          "no such folder");
    close_scene(&s);
}

/* The link to the quarantine leads to the file, from the page's own folder. */
static void check_link(scene *s, const char *page)
{
    char link[512], path[1024];
    vl_err err = VL_ERR_INIT;
    CHECK(!vl_page_day(&s->bank, s->catalog, NULL, TODAY, page, &err), "page to %s: %s", page, err.what);
    char *const text = read_text(page);
    const char *at = strstr(text, "quarantine/"); /* in its link */
    while (at && at > text && strncmp(at, "<a href=\"", 9)) at--;
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
    CHECK(count_of(text, "<a href=") == 1 + count_of(text, "samples/"),
          "only files of the quarantine and folders of samples are linked");
    free(text);
}

static void check_page_full(void)
{
    scene s;
    char page[512];
    open_scene(&s, "full bank:&");
    fill_scene(&s);
    vl_evidence e = evidence("../S1", "a");
    e.retry = "Ask " MARKUP;
    keep_evidence(&s, &e, "quarantine/" TODAY "/%2E.%2FS1-a.json");
    char *const text = day_page(&s, TODAY, "a full bank");
    expect_part(text, "2 of 4 items were published; 2 were refused.");
    expect_part(text, "<strong>1 store is damaged: S2/");
    expect_part(text, "1 run has no end noted");
    expect_part(text, "Ask &lt;script&gt;");
    expect_part(text, "something was refused");
    expect_part(text, "chunk &lt;b&gt;3&lt;/b&gt;");
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
    snprintf(page, sizeof page, "%s/beside.html", evidence_folder);
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
    fill_scene(&s);
    snprintf(page, sizeof page, "%s/sample.html", evidence_folder);
    const struct {
        const char *name, *says;
    } cases[] = { { "S1" MARKUP, "1 store with 1,234,567 rows in 123 MB." },
                  { "S2", "Not all of them passed their last check." },
                  { "S3", "<strong>Withdrawn</strong> on 22 November 2026. consent &lt;script&gt;" } };
    for (size_t i = 0; i < 3; i++) {
        CHECK(!vl_page_sample(&s.bank, s.catalog, cases[i].name, page, &err), "sample: %s", err.what);
        char *const text = read_text(page);
        check_html(text, cases[i].name);
        expect_part(text, cases[i].says);
        if (i < 2) {
            expect_part(text, "DNA &lt;script&gt;");
            expect_part(text, "d1ge57");
            expect_part(text, "5ba256");
            expect_part(text, "vial export -b ");
            expect_part(text, "/samples/");
            expect_part(text, "not readable"); /* there is no such file */
        }
        CHECK(i < 2 || (!strstr(text, "DNA") && !strstr(text, "5ba256") && !strstr(text, "/seq/")),
              "nothing of a withdrawn sample is shown");
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
        uint64_t healed;
    } cases[] = {
        { 0, 0, 0, 0, 0, "Nothing new came in; one run found nothing to do." },
        { 1, 1, 0, 0, 0, "The one item was published." },
        { 32, 32, 0, 0, 0, "All 32 items were published." },
        { 32, 31, 0, 1, 0, "31 of 32 items were published; 1 was refused." },
        { 3000, 1, 2996, 1, 2,
          "1 of 3,000 items was published; 2,996 were here already, 1 was refused and 2 failed." },
        { 5, 0, 5, 0, 0, "All 5 items were here already; nothing new came in." },
        { 5, 0, 0, 5, 0, "None of 5 items was published; 5 were refused." },
        { 1, 0, 0, 1, 0, "The one item was refused." },
        { 1, 0, 1, 0, 0, "The one item was here already." },
        { 1, 0, 0, 0, 1, "The one item failed." },
        { 7, 3, 0, 0, 0, "3 of 7 items were published." },
        { 7, 1, 4, 0, 0, "1 of 7 items was published; 4 were here already and 2 were healed.", 2 },
        { 1, 0, 0, 0, 0, "The one item was healed.", 1 },
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
                                     100,
                                     cases[i].healed };
        CHECK(!vl_catalog_end_job(s.catalog, id, &job, &err), "job: %s", err.what);
        char *const text = day_page(&s, vl_bank_date(start, day), "a sentence");
        expect_part(text, cases[i].says);
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
    begin_evidence("check_bank_pages");
    check_page_empty();
    check_page_full();
    check_page_sample();
    check_sentences();
    check_page_many();
    return end_evidence();
}

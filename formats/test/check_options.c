/*
 * Checks options as text: what is noted in a store and in a bank, and whether what a store notes says the
 * same as what is asked for now, as banks ask when the same file comes again.
 *
 * Suites: formats.
 */
#include "formats/format.h"
#include "pipeline/test/check.h"

#include <math.h>
#include <string.h>

static bool same(const char *noted, const char *asked)
{
    char text[VL_OPTIONS];
    vl_given given = { .n = 0 };
    vl_err err = VL_ERR_INIT;
    snprintf(text, sizeof text, "%s", asked);
    CHECK(!vl_given_parse(&given, text, &err), "%s: %s", asked, err.what);
    return vl_format_same_options(noted, &given);
}

static void check_same(void)
{
    static const struct {
        const char *noted, *asked;
        bool same;
    } cases[] = {
        { "", "", true },
        { "interleaved=no", "", true },
        { "interleaved=no", "interleaved", false },
        { "interleaved=yes", "interleaved", true },
        { "interleaved=yes", "", false },
        { "interleaved=0", "", true },
        { "interleaved=1", "interleaved", true },
        { "interleaved=1", "", false },
        /* --exact changed what was proven of mzML; today all is, so that it says nothing of a store */
        { "exact=sampled", "", true },
        { "exact=all", "", true },
        { "exact=sampled", "exact=all", true },
        { "exact=all", "exact=sampled", true },
        { "", "exact=all", true },
        { "interleaved=0 exact=sampled", "", true },
        { "interleaved=0 exact=all", "", true },
        { "interleaved=0 exact=all", "interleaved", false },
        { "interleaved=yes exact=all", "interleaved", true },
        /* of no format that we know: something else was asked for than can be now */
        { "colour=blue", "", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK(same(cases[i].noted, cases[i].asked) == cases[i].same, "'%s', asked '%s'", cases[i].noted,
              cases[i].asked);
}

/* What an option of before is set to is not noted. */
static void check_noted(void)
{
    for (int i = 0; vl_formats[i]; i++) {
        char into[256] = { 0 }, text[VL_OPTIONS];
        const vl_opt *const o = vl_opt_find(vl_formats[i]->option, "exact");
        if (!o) continue;
        CHECK(!o->help && vl_opt_set(o, into, "all") && vl_opt_set(o, into, "sampled"), "is taken");
        CHECK(!vl_opt_set(o, into, "some"), "but not anything");
        vl_opt_print_all(vl_formats[i]->option, into, text, sizeof text);
        CHECK(!strstr(text, "exact"), "noted: %s", text);
    }
}

static void check_least(void)
{
    static const struct {
        const char *text;
        bool good;
        double from, to;
    } cases[] = {
        { "20", true, 20, INFINITY },  { "20.5-30", true, 20.5, 30 }, { "0-0", true, 0, 0 },
        { "20-", true, 20, INFINITY }, { "1e1", true, 10, INFINITY }, { "", false, 0, 0 },
        { "-", false, 0, 0 },          { "x", false, 0, 0 },          { "30-20", false, 0, 0 },
        { "20x", false, 0, 0 },        { "inf", false, 0, 0 },        { "nan", false, 0, 0 },
        { "20-30-40", false, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double from = 0, to = 0;
        const bool good = vl_parse_least(cases[i].text, &from, &to);
        CHECK(good == cases[i].good, "'%s' is %s", cases[i].text, good ? "taken" : "refused");
        CHECK(!good ||
                  (from <= cases[i].from && from >= cases[i].from && to <= cases[i].to && to >= cases[i].to),
              "'%s': %g to %g", cases[i].text, from, to);
    }
}

int main(void)
{
    check_same();
    check_noted();
    check_least();
    return check_end();
}

/* The table of formats: find by name, ask each for a probe (format.h). */
#include "formats/format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define VL_FORMAT(name) extern const vl_format vl_##name;
#include "formats/formats.def"
#undef VL_FORMAT

const vl_format *const vl_formats[] = {
#define VL_FORMAT(name) &vl_##name,
#include "formats/formats.def"
#undef VL_FORMAT
    NULL
};

const vl_format *vl_format_probe(const uint8_t *bytes, size_t n)
{
    const vl_format *best = NULL;
    int most = 0;
    for (int i = 0; vl_formats[i]; i++) {
        const int sure = vl_formats[i]->probe(bytes, n);
        if (sure > most) {
            most = sure;
            best = vl_formats[i];
        }
    }
    return best;
}

const vl_format *vl_format_find(const char *name)
{
    for (int i = 0; vl_formats[i]; i++)
        if (!strcmp(vl_formats[i]->name, name)) return vl_formats[i];
    return NULL;
}

const char *vl_format_resembles(const uint8_t *bytes, size_t n)
{
    if (n && bytes[0] == '>') return "FASTA, reads without qualities";
    if (n >= 262 && !memcmp(bytes + 257, "ustar", 5)) return "a tar archive of files";
    if (n >= 2 && (!memcmp(bytes, "\xff\xfe", 2) || !memcmp(bytes, "\xfe\xff", 2))) return "UTF-16 text";
    if (n >= 5 && (!strncasecmp((const char *)bytes, "<html", 5) ||
                   (n >= 14 && !strncasecmp((const char *)bytes, "<!doctype html", 14))))
        return "an HTML page, as of a download that failed";
    if (n >= 8 && !memcmp(bytes, "VIALSEAL", 8)) return "a store of vial";
    if (n >= 8 && !memcmp(bytes, "\x89HDF\r\n\x1a\n", 8)) return "HDF5";
    return NULL;
}

/* Is it the first of its title? Formats of several kinds may be called the same. */
static bool is_first(int f)
{
    for (int i = 0; i < f; i++)
        if (!strcmp(vl_formats[i]->title, vl_formats[f]->title)) return false;
    return true;
}

const char *vl_format_titles(const char *joint, char text[VL_FORMAT_TITLES])
{
    size_t at = 0;
    int last = 0;
    text[0] = 0;
    for (int i = 0; vl_formats[i]; i++)
        if (is_first(i)) last = i;
    for (int i = 0; vl_formats[i] && at < VL_FORMAT_TITLES; i++) {
        if (!is_first(i)) continue;
        const char *const before = !i ? "" : i == last ? " " : ", ";
        at += (size_t)snprintf(text + at, VL_FORMAT_TITLES - at, "%s%s%s%s", before,
                               i && i == last ? joint : "", i && i == last ? " " : "", vl_formats[i]->title);
    }
    return text;
}

void vl_fact_add(vl_facts *facts, const char *name, const char *fmt, ...)
{
    if (facts->n >= (int)(sizeof facts->fact / sizeof *facts->fact)) return;
    vl_fact *const f = &facts->fact[facts->n++];
    snprintf(f->name, sizeof f->name, "%s", name);
    va_list args;
    va_start(args, fmt);
    vsnprintf(f->text, sizeof f->text, fmt, args);
    va_end(args);
}

const char *vl_fact_get(const vl_facts *facts, const char *name)
{
    for (int i = 0; i < facts->n; i++)
        if (!strcmp(facts->fact[i].name, name)) return facts->fact[i].text;
    return "";
}

/* The option of that name, of whichever format; NULL if there is none. */
static const vl_opt *find_option(const char *name)
{
    for (int i = 0; vl_formats[i]; i++) {
        const vl_opt *const o = vl_opt_find(vl_formats[i]->option, name);
        if (o) return o;
    }
    return NULL;
}

/* What holds of an option when it is not asked for: the first of its choices, a flag not set. */
static const char *usual(const vl_opt *o, char word[32])
{
    if (!o || o->kind != VL_OPT_CHOICE) return "no";
    snprintf(word, 32, "%.*s", (int)strcspn(o->choices, " "), o->choices);
    return word;
}

bool vl_format_same_options(const char *noted, const vl_given *asked)
{
    char text[256], word[32];
    vl_given was = { .n = 0 };
    vl_err err = VL_ERR_INIT;
    snprintf(text, sizeof text, "%s", noted);
    if (vl_given_parse(&was, text, &err)) return false;
    for (int i = 0; i < was.n; i++) {
        const vl_opt *const o = find_option(was.option[i].name);
        const char *then = was.option[i].text, *now = vl_given_find(asked, was.option[i].name);
        if (o && !o->help) continue;
        if (!now) now = usual(o, word);
        if (!*now) now = "yes";
        if (!strcmp(then, "0")) then = "no";
        if (!strcmp(then, "1")) then = "yes";
        if (strcmp(then, now)) return false;
    }
    return true;
}

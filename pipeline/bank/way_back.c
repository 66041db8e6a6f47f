/* The command that gives the original files back (way_back.h). */
#include "pipeline/bank/way_back.h"
#include "pipeline/io/names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void vl_way_back_add(vl_way_back *w, int stream, const char *path)
{
    if (stream < 1 || stream > 2) return;
    if (!w->nfile[stream - 1]++) w->file[stream - 1] = path;
}

static void put(vl_buf *out, const char *text, vl_err *err)
{
    if (!err->code) vl_buf_append(out, text, strlen(text), err);
}

/* One word for a shell: as it is, or in quotes. */
static void put_word(vl_buf *out, const char *text, vl_err *err)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/+=:,@%";
    if (*text && strspn(text, plain) == strlen(text)) {
        put(out, text, err);
        return;
    }
    put(out, "'", err);
    for (const char *p = text; *p && !err->code; p++)
        vl_buf_append(out, *p == '\'' ? "'\\''" : p, *p == '\'' ? 4 : 1, err);
    put(out, "'", err);
}

void vl_way_back_name(const vl_way_back *w, int k, char name[VL_WAY_BACK_NAME])
{
    const bool two = w->nfile[0] && w->nfile[1];
    const char *const base = vl_name_base(w->file[k]);
    const vl_name parts = vl_name_split(base);
    const char *const gz = strstr(base + parts.packed, "gz") ? ".gz" : "";
    if (w->nfile[k] > 1)
        snprintf(name, VL_WAY_BACK_NAME, "%s%s%.*s%s", w->acquisition,
                 !two ? ""
                 : k  ? "_R2"
                      : "_R1",
                 (int)(parts.packed - parts.plain), base + parts.plain, gz);
    else if (!vl_name_given_back(base, name, VL_WAY_BACK_NAME))
        snprintf(name, VL_WAY_BACK_NAME, "%.*s%s", (int)parts.packed, base, gz);
}

vl_code vl_way_back_print(const vl_way_back *w, vl_buf *out, vl_err *err)
{
    const bool two = w->nfile[0] && w->nfile[1];
    char name[VL_WAY_BACK_NAME];
    put(out, "vial export -b ", err);
    put_word(out, w->bank, err);
    put(out, " ", err);
    snprintf(name, sizeof name, "%s/%s", w->sample, w->acquisition);
    put_word(out, name, err);
    for (int k = 0; k < 2; k++) {
        if (!w->nfile[k]) continue;
        put(out, !two ? " -o " : k ? " -2 " : " -1 ", err);
        vl_way_back_name(w, k, name);
        put_word(out, name, err);
    }
    if (!err->code) vl_buf_append(out, "", 1, err);
    return err->code;
}

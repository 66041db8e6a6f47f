/* What others added to a store (additions.h). */
#include "pipeline/out/additions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take(void *to, const char *object, const char *attribute)
{
    vl_additions *const a = to;
    if (a->n == a->cap) {
        const size_t cap = a->cap ? 2 * a->cap : 16;
        vl_addition *const p = reallocarray(a->one, cap, sizeof *p);
        if (p) a->one = p, a->cap = cap;
    }
    if (a->n == a->cap || a->no_memory) {
        a->no_memory = true;
        return;
    }
    vl_addition *const one = &a->one[a->n++];
    *one = (vl_addition){ strdup(object), attribute ? strdup(attribute) : NULL };
    a->no_memory |= !one->object || (attribute && !one->attribute);
}

vl_code vl_additions_list(vl_additions *added, vl_store *st, vl_err *err)
{
    *added = (vl_additions){ 0 };
    if (!vl_store_added(st, take, added, err) && added->no_memory)
        vl_fail(err, VL_ENOMEM, "no memory for what was added to a store");
    return err->code;
}

static int print_one(const vl_addition *one, char *text, size_t n)
{
    if (one->attribute) return snprintf(text, n, "attribute '%.60s' of %.60s", one->attribute, one->object);
    return snprintf(text, n, "'%.80s'", one->object);
}

vl_code vl_additions_tell(const vl_addition *one, vl_buf *text, vl_err *err)
{
    char line[160];
    const int n = print_one(one, line, sizeof line - 1);
    line[n] = '\n';
    return vl_buf_append(text, line, (size_t)n + 1, err);
}

const char *vl_additions_print(const vl_additions *added, char *text, size_t n)
{
    enum { MORE = 24 };
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < added->n; i++) {
        char one[160];
        print_one(&added->one[i], one, sizeof one);
        if (used + strlen(one) + MORE >= n) {
            snprintf(text + used, n - used, "%s%zu more", i ? " and " : "", added->n - i);
            break;
        }
        used += (size_t)snprintf(text + used, n - used, "%s%s", i ? ", " : "", one);
    }
    return text;
}

void vl_additions_free(vl_additions *added)
{
    for (size_t i = 0; i < added->n; i++) {
        free(added->one[i].object);
        free(added->one[i].attribute);
    }
    free(added->one);
    *added = (vl_additions){ 0 };
}

/* Items and what is known about them (item.h). */
#include "pipeline/bank/item.h"
#include "formats/letter.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NAME = 128 }; /* bytes */

vl_item *vl_items_add(vl_items *items, vl_err *err)
{
    if (items->n == items->cap) {
        const size_t cap = items->cap ? items->cap + items->cap / 2 : 16;
        vl_item *const item = reallocarray(items->item, cap, sizeof *item);
        if (!item) {
            vl_fail(err, VL_ENOMEM, "no memory for %zu items", cap);
            return NULL;
        }
        items->item = item;
        items->cap = cap;
    }
    items->item[items->n] = (vl_item){ 0 };
    return &items->item[items->n++];
}

void vl_items_cut(vl_items *items, size_t n)
{
    while (items->n > n) {
        vl_item *const item = &items->item[--items->n];
        free(item->sample);
        free(item->acquisition);
        vl_inputs_free(&item->inputs);
        free(item->profile);
        free(item->options);
        free(item->inbox);
        vl_details_free(&item->about_sample);
        vl_details_free(&item->about_acquisition);
    }
}

void vl_items_free(vl_items *items)
{
    vl_items_cut(items, 0);
    free(items->item);
    *items = (vl_items){ 0 };
}

/* The detail of that name; NULL: none. */
static vl_detail *find(const vl_details *details, const char *name)
{
    for (size_t i = 0; i < details->n; i++)
        if (!strcmp(details->detail[i].name, name)) return &details->detail[i];
    return NULL;
}

static vl_code grow(vl_details *details, vl_err *err)
{
    if (details->n < details->cap) return VL_OK;
    const size_t cap = details->cap ? 2 * details->cap : 4;
    vl_detail *const detail = reallocarray(details->detail, cap, sizeof *detail);
    if (!detail) return vl_fail(err, VL_ENOMEM, "no memory for %zu details", cap);
    details->detail = detail;
    details->cap = cap;
    return VL_OK;
}

vl_code vl_details_set(vl_details *details, const char *name, const char *value, vl_err *err)
{
    char *const text = strdup(value);
    if (!text) return vl_fail(err, VL_ENOMEM, "no memory for a detail of %zu bytes", strlen(value));
    vl_detail *const old = find(details, name);
    if (old) {
        free(old->value);
        old->value = text;
        return VL_OK;
    }
    char *const copy = strdup(name);
    if (!copy) vl_fail(err, VL_ENOMEM, "no memory for a name of %zu bytes", strlen(name));
    if (!copy || grow(details, err)) {
        free(copy);
        free(text);
        return err->code;
    }
    details->detail[details->n++] = (vl_detail){ .name = copy, .value = text };
    return VL_OK;
}

const char *vl_details_get(const vl_details *details, const char *name)
{
    const vl_detail *const detail = find(details, name);
    return detail ? detail->value : NULL;
}

void vl_details_free(vl_details *details)
{
    for (size_t i = 0; i < details->n; i++) {
        free(details->detail[i].name);
        free(details->detail[i].value);
    }
    free(details->detail);
    *details = (vl_details){ 0 };
}

/* Blanks that print as ' ' does and are none: two ids that look alike. */
static bool is_other_blank(uint32_t c)
{
    return c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f ||
           c == 0x2800 || c == 0x3000;
}

const char *vl_item_bad_name(const char *name)
{
    const size_t n = strlen(name);
    if (!n) return "is empty";
    if (n > MOST_NAME) return "is longer than 128 bytes";
    if (*name == '.') return "starts with '.'";
    if (*name == '-') return "starts with '-'";
    uint32_t letter = 0;
    for (size_t at = 0, len; at < n; at += len) {
        len = vl_letter(name + at, n - at, &letter);
        if (!len) return "is not UTF-8";
        if (letter == '/') return "has a '/' in it";
        if (vl_letter_hidden(letter)) return "has a control character or an invisible letter in it";
        if (is_other_blank(letter))
            return "has a no-break space, or another that only looks like a blank, in it";
        if (!at && letter == ' ') return "starts with a blank";
    }
    return letter == ' ' ? "ends with a blank" : NULL;
}

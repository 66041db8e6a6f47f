/*
 * How elements of a table of a foreign HDF5 file lie there (foreign_parts.h). HDF5 tells how they would lie
 * in memory: there text on a heap takes 8 bytes and not 16, and members behind it move up, which is undone
 * here. Source: HDF5 File Format Specification 3.0, IV.A.2.d and III.E; H5Tcompound.c.
 */
#include "pipeline/store/foreign_parts.h"
#include "pipeline/store/h5.h"

#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 8, MEMBERS_MOST = 64, ON_HEAP = 16 }; /* bytes of what stands for something on a heap */

void vl_foreign_layout_free(vl_foreign_layout *l)
{
    if (!l) return;
    for (int i = 0; l->member && i < l->n; i++) vl_foreign_layout_free(l->member[i].of);
    free(l->member);
    free(l);
}

static vl_foreign_layout *layout_of(hid_t type, int depth);

static bool add_members(vl_foreign_layout *l, int n)
{
    l->member = n > 0 && n <= MEMBERS_MOST ? calloc((size_t)n, sizeof *l->member) : NULL;
    l->n = l->member ? n : 0;
    return l->member;
}

/* Member i of a type, and how many bytes more it takes in the file. */
static bool take_member(vl_foreign_part *m, hid_t type, unsigned i, int depth, size_t *more)
{
    char *const name = H5Tget_member_name(type, i);
    const hid_t of = H5Tget_member_type(type, i);
    const size_t size = of < 0 ? 0 : H5Tget_size(of);
    const bool fits = name && strlen(name) < sizeof m->name;
    if (fits) strcpy(m->name, name);
    m->at = H5Tget_member_offset(type, i) + *more;
    m->of = fits && size ? layout_of(of, depth + 1) : NULL;
    if (m->of) *more += m->of->bytes - size;
    if (name) H5free_memory(name);
    if (of >= 0) H5Tclose(of);
    return m->of;
}

/* Members are in the order of their places, as HDF5 writes them. */
static bool take_row(vl_foreign_layout *l, hid_t type, int depth)
{
    size_t more = 0, end = 0;
    if (!add_members(l, H5Tget_nmembers(type))) return false;
    for (int i = 0; i < l->n; i++) {
        vl_foreign_part *const m = &l->member[i];
        if (!take_member(m, type, (unsigned)i, depth, &more) || m->at < end) return false;
        end = m->at + m->of->bytes;
    }
    l->bytes = H5Tget_size(type) + more;
    return end <= l->bytes;
}

static bool take_rows(vl_foreign_layout *l, hid_t type, int depth)
{
    const hid_t of = H5Tget_super(type);
    const bool good = of >= 0 && add_members(l, 1) && (l->member[0].of = layout_of(of, depth + 1));
    if (of >= 0) H5Tclose(of);
    l->bytes = ON_HEAP;
    return good;
}

static bool take_type(vl_foreign_layout *l, hid_t type, int depth)
{
    l->bytes = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        l->kind = VL_FOREIGN_WHOLE;
        return l->bytes && l->bytes <= 8 && H5Tget_order(type) == H5T_ORDER_LE &&
               H5Tget_precision(type) == 8 * l->bytes;
    case H5T_STRING:
        l->kind = H5Tis_variable_str(type) > 0 ? VL_FOREIGN_TEXT : VL_FOREIGN_CHARS;
        if (l->kind == VL_FOREIGN_TEXT) l->bytes = ON_HEAP;
        return l->bytes > 0;
    case H5T_COMPOUND: l->kind = VL_FOREIGN_ROW; return take_row(l, type, depth);
    case H5T_VLEN: l->kind = VL_FOREIGN_ROWS; return take_rows(l, type, depth);
    default: return false;
    }
}

static vl_foreign_layout *layout_of(hid_t type, int depth)
{
    vl_foreign_layout *const l = depth < DEEPEST ? calloc(1, sizeof *l) : NULL;
    if (l && take_type(l, type, depth)) return l;
    vl_foreign_layout_free(l);
    return NULL;
}

vl_foreign_layout *vl_foreign_layout_of(int64_t type) { return layout_of(type, 0); }

/* Pages (pages.h): which of them is filled next, and who unpacks it. */
#include "pipeline/out/pages.h"

#include <assert.h>
#include <stdlib.h>

enum {
    STALE = 16, /* ticks of the clock after which a page is most likely not needed again */
    FIRST = 48  /* pages that there is room for at first */
};

void vl_pages_open(vl_pages *p, vl_store *store, size_t most)
{
    *p = (vl_pages){ .store = store, .most = most };
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->change, NULL);
}

void vl_pages_close(vl_pages *p)
{
    for (size_t i = 0; i < p->npage; i++) {
        vl_buf_free(&p->page[i]->packed);
        vl_buf_free(&p->page[i]->plain);
        free(p->page[i]);
    }
    free(p->page);
    vl_buf_free(&p->spare);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->change);
}

/* ---- a page to be filled ---- */

static bool is_free(const vl_page *page) { return page->passed || page->state == VL_PAGE_EMPTY; }

/* Is page a the better one to be filled with so many bytes? */
static bool is_better(const vl_page *a, const vl_page *b, size_t bytes)
{
    if (is_free(a) != is_free(b)) return is_free(a);
    if (!is_free(a)) return a->used < b->used;
    const bool fits = a->plain.cap >= bytes;
    if (fits != (b->plain.cap >= bytes)) return fits;
    return fits ? a->plain.cap < b->plain.cap : a->plain.cap > b->plain.cap;
}

static vl_page *add_page(vl_pages *p, vl_err *err)
{
    if (p->npage == p->cpage) {
        const size_t cap = p->cpage ? 2 * p->cpage : FIRST;
        vl_page **const more = realloc(p->page, cap * sizeof *more);
        if (!more) goto none;
        p->page = more;
        p->cpage = cap;
    }
    vl_page *const page = calloc(1, sizeof *page);
    if (!page) goto none;
    page->column = -1;
    return p->page[p->npage++] = page;
none:
    vl_fail(err, VL_ENOMEM, "no memory for a chunk");
    return NULL;
}

/* One that was read to its end and has the room; else the one that was not needed for longest if that is long
 * ago or there are many; else a new one: memory that was never touched costs more than what it saves. Called
 * with the lock held. */
static vl_page *choose(vl_pages *p, int column, vl_err *err)
{
    const vl_stored *const col = vl_store_column(p->store, column);
    const size_t bytes = (size_t)col->chunk * vl_type_width(col->type);
    vl_page *best = NULL;
    for (size_t i = 0; i < p->npage; i++) {
        vl_page *const page = p->page[i];
        if (!page->pins && (!best || is_better(page, best, bytes))) best = page;
    }
    const bool room = best && (best->plain.cap >= bytes || !best->plain.cap); /* or it never had any */
    if (best && (best->state == VL_PAGE_EMPTY || (best->passed && room) || p->npage >= p->most ||
                 best->used + STALE < p->clock))
        return best;
    return add_page(p, err);
}

/* ---- pins ---- */

/* Whether a page holds a part, or will: while it is packed, more can be wanted of it. */
static bool covers(vl_page *page, const vl_part *part)
{
    vl_part *const has = &page->part;
    if (!has->to || (part->to && has->from <= part->from && part->to <= has->to)) return true;
    if (page->state != VL_PAGE_PACKED) return false;
    if (!part->to) *has = *part;
    else
        *has = (vl_part){ .from = has->from < part->from ? has->from : part->from,
                          .to = has->to > part->to ? has->to : part->to };
    return true;
}

vl_page *vl_page_pin(vl_pages *p, int column, uint64_t nth, vl_part part, bool *fetched, vl_err *err)
{
    bool again = false;
    pthread_mutex_lock(&p->lock);
    vl_page *page = NULL;
    for (size_t i = 0; i < p->npage && !page; i++)
        if (p->page[i]->column == column && p->page[i]->nth == nth && p->page[i]->state != VL_PAGE_EMPTY) {
            if (covers(p->page[i], &part)) page = p->page[i];
            else again = true;
        }
    *fetched = !page;
    if (*fetched && (page = choose(p, column, err))) {
        page->column = column;
        page->nth = nth;
        page->part = again ? (vl_part){ 0 } : part;
        page->state = VL_PAGE_EMPTY;
        page->passed = false;
        vl_err_clear(&page->err);
    }
    if (page) {
        page->pins++;
        page->used = p->clock;
    }
    pthread_mutex_unlock(&p->lock);
    if (!page || !*fetched) return page;
    const vl_code code = vl_store_fetch(p->store, column, nth, &page->packed, err);
    pthread_mutex_lock(&p->lock);
    page->state = code ? VL_PAGE_EMPTY : VL_PAGE_PACKED;
    if (code) page->pins--;
    pthread_mutex_unlock(&p->lock);
    return code ? NULL : page;
}

void vl_page_hold(vl_pages *p, vl_page *page)
{
    pthread_mutex_lock(&p->lock);
    page->pins++;
    pthread_mutex_unlock(&p->lock);
}

void vl_page_unpin(vl_pages *p, vl_page *page, bool passed)
{
    pthread_mutex_lock(&p->lock);
    assert(page->pins > 0);
    page->pins--;
    page->passed |= passed;
    pthread_mutex_unlock(&p->lock);
}

void vl_page_give_back(vl_pages *p, vl_page *page)
{
    pthread_mutex_lock(&p->lock);
    if (page->pins == 1 && page->state == VL_PAGE_READY) {
        page->state = VL_PAGE_EMPTY;
        if (page->plain.cap > p->spare.cap) vl_buf_swap(&p->spare, &page->plain);
    }
    pthread_mutex_unlock(&p->lock);
}

/* ---- unpacking ---- */

void vl_page_unpack_here(vl_pages *p, vl_page *page, vl_work *work)
{
    pthread_mutex_lock(&p->lock);
    const bool mine = page->state == VL_PAGE_PACKED;
    vl_part part = page->part;
    if (mine) page->state = VL_PAGE_BUSY;
    if (mine && p->spare.cap > page->plain.cap) vl_buf_swap(&p->spare, &page->plain);
    pthread_mutex_unlock(&p->lock);
    if (!mine) return;
    vl_stored_unpack_part(vl_store_column(p->store, page->column), page->nth, &page->packed, &part,
                          &page->plain, work, &page->err);
    vl_err_file(&page->err, vl_store_path(p->store));
    pthread_mutex_lock(&p->lock);
    page->part = part;
    page->state = page->err.code ? VL_PAGE_BAD : VL_PAGE_READY;
    pthread_cond_broadcast(&p->change);
    pthread_mutex_unlock(&p->lock);
}

vl_code vl_page_unpack(vl_pages *p, vl_page *page, vl_work *work, vl_err *err)
{
    vl_page_unpack_here(p, page, work);
    pthread_mutex_lock(&p->lock);
    while (page->state == VL_PAGE_BUSY) pthread_cond_wait(&p->change, &p->lock);
    pthread_mutex_unlock(&p->lock);
    if (page->state == VL_PAGE_BAD && !err->code) *err = page->err;
    return err->code;
}

const uint8_t *vl_page_pick(vl_pages *p, vl_page *page, const uint64_t *some, size_t n, vl_buf *room,
                            vl_work *work, vl_err *err)
{
    const vl_stored *const col = vl_store_column(p->store, page->column);
    vl_part part = { .some = some, .nsome = n };
    pthread_mutex_lock(&p->lock);
    const bool packed = page->state == VL_PAGE_PACKED || page->state == VL_PAGE_BUSY;
    pthread_mutex_unlock(&p->lock);
    if (!packed || !vl_stored_picks(col, &page->packed))
        return vl_page_unpack(p, page, work, err) ? NULL : page->plain.data;
    if (!vl_stored_unpack_part(col, page->nth, &page->packed, &part, room, work, err)) return room->data;
    vl_err_file(err, vl_store_path(p->store));
    return NULL;
}

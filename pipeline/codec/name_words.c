/* Texts that are few words, again and again (name.h). */
#include "pipeline/codec/name.h"

#include "formats/xxh3.h"

#include <string.h>

enum { SLOTS = 4096, MOST = SLOTS / 2, EARLY = 512 };

/* A text that was met. */
typedef struct met {
    uint64_t hash;
    uint32_t text, count, word;
} met;

/* The slot of a text, or a free one. */
static met *slot_of(met *slot, const uint8_t *plain, const vl_text *text, size_t i)
{
    const uint64_t hash = XXH3_64bits(plain + text[i].at, text[i].n);
    size_t at = (size_t)(hash >> 20) % SLOTS;
    while (slot[at].count && (slot[at].hash != hash || !vl_text_same(plain, text[slot[at].text], text[i])))
        at = (at + 1) % SLOTS;
    slot[at].hash = hash;
    return &slot[at];
}

/* Counts what there is; at [n]: the slot of each text, SLOTS where there was no room. False, soon: nearly all
 * texts are new. */
static bool count_all(met *slot, uint16_t *at, const uint8_t *plain, const vl_text *text, size_t n)
{
    size_t nmet = 0;
    for (size_t i = 0; i < n; i++) {
        met *const m = i && vl_text_same(plain, text[i - 1], text[i]) && at[i - 1] != SLOTS
                           ? &slot[at[i - 1]]
                           : slot_of(slot, plain, text, i);
        at[i] = (uint16_t)(m - slot);
        if (!m->count && nmet == MOST) at[i] = SLOTS;
        if (at[i] == SLOTS) continue;
        if (!m->count) m->text = (uint32_t)i, nmet++;
        m->count++;
        if (i == EARLY && nmet > EARLY / 2) return false;
    }
    return nmet <= n / 2;
}

/* Those that came often enough are words, the first first. */
static void choose(vl_name_words *w, met *slot, const uint16_t *at, size_t n, size_t most)
{
    uint32_t often = 1;
    size_t more = SIZE_MAX;
    while (more > most) {
        more = 0;
        often++;
        for (size_t i = 0; i < SLOTS; i++) more += slot[i].count >= often;
    }
    w->n = w->others = 0;
    slot[SLOTS] = (met){ 0 };
    for (size_t i = 0; i <= SLOTS; i++) slot[i].word = VL_NAME_WORD;
    for (size_t i = 0; i < n; i++) {
        met *const m = &slot[at[i]];
        if (m->count >= often && m->word == VL_NAME_WORD) {
            m->word = (uint32_t)w->n;
            w->first[w->n++] = m->text;
        }
        w->which.data[i] = (uint8_t)m->word;
        w->others += m->word == VL_NAME_WORD;
    }
}

vl_code vl_name_count(vl_name_words *w, const uint8_t *plain, const vl_text *text, size_t n, size_t most,
                      bool *few, vl_err *err)
{
    *few = false;
    if (vl_buf_reserve(&w->slot, (SLOTS + 1) * sizeof(met), err) || vl_buf_reserve(&w->which, n, err) ||
        vl_buf_reserve(&w->at, n * sizeof(uint16_t), err))
        return err->code;
    met *const slot = (met *)(void *)w->slot.data;
    uint16_t *const at = (uint16_t *)(void *)w->at.data;
    memset(slot, 0, SLOTS * sizeof *slot);
    if (!count_all(slot, at, plain, text, n)) return VL_OK;
    choose(w, slot, at, n, most);
    *few = w->n && w->others <= n / 4;
    for (size_t i = 0; *few && i < n; i++)
        if (w->which.data[i] == VL_NAME_WORD) w->which.data[i] = (uint8_t)w->n;
    return VL_OK;
}

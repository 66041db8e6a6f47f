/* Text that a source makes (made_text.h). */
#include "pipeline/io/made_text.h"

#include "pipeline/io/input_raw.h"

#include <string.h>

void vl_made_forget(vl_made_text *m)
{
    if (m->given <= m->text.len / 2) return;
    memmove(m->text.data, m->text.data + m->given, vl_made_left(m));
    m->text.len -= m->given;
    m->given = 0;
}

vl_code vl_made_take(vl_made_text *m, size_t want, bool over, vl_packet *packet, vl_file_facts *facts,
                     vl_err *err)
{
    const size_t left = vl_made_left(m), n = left < want ? left : want;
    packet->packed.len = packet->plain.len = 0;
    packet->file = 0;
    packet->file_end = packet->end = over && n == left;
    if (vl_buf_append(&packet->plain, m->text.data + m->given, n, err)) return err->code;
    m->given += n;
    facts->plain_bytes += n;
    return VL_OK;
}

vl_code vl_made_digest(const char *path, vl_file_facts *facts, vl_err *err)
{
    vl_raw raw = VL_RAW_INIT;
    if (!vl_raw_open(&raw, path, err))
        while (!vl_raw_need(&raw, 1, err) && vl_raw_left(&raw))
            vl_raw_step(&raw, (ptrdiff_t)vl_raw_left(&raw));
    facts->bytes = raw.read;
    if (!err->code) vl_raw_finish(&raw, facts->sha256);
    vl_raw_free(&raw);
    return err->code;
}

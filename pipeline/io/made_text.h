/* What sources have alike whose text is made from what a library reads of a file, not from its bytes: text
 * that is made ahead of who takes it, and the digest of the file. */
#ifndef VL_MADE_TEXT_H
#define VL_MADE_TEXT_H

#include "pipeline/io/packet.h"

typedef struct vl_made_text { /* zero at first */
    vl_buf text;              /* owned; [given, len) is to come */
    size_t given;
} vl_made_text;

static inline size_t vl_made_left(const vl_made_text *m) { return m->text.len - m->given; }
/* Before more is added: room of what was given is used again. */
void vl_made_forget(vl_made_text *m);
/* At most want bytes become the packet's. over: no more will be made. */
vl_code vl_made_take(vl_made_text *m, size_t want, bool over, vl_packet *packet, vl_file_facts *facts,
                     vl_err *err);
/* Of the file as it is: bytes and sha256. */
vl_code vl_made_digest(const char *path, vl_file_facts *facts, vl_err *err);

#endif

/* Which build of vial this is (build_id.h): the note that the linker leaves, as the program finds it in its
 * own memory. */
#include "pipeline/run/build_id.h"

#include "formats/letter.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 8 /* bytes of the id */, ROOM = 64 };

/* Notes lie one behind the other: a header, a name and a content, each filled up to four bytes. */
static const uint8_t *find_id(const uint8_t *notes, size_t n, size_t *len)
{
    for (size_t at = 0; n - at >= sizeof(ElfW(Nhdr));) {
        const ElfW(Nhdr) *const note = (const void *)(notes + at);
        const size_t name = (note->n_namesz + 3u) & ~(size_t)3, content = (note->n_descsz + 3u) & ~(size_t)3;
        at += sizeof *note;
        if (name > n - at || content > n - at - name) return NULL;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && !memcmp(notes + at, "GNU", 4)) {
            *len = note->n_descsz;
            return notes + at + name;
        }
        at += name + content;
    }
    return NULL;
}

/* The first object of the list is the program itself. */
static int look(struct dl_phdr_info *object, size_t size, void *text)
{
    char hex[2 * SHOWN + 1];
    size_t len = 0;
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *const part = &object->dlpi_phdr[i];
        if (part->p_type != PT_NOTE) continue;
        const uint8_t *const id =
            find_id((const void *)(object->dlpi_addr + part->p_vaddr), part->p_memsz, &len);
        if (!id || len < SHOWN) continue;
        vl_hex(id, SHOWN, hex);
        snprintf(text, ROOM, VL_VERSION " %s", hex);
        break;
    }
    return 1;
}

const char *vl_build_id(void)
{
    static char text[ROOM];
    if (!text[0]) {
        snprintf(text, sizeof text, VL_VERSION);
        dl_iterate_phdr(look, text);
    }
    return text;
}

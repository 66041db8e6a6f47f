/* The wrapper of a document of mzML (mzml_index.h). */
#include "pipeline/spectra/mzml_index.h"

#include "formats/sha.h"
#include "formats/spectra/xml.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct vl_mzml_index {
    const char *element;
    bool wraps;
    vl_buf entries; /* owned: text of the index, so far */
    uint64_t bytes; /* of the document, so far */
    SHA_CTX sha1;
};

static const char wrapper[] = "<indexedmzML xmlns=\"http://psi.hupo.org/ms/mzml\" "
                              "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                              "xsi:schemaLocation=\"http://psi.hupo.org/ms/mzml "
                              "http://psidev.info/files/ms/mzML/xsd/mzML1.1.2_idx.xsd\">\n";

static void pass(vl_mzml_index *x, const uint8_t *at, size_t n)
{
    SHA1_Update(&x->sha1, at, n);
    x->bytes += n;
}

/* Where the root begins, if it is of mzML 1.1; SIZE_MAX: it is not. */
static size_t find_root(const vl_buf *head, vl_err *err)
{
    vl_xml x = { .data = head->data, .n = head->len };
    do
        if (vl_xml_next(&x, err)) return SIZE_MAX;
    while (x.kind != VL_XML_OPEN && x.kind != VL_XML_END);
    if (x.kind != VL_XML_OPEN || !vl_xml_is(x.name, "mzML")) return SIZE_MAX;
    const vl_xml_span version = vl_xml_get(&x, "version");
    return version.n >= 3 && !memcmp(version.at, "1.1", 3) ? x.from : SIZE_MAX;
}

static vl_code insert(vl_buf *text, size_t at, const char *what, vl_err *err)
{
    const size_t n = strlen(what);
    if (vl_buf_reserve(text, text->len + n, err)) return err->code;
    memmove(text->data + at + n, text->data + at, text->len - at);
    memcpy(text->data + at, what, n);
    text->len += n;
    return VL_OK;
}

vl_code vl_mzml_index_begin(vl_mzml_index **index, const char *element, vl_buf *head, vl_err *err)
{
    vl_mzml_index *const x = *index = calloc(1, sizeof *x);
    if (!x) return vl_fail(err, VL_ENOMEM, "no memory for an index");
    x->element = element;
    SHA1_Init(&x->sha1);
    const size_t root = find_root(head, err);
    x->wraps = root != SIZE_MAX;
    if (err->code || (x->wraps && insert(head, root, wrapper, err))) return err->code;
    pass(x, head->data, head->len);
    return VL_OK;
}

/* Its id stands as in the record's own tag, whose quotes may be others. */
static vl_code put_entry(vl_mzml_index *x, vl_xml_span id, uint64_t at, vl_err *err)
{
    vl_text_put(&x->entries, err, "<offset idRef=\"");
    for (size_t i = 0; i < id.n && !err->code; i++)
        if (id.at[i] == '"') vl_text_add(&x->entries, "&quot;", err);
        else vl_buf_append(&x->entries, id.at + i, 1, err);
    vl_text_put(&x->entries, err, "\">%" PRIu64 "</offset>\n", at);
    return err->code;
}

vl_code vl_mzml_index_follow(vl_mzml_index *x, const vl_buf *marks, const vl_buf *text, vl_err *err)
{
    for (size_t i = 0; i < marks->len / sizeof(size_t) && x->wraps; i++) {
        size_t at;
        memcpy(&at, marks->data + i * sizeof at, sizeof at);
        vl_xml tag = { .data = text->data, .n = text->len, .at = at, .offset = 1 };
        do
            if (vl_xml_next(&tag, err)) return err->code;
        while (tag.kind != VL_XML_OPEN && tag.kind != VL_XML_EMPTY && tag.kind != VL_XML_END);
        if (put_entry(x, vl_xml_get(&tag, "id"), x->bytes + tag.from, err)) return err->code;
    }
    return VL_OK;
}

void vl_mzml_index_pass(vl_mzml_index *x, const vl_buf *text) { pass(x, text->data, text->len); }

vl_code vl_mzml_index_end(vl_mzml_index *x, vl_buf *text, vl_err *err)
{
    if (!x->wraps) return VL_OK;
    const uint64_t at = x->bytes + text->len;
    uint8_t digest[SHA_DIGEST_LENGTH];
    vl_text_put(text, err, "<indexList count=\"1\">\n<index name=\"%s\">\n", x->element);
    if (vl_buf_append(text, x->entries.data, x->entries.len, err)) return err->code;
    vl_text_put(text, err, "</index>\n</indexList>\n<indexListOffset>%" PRIu64 "</indexListOffset>\n", at);
    if (vl_text_add(text, "<fileChecksum>", err)) return err->code;
    pass(x, text->data, text->len);
    SHA1_Final(digest, &x->sha1);
    for (size_t i = 0; i < sizeof digest; i++) vl_text_put(text, err, "%02x", digest[i]);
    return vl_text_add(text, "</fileChecksum>\n</indexedmzML>\n", err);
}

void vl_mzml_index_free(vl_mzml_index *x)
{
    if (x) vl_buf_free(&x->entries);
    free(x);
}

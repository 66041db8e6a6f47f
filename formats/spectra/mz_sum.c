/* What a document says of itself at its end, its SHA-1, and of its lists, how long they are: is it true? */
#include <string.h>

#include "formats/letter.h"
#include "formats/spectra/mzml.h"

void vl_mz_sum_begin(vl_mz_sum *s, bool possible)
{
    s->done = !possible;
    SHA1_Init(&s->sha1);
}

void vl_mz_sum_add(vl_mz_sum *s, const uint8_t *bytes, size_t n)
{
    if (!s->done) SHA1_Update(&s->sha1, bytes, n);
}

void vl_mz_sum_take(vl_mz_sum *s, const uint8_t *bytes, size_t n, vl_xml_span text)
{
    const vl_xml_span t = vl_xml_trim(text);
    const size_t len = t.n < sizeof s->said ? t.n : sizeof s->said - 1;
    s->seen = true;
    memcpy(s->said, t.at, len);
    s->said[len] = 0;
    if (s->done) return;
    SHA1_Update(&s->sha1, bytes, n);
    SHA1_Final(s->digest, &s->sha1);
    s->done = true;
}

const char *vl_mz_sum_fact(const vl_mz_sum *s)
{
    char hex[41];
    if (!s->seen) return "absent";
    const size_t n = strlen(s->said);
    if (n != 40 || strspn(s->said, "0123456789abcdefABCDEF") != 40 || strspn(s->said, "0") == 40)
        return "placeholder";
    vl_hex(s->digest, 20, hex);
    return strcasecmp(hex, s->said) ? "mismatch" : "ok";
}

void vl_mz_count_fact(vl_facts *facts, const char *name, bool seen, uint64_t said, uint64_t found)
{
    if (!seen || said == UINT64_MAX) vl_fact_add(facts, name, "absent");
    else if (said == found) vl_fact_add(facts, name, "ok");
    else if (said == UINT64_MAX - 1) vl_fact_add(facts, name, "mismatch: no number");
    else
        vl_fact_add(facts, name, "mismatch: %llu said, %llu found", (unsigned long long)said,
                    (unsigned long long)found);
}

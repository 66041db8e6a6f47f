/* Titles of columns and names of facts (fact_name.h). */
#include "pipeline/bank/fact_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

void vl_fact_fold(const char *title, size_t len, char *name)
{
    size_t n = 0;
    while (len && isblank((unsigned char)*title)) title++, len--;
    while (len && isblank((unsigned char)title[len - 1])) len--;
    for (size_t i = 0; i < len; i++) {
        const char c = strchr("_- \t", title[i]) ? '_' : (char)tolower((unsigned char)title[i]);
        if (c == '_' && n && name[n - 1] == '[') continue;
        while ((c == '[' || c == ']') && n && name[n - 1] == '_') n--;
        name[n++] = c;
    }
    name[n] = 0;
}

vl_fact_of vl_fact_unwrap(char *name)
{
    static const struct {
        const char *head;
        vl_fact_of of;
        bool kept; /* in the name */
    } part[] = { { "characteristics[", VL_FACT_OF_SAMPLE, false },
                 { "comment[", VL_FACT_OF_ACQUISITION, false },
                 { "factor_value[", VL_FACT_OF_ACQUISITION, true } };
    const size_t len = strlen(name);
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        const size_t skip = strlen(part[i].head);
        if (len <= skip + 1 || strncmp(name, part[i].head, skip) || name[len - 1] != ']') continue;
        name[len - 1] = 0;
        if (part[i].kept) name[skip - 1] = '_';
        else memmove(name, name + skip, len - skip);
        return part[i].of;
    }
    return VL_FACT_OF_NEITHER;
}

/* Lines for people (say.h). One write, so that the lines of several processes do not mix. */
#include "pipeline/run/say.h"

#include "formats/letter.h"

#include <stdarg.h>
#include <string.h>

void vl_say(FILE *to, const char *fmt, ...)
{
    enum { MOST = 8192 };
    char line[MOST], shown[MOST + 1];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    const size_t n = vl_letters_show(line, shown, MOST);
    shown[n] = '\n';
    fwrite(shown, 1, n + 1, to);
}

void vl_say_error(const vl_err *err)
{
    char line[1024];
    vl_err_print(err, line, sizeof line);
    vl_say(stderr, "vial: %s", line);
}

/* Counts what holds, prints what does not, and makes the folder that a check works in: see check.h. */
#include "pipeline/test/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

long npassed, nfailed;
static char folder[256];

bool check(bool ok, const char *text, const char *file, int line, const char *about, ...)
{
    enum { MOST = 40 }; /* lines printed */
    if (ok) {
        npassed++;
        return true;
    }
    if (nfailed++ < MOST) {
        va_list args;
        printf("%s:%d: %s: ", file, line, text);
        va_start(args, about);
        vprintf(about, args);
        va_end(args);
        putchar('\n');
    }
    return false;
}

int check_end(void)
{
    printf("%ld passed, %ld failed\n", npassed, nfailed);
    return nfailed != 0;
}

void check_new_folder(const char *name, char *path, size_t size)
{
    const char *const under = getenv("TMPDIR");
    const int n = snprintf(path, size, "%s/%s.XXXXXX", under ? under : "/tmp", name);
    if (n < 0 || (size_t)n >= size || !mkdtemp(path)) exit(1);
}

char *check_enter(const char *name)
{
    check_new_folder(name, folder, sizeof folder);
    if (chdir(folder)) exit(1);
    return folder;
}

int check_leave(void)
{
    CHECK(!chdir("/") && !rmdir(folder), "nothing is left behind: %s", strerror(errno));
    return check_end();
}

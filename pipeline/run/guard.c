/* Guard (guard.h): fork, wait, clean up. What parent and child share is one page of file names. */
#include "pipeline/run/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum { FILES = 4, LONGEST = 4096 };

static char (*leftover)[LONGEST]; /* [FILES]; shared between parent and child; "" is free */
static volatile sig_atomic_t child;

void vl_guard_name(const char *path)
{
    if (!leftover || strlen(path) >= LONGEST) return;
    char
        full[LONGEST]; /* the child may have changed its folder; it does not, but the parent must not guess */
    if (*path != '/' && getcwd(full, sizeof full)) {
        const size_t used = strlen(full);
        if (used + 1 + strlen(path) >= sizeof full) return;
        snprintf(full + used, sizeof full - used, "/%s", path);
    } else {
        snprintf(full, sizeof full, "%s", path);
    }
    for (int i = 0; i < FILES; i++) {
        if (leftover[i][0]) continue;
        memcpy(leftover[i], full, strlen(full) + 1);
        return;
    }
}

/* The file has another name now, or is gone. Its names are told apart by their last part. */
void vl_guard_forget(const char *path)
{
    const char *const slash = strrchr(path, '/'), *const name = slash ? slash + 1 : path;
    for (int i = 0; leftover && i < FILES; i++) {
        const char *const other = strrchr(leftover[i], '/');
        if (other && !strcmp(other + 1, name)) leftover[i][0] = 0;
    }
}

/* What a terminal sends (the kernel is its sender) goes to the whole group: the child has it already. */
static void hand_on(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (child > 0 && info->si_code <= 0) kill((pid_t)child, number);
}

int vl_guard_asked(const siginfo_t *info)
{
    static volatile sig_atomic_t by_terminal, by_guard, by_others;
    if (info->si_code > 0) by_terminal++;
    else if (info->si_pid == getppid()) by_guard++;
    else by_others++;
    return (int)(by_terminal + (by_guard > by_others ? by_guard : by_others));
}

/* with NULL: as it was before */
static void catch_signals(void (*with)(int, siginfo_t *, void *))
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
    struct sigaction action = { .sa_handler = SIG_DFL };
    if (with) action = (struct sigaction){ .sa_sigaction = with, .sa_flags = SA_SIGINFO };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction now;
        if (!sigaction(numbers[i], NULL, &now) && now.sa_handler == SIG_IGN) continue; /* nohup stays nohup */
        sigaction(numbers[i], &action, NULL);
    }
}

static void remove_leftovers(void)
{
    for (int i = 0; i < FILES; i++)
        if (leftover[i][0]) unlink(leftover[i]);
}

/* What became of a child that did not end as commands do. */
static int after_death(int status)
{
    remove_leftovers();
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        if (number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT) {
            fprintf(stderr, "%svial: stopped (%s); nothing was left behind\n",
                    isatty(STDERR_FILENO) ? "\r\033[K" : "", strsignal(number));
            catch_signals(NULL); /* who asked us to stop sees that we did */
            raise(number);
        }
        fprintf(stderr, "vial: stopped by signal %d (%s); nothing was left behind\n", number,
                strsignal(number));
        return number == SIGKILL ? EX_OSERR : EX_SOFTWARE;
    }
    fprintf(stderr,
            "vial: a library gave up (exit %d), probably for want of memory; nothing was left behind\n",
            WEXITSTATUS(status));
    return EX_OSERR;
}

int vl_guard(int (*work)(void *argument), void *argument)
{
    int status = 0;
    leftover = mmap(NULL, FILES * LONGEST, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (leftover == MAP_FAILED) leftover = NULL;
    const pid_t parent = getpid(), pid = leftover ? fork() : -1;
    if (pid < 0) { /* no child to be had: the work is worth more than its guard */
        leftover = NULL;
        return work(argument);
    }
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(EX_OSERR);
        exit(work(argument));
    }
    child = pid;
    catch_signals(hand_on);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) &&
        (WEXITSTATUS(status) == EX_OK || (WEXITSTATUS(status) >= EX__BASE && WEXITSTATUS(status) <= EX__MAX)))
        return WEXITSTATUS(status);
    return after_death(status);
}

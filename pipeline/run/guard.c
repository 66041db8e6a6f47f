/* Guard (guard.h): fork, wait, clean up. What parent and child share is a few pages of file names. */
#include "pipeline/run/guard.h"

#include "pipeline/run/say.h"

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

/* Shared between parent and child. */
typedef struct shared {
    char leftover[FILES][LONGEST]; /* "" is free */
    char store[LONGEST];           /* that is worked with; "" if none was */
    volatile int hdf5;             /* > 0: HDF5 is at it */
} shared;

static shared *ours;
static pid_t guarded; /* the child, in itself: what its own children do is not told by this page */
static bool nested;   /* this guard is within another, which says that we were stopped */
static volatile sig_atomic_t child;

void vl_guard_name(const char *path)
{
    if (!ours || strlen(path) >= LONGEST) return;
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
        if (ours->leftover[i][0]) continue;
        memcpy(ours->leftover[i], full, strlen(full) + 1);
        return;
    }
}

/* The file has another name now, or is gone. Its names are told apart by their last part. */
void vl_guard_forget(const char *path)
{
    const char *const slash = strrchr(path, '/'), *const name = slash ? slash + 1 : path;
    for (int i = 0; ours && i < FILES; i++) {
        const char *const other = strrchr(ours->leftover[i], '/');
        if (other && !strcmp(other + 1, name)) ours->leftover[i][0] = 0;
    }
}

void vl_guard_store(const char *path)
{
    if (ours && getpid() == guarded) snprintf(ours->store, sizeof ours->store, "%s", path);
}

void vl_guard_hdf5(bool inside)
{
    if (ours && getpid() == guarded) ours->hdf5 += inside ? 1 : -1;
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
        if (ours->leftover[i][0]) unlink(ours->leftover[i]);
}

/* HDF5 died of the store that it was reading: that is the store's fault, as far as a user is concerned. */
static int say_damaged(int number)
{
    if (number == SIGPROF)
        vl_say(stderr, "vial: %s: the store is damaged: HDF5 does not come to an end with it", ours->store);
    else
        vl_say(stderr,
               "vial: %s: the store is damaged, or memory ran out: HDF5 stopped on it (signal %d, %s)",
               ours->store, number, strsignal(number));
    return EX_DATAERR;
}

static int say_signal(int number)
{
    if (ours->store[0] && ours->hdf5 > 0 && number != SIGKILL) return say_damaged(number);
    vl_say(stderr, "vial: %s%sstopped by signal %d (%s); nothing was left behind", ours->store,
           ours->store[0] ? ": " : "", number, strsignal(number));
    return number == SIGKILL ? EX_OSERR : EX_SOFTWARE;
}

/* What became of a child that did not end as commands do. */
static int after_death(int status)
{
    remove_leftovers();
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        if (number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT ||
            number == SIGPIPE) {
            if (number != SIGPIPE && !nested)
                fprintf(stderr, "%svial: stopped (%s); nothing was left behind\n",
                        isatty(STDERR_FILENO) ? "\r\033[K" : "", strsignal(number));
            catch_signals(NULL); /* who asked us to stop sees that we did */
            signal(SIGPIPE, SIG_DFL);
            raise(number);
        }
        return say_signal(number);
    }
    vl_say(stderr,
           "vial: %s%sa library gave up (exit %d), probably for want of memory; nothing was left behind",
           ours->store, ours->store[0] ? ": " : "", WEXITSTATUS(status));
    return EX_OSERR;
}

/* In the child. */
static int do_work(pid_t parent, int (*work)(void *argument), void *argument)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(EX_OSERR);
    guarded = getpid();
    return work(argument);
}

int vl_guard(int (*work)(void *argument), void *argument)
{
    int status = 0;
    shared *const outer = ours;
    nested = outer != NULL;
    ours = mmap(NULL, sizeof *ours, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ours == MAP_FAILED) ours = NULL;
    const pid_t parent = getpid(), pid = ours ? fork() : -1;
    if (pid < 0) { /* no child to be had: the work is worth more than its guard */
        ours = outer;
        return work(argument);
    }
    if (!pid) exit(do_work(parent, work, argument));
    child = pid;
    catch_signals(hand_on);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    child = 0;
    catch_signals(NULL);
    const bool good =
        WIFEXITED(status) &&
        (WEXITSTATUS(status) == EX_OK || (WEXITSTATUS(status) >= EX__BASE && WEXITSTATUS(status) <= EX__MAX));
    const int code = good ? WEXITSTATUS(status) : after_death(status);
    munmap(ours, sizeof *ours);
    ours = outer;
    return code;
}

void vl_end_by_pipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

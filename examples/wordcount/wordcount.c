/* wordcount.c -- counts the words of files, each in a job of its own: progress, a time limit, results in order.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* getopt_long */
#include <anyloop.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: wordcount [--timeout SECONDS] PATH...\n"
    "\n"
    "Counts the words of files, and of the files in folders, but for hidden ones and links. What cannot be counted\n"
    "is told, the rest is counted all the same, and the exit status is 1.\n"
    "\n"
    "  --timeout SECONDS  give up what is not counted by then\n"
    "  --help             this text\n";

struct files { char **paths; anyloop_future **jobs; size_t count; };

static void complain(const char *path, const char *what)
{
    fprintf(stderr, "wordcount: %s: %s\n", path, what);
}

static void *need(void *memory)
{
    if (memory == NULL) {
        complain("cannot go on", strerror(ENOMEM));
        exit(1);
    }
    return memory;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Adds a file, or what a folder holds, by name. Links are followed in arguments only. Returns 0 on a failure. */
static int add(struct files *files, const char *path, int is_argument)
{
    struct dirent **entries;
    struct stat info;
    int known = (is_argument ? stat : lstat)(path, &info) == 0, complete = 1, count;

    if (!known || !S_ISDIR(info.st_mode)) {
        if (is_argument || !known || S_ISREG(info.st_mode)) {
            files->paths = need(realloc(files->paths, (files->count + 1) * sizeof *files->paths));
            files->paths[files->count++] = need(strdup(path));
        }
        return 1;
    }
    if ((count = scandir(path, &entries, is_shown, alphasort)) < 0) {
        complain(path, strerror(errno));
        return 0;
    }
    for (int i = 0; i < count; i++) {
        char *child = need(malloc(strlen(path) + strlen(entries[i]->d_name) + 2));
        sprintf(child, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", entries[i]->d_name);
        complete &= add(files, child, 0);
        free(child);
        free(entries[i]);
    }
    free(entries);
    return complete;
}

/* The job, on a thread of the pool. A TEXT value that the library made ends in NUL, so the path is one for fopen. */
static void count_words(anyloop_job *job, const anyloop_value *path)
{
    FILE *file = fopen(anyloop_to_bytes(path, NULL), "rb");
    unsigned char buffer[16384];
    int64_t words = 0;
    int inside = 0;
    size_t size;

    while (file && !anyloop_job_stopping(job) && (size = fread(buffer, 1, sizeof buffer, file)) > 0) {
        for (size_t i = 0; i < size; i++) {
            words += !inside && !isspace(buffer[i]);
            inside = !isspace(buffer[i]);
        }
    }
    const anyloop_value result = anyloop_int(words);
    if (file && !ferror(file))
        anyloop_job_return(job, &result);
    else
        anyloop_job_raise(job, ANYLOOP_E_OS, strerror(errno));
    if (file)
        fclose(file);
}

static anyloop_future *start_job(anyloop_loop *loop, const char *path)
{
    anyloop_value in;
    anyloop_status status = anyloop_value_text(loop, path, strlen(path), &in);
    return status == ANYLOOP_OK ? anyloop_run_in_executor(loop, NULL, count_words, &in) : anyloop_failed(status);
}

/* The program: a job for each file, then one completion after the other. */
struct count_all { anyloop_coro co; struct files *files; int64_t timeout; anyloop_completions *each; size_t done; };

ANYLOOP_ASYNC(count_all)
{
    ANYLOOP_BEGIN;
    for (size_t i = 0; i < my->files->count; i++) {
        my->files->jobs[i] = start_job(my->co.loop, my->files->paths[i]);
        anyloop_future_retain(my->files->jobs[i]); /* one for as_completed, one for the report */
    }
    if (anyloop_as_completed(my->co.loop, my->files->jobs, my->files->count, my->timeout, &my->each) != ANYLOOP_OK)
        ANYLOOP_RAISE(ANYLOOP_E_NOMEM, NULL);
    for (my->done = 1; my->done <= my->files->count; my->done++) {
        ANYLOOP_TRY(anyloop_completions_next_future(my->each));
        if (ANYLOOP_OUTCOME != ANYLOOP_RESULT)
            break; /* the time is over */
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\r%zu of %zu files", my->done, my->files->count);
    }
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    for (size_t i = 0; i < my->files->count; i++) {
        anyloop_value late = anyloop_static_text("not counted in time");
        anyloop_future_cancel(my->files->jobs[i], &late); /* does nothing to one that is done */
    }
    ANYLOOP_FINALLY;
    anyloop_completions_release(my->each);
    ANYLOOP_END;
}

/* Prints what came of each file, in order. Returns 1 when all were counted. */
static int report(const struct files *files)
{
    int64_t total = 0;
    int complete = 1;

    for (size_t i = 0; i < files->count; i++) {
        const anyloop_value *words = anyloop_future_result(files->jobs[i]);
        if (words) {
            printf("%8lld %s\n", (long long)anyloop_to_int(words), files->paths[i]);
            total += anyloop_to_int(words);
        } else {
            const anyloop_value *error = anyloop_future_error(files->jobs[i]);
            const char *text = anyloop_error_text(error, NULL);
            complain(files->paths[i], *text ? text : anyloop_status_text(anyloop_error_code(error)));
            complete = 0;
        }
    }
    if (files->count > 1)
        printf("%8lld total\n", (long long)total);
    return complete;
}

/* What a copy of this program may be asked to do, where jobs run in workers: on the web. */
static const anyloop_job_type jobs[] = {{"count_words", count_words}, {NULL, NULL}};

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"timeout", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct files files = {NULL, NULL, 0};
    int64_t timeout = ANYLOOP_FOREVER;
    int complete = 1, option;

    if (anyloop_worker_main(&argc, argv, jobs))
        return 0;
    setvbuf(stdout, NULL, _IOLBF, 0); /* results and complaints in order, wherever they go */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        char *end = NULL;
        double seconds = option == 't' ? strtod(optarg, &end) : 0;
        timeout = seconds > 0 && seconds < 1e9 && *end == '\0' ? (int64_t)(seconds * 1e9) : 0;
        if (option == 'h' || timeout == 0)
            break;
    }
    if (option != -1 || optind == argc) {
        fputs(usage, option == 'h' ? stdout : stderr);
        return option != 'h';
    }
    while (optind < argc)
        complete &= add(&files, argv[optind++], 1);
    files.jobs = need(calloc(files.count + 1, sizeof *files.jobs));

    anyloop_loop *loop = anyloop_get_event_loop();
    anyloop_task *task = ANYLOOP_TASK(loop, count_all, .files = &files, .timeout = timeout);
    anyloop_status status = anyloop_loop_run_until_complete(loop, task);
    if (status == ANYLOOP_OK)
        complete &= report(&files);
    else
        complain("cannot go on", anyloop_status_text(status));

    anyloop_future_release(task);
    for (size_t i = 0; i < files.count; i++) {
        anyloop_future_release(files.jobs[i]);
        free(files.paths[i]);
    }
    free(files.jobs);
    free(files.paths);
    anyloop_loop_shutdown(loop, ANYLOOP_MS(100)); /* a job that cannot stop reading is left behind */
    return !(complete && status == ANYLOOP_OK);
}

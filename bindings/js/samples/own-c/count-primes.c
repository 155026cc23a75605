#include <anyloop_guest.h>

/* A job: a number to how many primes are below it. */
static void count_primes(anyloop_job *job, const anyloop_value *in)
{
    int64_t below = anyloop_to_int(in), count = 0;
    for (int64_t n = 2; n < below; n++) {
        int64_t d = 2;
        while (d * d <= n && n % d != 0)
            d++;
        count += d * d > n;
    }
    anyloop_value value = anyloop_int(count);
    anyloop_job_return(job, &value);
}

ANYLOOP_JOBS = {{"count_primes", count_primes}, {NULL, NULL}};

"""measure.py: programs of row.h side by side, interleaved, and what is told of their times.

Each repetition is a process of its own, pinned to one processor; workloads with more threads are measured on one and on
two. In each round all take their turn, in random order. What one thread does is told in processor time, which
neighbours disturb less and which is the time that it takes, since it never waits; what more of them do, in the time
that passes.
"""
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

THREADED = ("W11", "W12", "W16", "W17", "W19", "W20")
COLD = ("W2 k=1000000",)     # measured in a fresh process as well, where each page is touched for the first time
QUIET = 0.95                 # a machine that was less idle than this before a row cannot be trusted
LIMIT = 120                  # seconds for one repetition


def by_row(commands):
    """{row: the command that has it}"""
    def rows_of(command):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()
    return {row: command for command in commands for row in rows_of(command)}


class Table:
    """Programs that are measured in the same rounds, `{who: {row: command}}`. Those of `mine` are told in multiples of
    a yardstick, the first of these that has the row; `aims` says what a row is to cost at most, and `held` which
    figure is held to that: `times`, or `at_least`, the lower 95 % limit. They are also told in multiples of the best of
    the `rivals` that have the row, with aims of their own."""

    def __init__(self, programs, mine, yardsticks, rounds, held, aims, rivals=(), rival_aims=None):
        self.programs, self.mine, self.yardsticks, self.rounds = programs, mine, yardsticks, rounds
        self.held, self.aims = held, aims
        self.rivals, self.rival_aims = rivals, rival_aims or {}

    def yardstick(self, row):
        return next((who for who in self.yardsticks if row in self.programs[who]), None)


class Case:
    """A row in one of the ways in which it is measured."""

    def __init__(self, row, processors, temper):
        self.row, self.processors, self.temper = row, processors, temper
        self.workload, _, params = row.partition(" ")
        self.threaded = self.workload in THREADED
        self.params = ",".join(filter(None, [params, f"cpus={len(processors)}" if self.threaded else ""]))


def cases(rows, processors):
    for row in rows:
        threaded = row.split()[0] in THREADED
        yield Case(row, processors[:1], "warm")
        if threaded and len(processors) > 1:
            yield Case(row, processors[:2], "warm")
        if row in COLD:
            yield Case(row, processors[:1], "cold")


class Sample:
    """What one operation took in one repetition, in ns."""

    def __init__(self, wall, processor, threaded):
        self.wall, self.processor = wall, processor
        self.time = wall if threaded else processor


def repetition(command, case):
    done = subprocess.run([*command, case.row, "0", case.temper], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=LIMIT, preexec_fn=lambda: os.sched_setaffinity(0, case.processors))
    if done.returncode:
        sys.exit(f"run: {' '.join(map(str, command))} '{case.row}' failed:\n{done.stdout}{done.stderr}")
    return Sample(*map(float, done.stdout.split()), case.threaded)


def is_quiet():
    """Had the processors nothing to do in the last moment?"""
    def ticks():
        numbers = list(map(int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
        return sum(numbers), numbers[3] + numbers[4]
    before = ticks()
    time.sleep(0.2)
    after = ticks()
    return (after[1] - before[1]) / max(1, after[0] - before[0]) >= QUIET


def samples_of(case, table):
    """Those of each program that has this row, round by round."""
    samples = {who: [] for who, rows in table.programs.items() if case.row in rows}
    for _ in range(table.rounds):
        for who in random.sample(list(samples), len(samples)):
            samples[who].append(repetition(table.programs[who][case.row], case))
    return samples


def lower_limit(values):
    """Of the 95 % confidence interval of the median, whatever the distribution: the 4th of 15 values, the 2nd of 9.
    Fewer than six cannot tell; then it is the least."""
    count, less, chance = len(values), 0, 0.5 ** len(values)     # that at most `less` values are below the median
    while chance <= 0.025:
        less += 1
        chance += math.comb(count, less) * 0.5 ** count
    return sorted(values)[max(0, less - 1)]


def compare(found, other, who):
    """What `found` took in multiples of `other`, the samples of `who`."""
    ratios = [mine.time / theirs.time for mine, theirs in zip(found, other)]
    return {"beside": who, "times": round(statistics.median(ratios), 2), "at_least": round(lower_limit(ratios), 2)}


def measure(case, table):
    """A result for each program."""
    quiet = is_quiet()
    samples = samples_of(case, table)
    medians = {who: statistics.median(sample.time for sample in found) for who, found in samples.items()}
    yardstick = table.yardstick(case.row)
    best = min((who for who in table.rivals if who in samples), key=medians.get, default=None)
    for who, found in samples.items():
        record = {"workload": case.workload, "params": case.params, "who": who,
                  "ns_per_op": medians[who],
                  "wall_ns_per_op": statistics.median(sample.wall for sample in found),
                  "cpu_ns_per_op": statistics.median(sample.processor for sample in found),
                  "temper": case.temper, "quiet": quiet, "samples": [sample.time for sample in found]}
        if who == table.mine and yardstick:
            record |= compare(found, samples[yardstick], yardstick)
        if who == table.mine and best:
            record["best"] = compare(found, samples[best], best)
        yield record

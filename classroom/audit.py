"""What a machine can say of a capstone project: whether its comparison was fair, from its runs.

Usage: python -m classroom.audit runs.csv

The file has one line a run: which method, in which phase (``tune`` or ``report``), at which rate,
with which seed, how many gradient evaluations it took, and its score, lower being better; that of
a run that diverged is ``inf``. The baseline is called ``sgd``. What the machine finds here two
teachers need not discuss.
"""

import csv
import math
import sys
from collections import Counter, defaultdict
from pathlib import Path
from statistics import mean, median, stdev

from scipy.stats import t as student

COLUMNS = ("method", "phase", "rate", "seed", "evaluations", "score")
BASELINE = "sgd"
SEEDS = 16  # of a report, at least


def read(path):
    """The runs in a file, each as a dictionary by the names of ``COLUMNS``.

    Raises
    ------
    ValueError
        If a column is missing, or a line holds something else than it should, or if there is none.
    """
    with Path(path).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    if not lines:
        raise ValueError(f"{path} has no runs; expected the columns {', '.join(COLUMNS)}")
    return [run_of(line, number) for number, line in enumerate(lines, start=2)]


def run_of(line, number):
    missing = [name for name in COLUMNS if line.get(name) is None]
    if missing:
        raise ValueError(f"line {number}: no {', '.join(missing)}; expected {', '.join(COLUMNS)}")
    if line["phase"] not in ("tune", "report"):
        raise ValueError(f"line {number}: phase must be tune or report, got {line['phase']!r}")
    try:
        run = {
            "method": line["method"],
            "phase": line["phase"],
            "rate": float(line["rate"]),
            "seed": int(line["seed"]),
            "evaluations": int(line["evaluations"]),
            "score": float(line["score"]),
        }
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from None
    if math.isnan(run["score"]):
        raise ValueError(f"line {number}: score nan; that of a run that diverged is inf")
    return run


def grouped(runs, phase, *names):
    """The runs of a phase, by their method and what else is named."""
    found = defaultdict(list)
    for run in runs:
        if run["phase"] == phase:
            found[tuple(run[name] for name in ("method", *names))].append(run)
    return found


def complaints(runs):
    """What is unfair in a comparison, in sentences; none if it is fair."""
    methods = sorted({run["method"] for run in runs})
    if BASELINE not in methods or len(methods) < 2:
        return [f"Compare with the baseline {BASELINE}: there is only {', '.join(methods)}."]
    found = []
    for check in (each_once, equal_budgets, equal_tuning, other_seeds, enough_seeds, best_inside):
        found += check(runs, methods)
    return found


def each_once(runs, methods):
    counts = Counter(tuple(run[name] for name in COLUMNS[:4]) for run in runs)
    return [
        f"{count} runs of {method}, {phase}, rate {rate:g}, seed {seed}: expected one."
        for (method, phase, rate, seed), count in counts.items()
        if count > 1
    ]


def equal_budgets(runs, methods):
    budgets = {run["evaluations"] for run in runs if run["phase"] == "report"}
    if len(budgets) <= 1:
        return []
    return [f"The reported runs took between {min(budgets)} and {max(budgets)} evaluations."]


def equal_tuning(runs, methods):
    spent = {method: 0 for method in methods}
    for (method,), tried in grouped(runs, "tune").items():
        spent[method] = sum(run["evaluations"] for run in tried)
    if len(set(spent.values())) == 1 and all(spent.values()):
        return []
    told = ", ".join(f"{method} {count}" for method, count in spent.items())
    return [f"Tuning cost different numbers of evaluations: {told}."]


def other_seeds(runs, methods):
    tuned, reported = (
        {run["seed"] for run in runs if run["phase"] == phase} for phase in ("tune", "report")
    )
    both = sorted(tuned & reported)
    return [f"Tuned on seeds that are reported: {', '.join(map(str, both))}."] if both else []


def enough_seeds(runs, methods):
    seeds = {
        method: {run["seed"] for run in reported}
        for (method,), reported in grouped(runs, "report").items()
    }
    few = [method for method in methods if len(seeds.get(method, ())) < SEEDS]
    found = [f"{method} is reported with fewer than {SEEDS} seeds." for method in few]
    if len(set(map(frozenset, seeds.values()))) > 1:
        found.append("The methods are reported on different seeds.")
    return found


def best_inside(runs, methods):
    """The reported rate must be the best of the grid in the median, and not at its edge."""
    found, tried, rates = [], grouped(runs, "tune", "rate"), grouped(runs, "report", "rate")
    for method in methods:
        grid = {
            rate: median(r["score"] for r in at) for (m, rate), at in tried.items() if m == method
        }
        reported = sorted(rate for m, rate in rates if m == method)
        best = min(grid, key=grid.get, default=None)
        if reported != [best]:
            told = ", ".join(f"{rate:g}" for rate in reported)
            found.append(f"{method} reports the rate {told}, and tuning did not choose that.")
        elif best in (min(grid), max(grid)):
            found.append(f"The best rate of {method}, {best:g}, lies at the edge of its grid.")
    return found


def outcome(runs, method):
    """What the reported runs say of a method beside the baseline, seed by seed.

    Returns
    -------
    dict
        ``difference``, the mean of baseline minus method, above 0 where the method is better;
        ``low`` and ``high``, about it Student's interval at 95 %; ``wins``, the share of the seeds
        in which the method is better. Where a run diverged the mean and its interval are nan.
    """
    scores = {
        name: {run["seed"]: run["score"] for run in reported}
        for (name,), reported in grouped(runs, "report").items()
    }
    ours, theirs = scores[method], scores[BASELINE]
    gains = [theirs[seed] - ours[seed] for seed in sorted(set(ours) & set(theirs))]
    middle = room = math.nan
    if all(map(math.isfinite, gains)):
        middle = mean(gains)
        room = student.ppf(0.975, len(gains) - 1) * stdev(gains) / len(gains) ** 0.5
    return {
        "difference": middle,
        "low": middle - room,
        "high": middle + room,
        "wins": mean(gain > 0 for gain in gains),
    }


def in_words(method, told):
    share = f"{method} is better than {BASELINE} in {told['wins']:.0%} of seeds"
    if math.isnan(told["difference"]):
        return f"{share}; runs diverged, so there is no mean."
    interval = f"95 % interval {told['low']:.3g} to {told['high']:.3g}"
    return f"{share}, by {told['difference']:.3g} in the mean, {interval}."


def main():
    if len(sys.argv) != 2:
        sys.exit("expected one file: python -m classroom.audit runs.csv")
    try:
        runs = read(sys.argv[1])
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    found = complaints(runs)
    print("\n".join(found) or "The comparison is fair, as far as the runs can tell.")
    if not found:
        for method in sorted({run["method"] for run in runs} - {BASELINE}):
            print(in_words(method, outcome(runs, method)))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()

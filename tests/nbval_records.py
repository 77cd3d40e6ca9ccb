"""A pytest plugin: nbval compares published numbers within their tolerance.

Switched on by ``-p tests.nbval_records``. Everything else stays as strict as nbval is. A number
that `sgdcore.plots.record` published must come again under the same name, in the same order and
with the same tolerance, and its value may differ from the stored one by that tolerance, because
last digits depend on the processor.
"""

import math
import re
from decimal import Decimal

from nbval.plugin import IPyNbCell

SHOWN = re.compile(r'<code class="record">(?P<name>.+) = (?P<number>\S+)</code>')

strict_compare = IPyNbCell.compare_outputs


def is_record(output):
    return "record" in output.get("metadata", {})


def close(test, ref, rtol):
    """Whether two numbers agree; nan agrees with nan, and an infinity with itself."""
    if math.isnan(ref) or math.isnan(test):
        return math.isnan(ref) and math.isnan(test)
    if math.isinf(ref) or math.isinf(test):
        return ref == test
    return abs(test - ref) <= rtol * abs(ref)


def shown_number(output):
    """The number a reader sees, and how far it may be from the value because of its few digits."""
    match = SHOWN.fullmatch(output["data"]["text/html"])
    if match is None:
        raise ValueError(f"unexpected form of a record: {output['data']['text/html']}")
    number = Decimal(match["number"].replace(",", ""))
    rounding = 10.0 ** number.as_tuple().exponent if number.is_finite() else 0.0
    return match["name"], float(number), rounding


def record_problem(test, ref):
    """Say how a new record differs from the stored one, or return None if it agrees."""
    if test["metadata"] != ref["metadata"]:
        return f"record metadata: stored {ref['metadata']}, now {test['metadata']}"
    name, rtol = ref["metadata"]["scrapbook"]["name"], ref["metadata"]["record"]["rtol"]
    stored, now = (float(output["data"]["text/plain"]) for output in (ref, test))
    if not close(now, stored, rtol):
        return f"record {name!r}: stored {stored!r}, now {now!r}, beyond rtol {rtol:g}"
    for output, value in ((ref, stored), (test, now)):
        label, number, rounding = shown_number(output)
        if label != name or not (close(number, value, 0) or abs(number - value) <= rounding):
            return f"record {name!r} of value {value!r} is shown as {output['data']['text/html']}"
    return None


def compare_outputs(self, test, ref, skip_compare=None):
    """Compare the records by value and leave the other outputs to nbval."""
    new, stored = (list(filter(is_record, outputs)) for outputs in (test, ref))
    problems = [record_problem(*pair) for pair in zip(new, stored, strict=False)]
    if len(new) != len(stored):
        problems.append(f"{len(stored)} records are stored, {len(new)} came now")
    problems = [problem for problem in problems if problem is not None]
    if problems:
        self.comparison_traceback = problems
        return False
    rest = ([out for out in outputs if not is_record(out)] for outputs in (test, ref))
    return strict_compare(self, *rest, skip_compare)


def pytest_configure(config):
    IPyNbCell.compare_outputs = compare_outputs

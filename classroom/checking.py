"""``check`` and ``identify``, which a student calls."""

from pathlib import Path
from textwrap import indent

from classroom.exercises import collect, has_answers
from classroom.judging import Observation, canonical, cases_for, judge, observe, plain

_student = ""  # set by identify


def identify(student):
    """Say who you are, once and before the first ``check``: your inputs are drawn for you alone.

    A copy of the course without answers has the inputs of the book for everybody; there your name
    is for the marks.

    Parameters
    ----------
    student : str or int
        Your name, or the number your teacher gave you. It must be written out in the call, on a
        line of its own, so that it can be read without running the notebook. Capital letters and
        extra spaces make no difference. The empty name has the inputs of the book.

    Raises
    ------
    TypeError
        If it is neither text nor a whole number.
    """
    global _student
    if type(student) not in (str, int):
        raise TypeError(f"expected your name in quotes, or a number; got {student!r}")
    _student = canonical(student)
    if not _student:
        print("no name yet: the inputs of the book")
    elif has_answers():
        print(f"inputs drawn for {student}")
    else:
        print(f"marked for {student}; here everybody has the inputs of the book")


def check(label, answer):
    """Print whether ``answer`` is right, and what is wrong with it if it is not.

    Parameters
    ----------
    label : str
        The label of the exercise, such as ``"03-e1"``.
    answer : object
        Your value or your function. ``...`` counts as not written yet, and so does a function
        that returns it on every input.

    Raises
    ------
    ValueError
        If there is no exercise of that label.
    """
    print(f"{label}: {written(assess(label, answer))}")


def assess(label, answer):
    """The verdict that `check` prints, on the inputs of the student who was identified last."""
    exercises = collect(Path())  # and of a teacher's files beside the notebook
    if label not in exercises:
        known = ", ".join(sorted(exercises)) or "none"
        raise ValueError(
            f"no exercise {label!r}; the exercises are: {known}. Those of a file exercises_NN.json "
            "are known where it lies beside the notebook"
        )
    return judged(exercises[label], label, answer, _student)


def judged(exercise, label, answer, student=""):
    """The verdict on an answer, on the inputs of one student."""
    cases = cases_for(exercise, label, student)
    if exercise.cases is None:
        return judge(exercise, cases, [Observation(plain(answer))])
    return judge(exercise, cases, observe(answer, cases))


def written(verdict):
    """A verdict as text."""
    hint = [f"hint: {verdict.hint}"] if verdict.hint else []
    return "\n".join(
        [verdict.headline, *(indent(line, "  ") for line in (*verdict.details, *hint))]
    )

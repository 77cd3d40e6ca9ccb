"""What is process 1 in the sandbox: it does one job after another, each in a fork of its own.

It imports what every job needs before it forks, and never runs a line of a stranger's itself. A job
is a line with its name and its length, and then its data; the answer is a line with the status of
the process that did it and a length, and then what that process wrote. A job gets to know nothing
of the others: they are not read before it has ended, and nothing that it makes remains.
"""

import os
import signal
import sys

from classroom.marking import reader, runner
from classroom.marking.lockdown import lock, silence

WORK = {"reader": reader.work, "runner": runner.work}


def in_a_fork(work, data, seconds, memory, most):
    """The status of a process of its own that does a job, and what it wrote, up to a length."""
    back, to = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(back)
            silence()
            lock(seconds, memory)
            with os.fdopen(to, "wb") as file:
                file.write(work(data))
            status = 0
        finally:  # whatever happened, this process must not go on as another host
            os._exit(status)
    os.close(to)
    with os.fdopen(back, "rb") as file:
        output = file.read(most + 1)
    if len(output) > most:
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), output


def main():
    jobs, answers, limits = sys.stdin.buffer, sys.stdout.buffer, list(map(int, sys.argv[1:]))
    if not limits:  # trusted: one job, in this process
        answers = os.fdopen(os.dup(1), "wb")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which process 1 does not get
    while head := jobs.readline():
        name, length = head.decode().split()
        work, data = WORK[name], jobs.read(int(length))
        if limits:
            status, output = in_a_fork(work, data, *limits)
        else:
            silence()
            status, output = 0, work(data)
        answers.write(f"{status} {len(output)}\n".encode() + output)
        answers.flush()


if __name__ == "__main__":
    main()

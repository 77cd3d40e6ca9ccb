"""The last lock of the sandbox, which a process puts on itself before it runs a stranger's code.

`bubblewrap` takes away what a program could see. What is left to do here is to limit what it can
use up, and to refuse the system calls that no answer needs: starting processes and threads,
sockets, memory that the limits do not count, and all that widens the way into the kernel. Neither
can be undone, by this process or by what it calls.
"""

import ctypes
import os
import sys

REFUSED = """
clone fork vfork execve execveat socket socketpair
memfd_create memfd_secret shmget shmat msgget semget mq_open
unshare setns mount umount2 pivot_root chroot fsopen move_mount open_tree mount_setattr
ptrace process_vm_readv process_vm_writev process_madvise pidfd_open pidfd_getfd kcmp
bpf perf_event_open userfaultfd io_uring_setup keyctl add_key request_key
""".split()
# The kernel's own memory counts in no limit of a process, so nothing may be made that stays there:
# files, even empty ones, and what is noted about them; pages that hang in a pipe; watches; locks.
REFUSED += """
creat mkdir mkdirat mknod mknodat symlink symlinkat link linkat rename renameat renameat2
setxattr lsetxattr fsetxattr setxattrat
splice tee vmsplice io_setup inotify_init inotify_init1 fanotify_init landlock_create_ruleset
""".split()
# What would slow down the host, or whoever comes after.
REFUSED += """
setpriority sched_setaffinity sched_setscheduler sched_setparam sched_setattr ioprio_set
migrate_pages move_pages
""".split()
# What their arguments ask for lies in memory, where the filter cannot look. Told that the kernel
# does not know them, the C library takes the older calls instead.
UNKNOWN = ["clone3", "openat2"]
NUMBERS = {"setxattrat": 463}  # newer than most libraries; the same on nearly every processor
O_CREAT, O_TMPFILE = 0o100, 0o20000000  # flags that make a file
F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW = 6, 7, 37, 38  # of which a file may have any number
ALL = 0xFFFFFFFF
NOT_EQUAL, MASKED_EQUAL = 1, 7  # SCMP_CMP_NE, SCMP_CMP_MASKED_EQ
# What is refused in part: the call, the place of an argument, and when; of a masked argument, which
# bits of it count, and how they stand then.
IN_PART = [
    (call, place, MASKED_EQUAL, flag, flag)
    for call, place in (("open", 1), ("openat", 2))
    for flag in (O_CREAT, O_TMPFILE)
]
IN_PART += [
    ("fcntl", 1, MASKED_EQUAL, ALL, command)
    for command in (F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW)
]
IN_PART += [("prlimit64", 0, NOT_EQUAL, 0, 0)]  # the limits of another process

EPERM, ENOSYS = 1, 38
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO


class Comparison(ctypes.Structure):
    """When a rule holds: argument number `place`, of which only the bits of `mask` count."""

    _fields_ = [
        ("place", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    ]


def silence():
    """Nothing is read from now on, and what is printed goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    sys.stdin = open(0, closefd=False)


def lock(seconds, memory):
    """Limit this process for good.

    Parameters
    ----------
    seconds : int
        Of processor time.
    memory : int
        Bytes of address space.

    Raises
    ------
    OSError
        If the system refuses.
    """
    import resource  # not on Windows, where submissions can run with --trust only

    # The signal at the lower one tells why it ended; the upper one is for who ignores it.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for what, limit in {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_SIGPENDING: 64,  # timers too
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(what, (limit, limit))
    refuse(REFUSED)


def refuse(names):
    """Let the system calls of these names fail from now on, with the help of libseccomp.

    So do those of `IN_PART`.
    """
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ALLOW))

    def add(name, error, *comparisons):
        number = library.seccomp_syscall_resolve_name(name.encode())
        number = number if number >= 0 else NUMBERS.get(name, -1)
        if number >= 0:  # else this processor or library does not know it
            given = (Comparison * len(comparisons))(*comparisons)
            if library.seccomp_rule_add_array(rules, REFUSE | error, number, len(given), given):
                raise OSError(f"the system call {name} could not be refused")

    for name in names:
        add(name, EPERM)
    for name in UNKNOWN:
        add(name, ENOSYS)
    for name, *comparison in IN_PART:
        add(name, EPERM, Comparison(*comparison))
    if library.seccomp_load(rules) != 0:
        raise OSError("the filter of system calls could not be loaded")
    library.seccomp_release(rules)

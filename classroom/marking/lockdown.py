"""The last lock of the sandbox, which a program puts on itself before it runs a stranger's code.

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
ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp bpf perf_event_open userfaultfd
io_uring_setup keyctl add_key request_key
""".split()

EPERM, ENOSYS = 1, 38
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO


def channel():
    """The file that the answer is written to: what is printed from now on goes nowhere."""
    answer = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    sys.stdin = open(0, closefd=False)
    return answer


def lock(seconds, memory, disk):
    """Limit this process for good.

    Parameters
    ----------
    seconds : int
        Of processor time.
    memory : int
        Bytes of address space.
    disk : int
        Bytes of the largest file.

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
        resource.RLIMIT_FSIZE: disk,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(what, (limit, limit))
    refuse(REFUSED)


def refuse(names):
    """Let the system calls of these names fail from now on, with the help of libseccomp."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ALLOW))
    for name in [*names, "clone3"]:
        number = library.seccomp_syscall_resolve_name(name.encode())
        # With ENOSYS the C library takes the older call instead, which is refused above.
        error = ENOSYS if name == "clone3" else EPERM
        if number >= 0:  # else this processor or library does not know it
            library.seccomp_rule_add_array(rules, REFUSE | error, number, 0, None)
    if library.seccomp_load(rules) != 0:
        raise OSError("the filter of system calls could not be loaded")
    library.seccomp_release(rules)

"""Run a command as another user: PostgreSQL refuses to run as root.

    python unprivileged.py USER COMMAND [ARGUMENT ...]

A data folder below a closed parent (/root is 0700) is out of an ordinary user's reach. Opening that parent would
change what is not ours, so the child keeps one capability instead, to pass through and read folders; it has no other.
Linux only; run as a program of its own, because changing users is not safe in a process with threads.
"""

import ctypes
import os
import pwd
import sys
from typing import Final

_PR_SET_KEEPCAPS: Final = 8
_PR_SET_SECUREBITS: Final = 28
_SECBIT_NO_SETUID_FIXUP: Final = 1 << 2
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_CAPABILITY_VERSION_3: Final = 0x20080522
# Docker grants DAC_OVERRIDE by default and DAC_READ_SEARCH not; the narrower one is tried first.
_CAPABILITIES: Final = {"DAC_READ_SEARCH": 2, "DAC_OVERRIDE": 1}


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def _keep(libc: ctypes.CDLL, bit: int) -> bool:
    sets = (_Sets * 2)()
    sets[0].effective = sets[0].permitted = sets[0].inheritable = 1 << bit
    if libc.capset(ctypes.byref(_Header(_CAPABILITY_VERSION_3, 0)), sets) != 0:
        return False
    return bool(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, bit, 0, 0) == 0)


def become(user: str) -> None:
    """Give up root for `user`, for good; raises KeyError if there is no such user."""
    account = pwd.getpwnam(user)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    # access(2), by which initdb looks for its neighbours, forgets capabilities of ordinary users without this.
    libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    if not any(_keep(libc, bit) for bit in _CAPABILITIES.values()):
        sys.stderr.write("no capability to pass closed folders: only open ones are within reach\n")


if __name__ == "__main__":
    become(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - constant commands of embedded.py, no shell

"""A Windows job: every process in it ends with the last handle to it, that is, with the host."""

import sys

assert sys.platform == "win32"  # noqa: S101

import ctypes  # noqa: E402
from ctypes import wintypes  # noqa: E402

KILL_ON_JOB_CLOSE = 0x2000
EXTENDED_LIMIT_INFORMATION = 9
PROCESS_SET_QUOTA_AND_TERMINATE = 0x0101


class _BasicLimits(ctypes.Structure):
    _fields_ = [
        ("per_process_user_time", ctypes.c_int64),
        ("per_job_user_time", ctypes.c_int64),
        ("limit_flags", wintypes.DWORD),
        ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t),
        ("active_process_limit", wintypes.DWORD),
        ("affinity", ctypes.c_size_t),
        ("priority_class", wintypes.DWORD),
        ("scheduling_class", wintypes.DWORD),
    ]


class _ExtendedLimits(ctypes.Structure):
    _fields_ = [
        ("basic", _BasicLimits),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    ]


_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel.CreateJobObjectW.restype = wintypes.HANDLE
_kernel.CreateJobObjectW.argtypes = [wintypes.LPVOID, wintypes.LPCWSTR]
_kernel.SetInformationJobObject.argtypes = [wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD]
_kernel.OpenProcess.restype = wintypes.HANDLE
_kernel.OpenProcess.argtypes = [wintypes.DWORD, wintypes.BOOL, wintypes.DWORD]
_kernel.AssignProcessToJobObject.argtypes = [wintypes.HANDLE, wintypes.HANDLE]
_kernel.TerminateJobObject.argtypes = [wintypes.HANDLE, wintypes.UINT]
_kernel.CloseHandle.argtypes = [wintypes.HANDLE]


class Job:
    """One child and whatever it starts."""

    def __init__(self, pid: int) -> None:
        """Put the process into a new job.

        Raises:
            OSError: The process has ended, or may not be put into a job.
        """
        self._handle: int | None = _kernel.CreateJobObjectW(None, None)
        if not self._handle:
            raise ctypes.WinError(ctypes.get_last_error())
        limits = _ExtendedLimits()
        limits.basic.limit_flags = KILL_ON_JOB_CLOSE
        process = None
        try:
            size = ctypes.sizeof(limits)
            if not _kernel.SetInformationJobObject(
                self._handle, EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), size
            ):
                raise ctypes.WinError(ctypes.get_last_error())
            process = _kernel.OpenProcess(PROCESS_SET_QUOTA_AND_TERMINATE, False, pid)
            if not process or not _kernel.AssignProcessToJobObject(self._handle, process):
                raise ctypes.WinError(ctypes.get_last_error())
        except OSError:
            self.close()
            raise
        finally:
            if process:
                _kernel.CloseHandle(process)

    def kill(self) -> None:
        """End every process in the job."""
        if self._handle:
            _kernel.TerminateJobObject(self._handle, 1)

    def close(self) -> None:
        """Let go of the job, which ends what is left in it."""
        if self._handle:
            _kernel.CloseHandle(self._handle)
            self._handle = None

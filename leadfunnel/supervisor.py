"""Runs several programs as one: all start together, all stop together, whatever ends them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import IO

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Program:
    """`name` heads each line of its output."""

    name: str
    command: Sequence[str]


class Supervisor:
    """Starts programs in process groups of their own and leaves none behind.

    Ctrl-C, SIGTERM and SIGHUP stop everything in order; so does the end of any one program. When the supervisor
    itself is killed, Linux tells each program to end.
    """

    def __init__(self, *, stop_seconds: float = 10.0, output: IO[str] = sys.stdout) -> None:
        self._stop_seconds = stop_seconds
        self._output = output
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._printers: list[threading.Thread] = []
        self._signals = 0
        self._one_line_at_a_time = threading.Lock()

    def run(self, programs: Sequence[Program], *, when_started: Callable[[], bool]) -> int:
        """Run until told to stop; `when_started` is asked until it says True. Returns the exit status to end with."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._count_signal)
        try:
            for program in programs:
                if not self._signals:
                    self._start(program)
            # Only now: a process with threads should not fork.
            for name, process in self._running.items():
                self._print_output(name, process)
            return self._watch(when_started)
        finally:
            self._stop_all()

    def _count_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _start(self, program: Program) -> None:
        process = subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Its own session: Ctrl-C reaches the supervisor alone, which then stops each program and its children.
            start_new_session=True,
            preexec_fn=_end_with(os.getpid()),
        )
        self._running[program.name] = process

    def _print_output(self, name: str, process: subprocess.Popen[str]) -> None:
        def print_lines() -> None:
            for line in process.stdout or ():
                self._say(f"{name:<7}| {line.rstrip()}")

        printer = threading.Thread(target=print_lines, daemon=True)
        printer.start()
        self._printers.append(printer)

    def _watch(self, when_started: Callable[[], bool]) -> int:
        started = False
        while not self._signals:
            for name, process in self._running.items():
                if process.poll() is not None:
                    self._say(f"{name} ended by itself (status {process.returncode}); stopping the rest.")
                    return 1
            started = started or when_started()
            time.sleep(POLL_SECONDS)
        self._say("Stopping ... (Ctrl-C again: at once)")
        return 0

    def _stop_all(self) -> None:
        for process in self._running.values():
            process.terminate()  # each one stops its own children in order
        deadline = time.monotonic() + self._stop_seconds
        while any(process.poll() is None for process in self._running.values()):
            if self._signals > 1 or time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        for process in self._running.values():
            _kill_group(process)
            process.wait()
        for printer in self._printers:
            printer.join(timeout=1)

    def _say(self, message: str) -> None:
        with self._one_line_at_a_time:
            print(message, file=self._output, flush=True)


def _kill_group(process: subprocess.Popen[str]) -> None:
    """Whatever has not ended by itself, and what a program left behind in its group when it ended."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # the whole group has ended


def _end_with(parent: int) -> Callable[[], None]:
    """What a child runs before its program: on Linux, ask to be told to end when `parent` is killed."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed in between
            os._exit(1)

    return prepare

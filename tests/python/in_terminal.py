"""Runs a program in a terminal of its own, as a person would.

Arguments: the command line. Standard input: a JSON list of steps: ["expect", TEXT] waits until the program has printed
the text, ["send", TEXT] types it, ["signal", NUMBER] signals it, ["resize", [ROWS, COLUMNS]] makes the terminal (24 by
120 at first) another one. Prints {"code", "output", "restored"} as JSON.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

PATIENCE = 60


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    steps = json.loads(sys.stdin.read())
    master, slave = pty.openpty()
    resize(slave, 24, 120)
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for stream in (0, 1, 2):
            os.dup2(slave, stream)
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.argv[1], sys.argv[1:])

    output, seen = b"", 0

    def read(wait):
        nonlocal output
        if select.select([master], [], [], wait)[0]:
            output += os.read(master, 65536)

    for action, value in steps:
        if action == "expect":
            deadline = time.monotonic() + PATIENCE
            while value.encode() not in output[seen:]:
                if time.monotonic() > deadline:
                    sys.exit(f"{value!r} is never printed; the terminal shows {output!r}")
                read(0.1)
            seen = len(output)
        elif action == "send":
            os.write(master, value.encode())
        elif action == "signal":
            os.kill(pid, value)
        elif action == "resize":
            resize(master, *value)
    while True:
        read(0.1)
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
    read(0.1)
    restored = termios.tcgetattr(slave) == before
    print(
        json.dumps(
            {
                "code": os.waitstatus_to_exitcode(status),
                "output": output.decode(errors="replace"),
                "restored": restored,
            }
        )
    )


main()

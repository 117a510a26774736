"""Runs command lines of the program `celery`, one after the other in one process, for starting it anew takes a second.

Reads a JSON list of argument lists from standard input; prints a JSON list of {"code", "output"}.
"""

import json
import sys

from celery.bin.celery import celery
from click.testing import CliRunner


def run(arguments):
    result = CliRunner().invoke(celery, ["-A", "control_app", *arguments], auto_envvar_prefix="CELERY")
    output = result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        output += f"{type(result.exception).__name__}: {result.exception}"
    return {"code": result.exit_code, "output": output}


print(json.dumps([run(arguments) for arguments in json.load(sys.stdin)]))

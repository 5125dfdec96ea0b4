"""Compares the optimum that CBC finds of exported programs with the values worked out by hand.

usage: foreign_solver.py PLEACH INSTANCE...

Of each instance eight programs are exported: groups and single nodes, service and cost, as MPS and as LP. The instances have
to be such that the relaxation by groups is tight: its optimum is the value in `known.toml` beside them, too.
"""

import itertools
import pathlib
import re
import subprocess
import sys
import tempfile

from pulp import PULP_CBC_CMD

CBC = PULP_CBC_CMD().path
NEAR = 1e-6


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def optimum(program):
    """CBC's optimum of a program in a file."""
    solution = program.with_suffix(".solution")
    said = run(CBC, str(program), "-solve", "-solution", str(solution))
    found = re.match(r"Optimal - objective value (\S+)", solution.read_text())
    if not found:
        raise SystemExit(f"CBC does not solve {program}:\n{said}")
    return float(found[1])


def known(instance):
    """Service and cost of an instance in the table beside it."""
    table = instance.with_name("known.toml").read_text()
    row = next(row for row in table.split("[[instance]]") if f'file = "{instance.name}"' in row)
    value = {name: float(number) for name, number in re.findall(r"^(service|cost) = (\S+)$", row, re.M)}
    return value["service"], value["cost"]


def check(pleach, instance, folder):
    service, cost = known(instance)
    values = (("service", -service), ("cost", cost))
    for level, (objective, value), form in itertools.product(("group", "peer"), values, ("mps", "lp")):
        program = folder / f"{level}-{objective}.{form}"
        what = ["--level", level, "--objective", objective, "--format", form]
        run(pleach, "export", str(instance), *what, "-o", str(program))
        found = optimum(program)
        print(f"foreign-solver: {instance.name}, {program.name}: {found} by CBC, {value} by hand", file=sys.stderr)
        if abs(found - value) > NEAR * max(1.0, abs(value)):
            raise SystemExit(f"foreign-solver: {instance.name}: the optimum of {program.name} is wrong")


def main(pleach, *instances):
    for instance in instances:
        with tempfile.TemporaryDirectory() as folder:
            check(pleach, pathlib.Path(instance), pathlib.Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])

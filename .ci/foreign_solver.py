"""Compares the optimum that CBC finds of exported programs with what pleach says of the same instances.

usage: foreign_solver.py PLEACH INSTANCE...

Of each instance four programs are exported: service and cost, as MPS and as LP. Service has to be the service that the
program for cost asks for, which HiGHS found; both have to be the bounds in the plan, which are evaluated from duals.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

from pulp import PULP_CBC_CMD

CBC = PULP_CBC_CMD().path
# Bounds on cost give up a millionth per flow to rounding.
NEAR = 1e-4


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


def asked_service(program):
    """The lower side of the row `svc` in an MPS file."""
    return float(re.search(r"^ rhs \S*svc\S* (\S+)$", program.read_text(), re.M)[1])


def compare(what, one, other):
    near = abs(one - other) <= NEAR * max(1.0, abs(one), abs(other))
    print(f"foreign-solver: {what}: {one:.6f} and {other:.6f}", file=sys.stderr)
    if not near:
        raise SystemExit(f"foreign-solver: {what} differs")


def check(pleach, instance, folder):
    plan = json.loads(run(pleach, "solve", instance, "--method", "optimized"))
    found = {}
    for objective in ("service", "cost"):
        for form in ("mps", "lp"):
            program = folder / f"{objective}.{form}"
            run(pleach, "export", instance, "--format", form, "--objective", objective, "-o", str(program))
            found[objective, form] = optimum(program)
        compare(f"{instance}: {objective} as MPS and LP", found[objective, "mps"], found[objective, "lp"])
    service = -found["service", "mps"]
    compare(f"{instance}: service by CBC and HiGHS", service, asked_service(folder / "cost.mps"))
    compare(f"{instance}: service by CBC and the plan's bound", service, plan["service"]["bound"])
    compare(f"{instance}: cost by CBC and the plan's bound", found["cost", "mps"], plan["cost"]["bound"])


def main(pleach, *instances):
    for instance in instances:
        with tempfile.TemporaryDirectory() as folder:
            check(pleach, instance, pathlib.Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])

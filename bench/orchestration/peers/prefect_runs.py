"""Peer: the same chains as flows of Prefect, against the server that it starts for itself. Prints what they took as JSON, in ms."""

import json
import time

from prefect import flow, task


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@task
def fibonacci(_before=None):
    if fib(10) != 55:
        raise ValueError("the machine cannot add")


@task
def noop(_before=None):
    pass


@flow
def chain_40():
    before = None
    for _ in range(40):
        before = fibonacci(before)


@flow
def steps_3():
    noop(noop(noop()))


def timed(run):
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1_000


# The first starts the server and makes its database.
steps_3()
print(json.dumps({"stepsMs": [timed(steps_3) for _ in range(9)], "chainMs": [timed(chain_40) for _ in range(3)]}))

"""Peer: the same chains as DAGs of Airflow."""

from airflow.sdk import dag, task


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def fibonacci():
    if fib(10) != 55:
        raise ValueError("the machine cannot add")


def noop():
    pass


def chain(dag_id, length, work):
    @dag(dag_id=dag_id, schedule=None, is_paused_upon_creation=False)
    def wired():
        before = None
        for number in range(length):
            step = task(task_id=f"step_{number}")(work)()
            if before is not None:
                before >> step
            before = step

    return wired()


chain("chain_40", 40, fibonacci)
chain("steps_3", 3, noop)

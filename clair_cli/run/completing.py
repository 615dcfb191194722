"""How the requests of a job are answered: by whom, how many at a time, within which budget."""

import contextlib
import gc
import resource
import time
from decimal import Decimal

from clair_cli.endpoint.address import Address
from clair_cli.endpoint.budget import Budget
from clair_cli.endpoint.client import Endpoint
from clair_cli.endpoint.limits.gate import Gate
from clair_cli.endpoint.limits.lane import Lane
from clair_cli.endpoint.limits.pace import Pace
from clair_cli.endpoint.retrying import Patience
from clair_cli.mock import MockServer
from clair_cli.records import Observer, UsageError
from clair_cli.run.job import Job
from clair_cli.store.remembering import Complete, never_asks

SPARE_FILES = 64
"""Files that a run has open beside its connections, generously."""


def prepare_process(concurrency: int) -> None:
    """Let the process hold as many connections, and as many objects, as the run will.

    The collector's default thresholds have it look through all rows in flight again and again.

    Raises:
        UsageError: The system allows fewer open files.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    needed = concurrency + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise UsageError(
                f"-c {concurrency}: only {hard} files may be open at once; lower it to "
                f"{max(1, hard - SPARE_FILES)}, or raise ulimit -n"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def gate_for(job: Job) -> Gate:
    """What lets the requests of a job go, within its limits."""
    speed = job.options.speed
    addresses = job.addresses or [Address("http://127.0.0.1")]
    lanes = [
        Lane(address.shown, number, speed.concurrency) for number, address in enumerate(addresses)
    ]
    return Gate(speed.concurrency, lanes, Pace(speed.rpm, speed.tpm, now=time.monotonic()))


async def complete_for(
    job: Job, gate: Gate, observe: Observer, stack: contextlib.AsyncExitStack
) -> Complete:
    """What answers the requests of a job that the store cannot; `stack` closes it.

    Raises:
        UsageError: A key would go over plain http to a public address.
    """
    trust, speed, money = job.options.trust, job.options.speed, job.options.money
    if trust.offline:
        return never_asks
    addresses = job.addresses
    if job.options.endpoint.mock:
        server = await stack.enter_async_context(MockServer())
        addresses = (Address(server.base_url),)
    budget = Budget(
        gate.close,
        requests=money.max_requests,
        cost=None if money.max_cost is None else Decimal(str(money.max_cost)),
        cost_of=job.price.of if job.price else None,
    )
    patience = Patience(speed.timeout, trust.give_up_after)
    endpoint = Endpoint(addresses, patience, gate, budget, observe)
    return (await stack.enter_async_context(endpoint)).complete

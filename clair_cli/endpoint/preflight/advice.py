"""How many requests at once an endpoint bears: what its limits say, else what a ramp shows."""

import math
from collections.abc import Iterable, Sequence

from clair_cli.endpoint.limits.pace import MINUTE, Bucket, quota
from clair_cli.endpoint.preflight.capabilities import Answer, Limit, Step, Suggestion
from clair_cli.endpoint.preflight.probe import Reply

STEPS = (1, 4, 16)
"""Requests that the ramp sends at once."""
SLOW = 20.0
"""Mean seconds of a step's replies past which the next step is not taken."""
GROWTH = 1.5
"""Times the throughput of the step before that make a larger step worth it."""
PATIENCE = 2.0
"""Times the latency of one request alone that is still no queue."""
USUAL = 64
"""The default of `--concurrency`: a ceiling that the run itself lowers where it must."""
MOST = 4096
PROMPT_TOKENS = 1000.0
COMPLETION_TOKENS = 500.0
"""Tokens of a revision that are reckoned with."""
FEW_TOKENS = 16
"""Completion tokens up to which a reply is too short to show a speed."""


def limits_of(replies: Iterable[Reply], wall: float) -> dict[str, Limit]:
    """What the headers of successive replies say of the limits on requests and tokens.

    Args:
        replies: In the order that they came in.
        wall: Seconds since the epoch, which dates are measured from.
    """
    found: dict[str, Limit] = {}
    replies = list(replies)
    for kind in ("requests", "tokens"):
        bucket: Bucket | None = None
        for reply in replies:
            said = quota(reply.headers, kind, wall)
            if not said.limit:
                continue
            bucket = bucket or Bucket(said.limit / MINUTE, said.limit, reply.at)
            bucket.learn(said, outstanding=0, age=0, now=reply.at)
            found[kind] = Limit(said.limit, said.remaining, said.reset, bucket.rate * MINUTE)
    return found


def from_limits(limits: dict[str, Limit], answer: Answer) -> Suggestion | None:
    """What keeps the limits busy, by Little's law; None without limits.

    Requests in flight = requests a second that are admitted, times seconds that one takes.
    """
    rates = []
    if "requests" in limits:
        rates.append((limits["requests"].per_minute, "requests"))
    if "tokens" in limits:
        each = PROMPT_TOKENS + COMPLETION_TOKENS
        rates.append((limits["tokens"].per_minute / each, f"revisions of {each:,.0f} tokens"))
    if not rates:
        return None
    rate, what = min(rates)
    seconds = _seconds(answer)
    wanted = math.ceil(rate / MINUTE * seconds)
    return Suggestion(
        min(max(wanted, 1), MOST),
        f"{rate:,.0f} {what} a minute x {seconds:.1f} s for one (Little's law)",
    )


def _seconds(answer: Answer) -> float:
    """How long a whole revision takes at the speed of the small answer."""
    tokens = answer.usage.completion_tokens
    if tokens <= FEW_TOKENS:
        return answer.latency
    return answer.latency * max(1.0, COMPLETION_TOKENS / tokens)


def step_of(replies: Sequence[Reply], seconds: float) -> Step:
    """One step of the ramp, which took so long in all."""
    times = [reply.seconds for reply in replies if reply.completion]
    mean = sum(times) / len(times) if times else 0.0
    return Step(len(replies), len(times), mean, len(times) / max(seconds, 1e-9))


def may_go_on(step: Step) -> bool:
    """Whether a larger step can be asked for: all were answered, and soon."""
    return step.answered == step.at_once and step.latency <= SLOW


def from_ramp(steps: Sequence[Step]) -> Suggestion | None:
    """The largest step that was worth it, or more where nothing has shown a bound."""
    if not steps or not steps[0].answered:
        return None
    best = steps[0]
    for step in steps[1:]:
        if step.answered < step.at_once:
            return Suggestion(best.at_once, f"of {step.at_once} at once, some were turned away")
        if step.per_second < GROWTH * best.per_second:
            grew = f"{best.per_second:.1f} to {step.per_second:.1f} replies/s"
            return Suggestion(
                best.at_once,
                f"from {best.at_once} to {step.at_once} at once, throughput hardly grew ({grew})",
            )
        best = step
    return _unbounded(best, steps)


def _unbounded(best: Step, steps: Sequence[Step]) -> Suggestion:
    if len(steps) < len(STEPS):
        return Suggestion(best.at_once, f"a reply takes {best.latency:.0f} s: no more were tried")
    if best.latency > PATIENCE * steps[0].latency:
        return Suggestion(best.at_once, f"more than {best.at_once} at once would queue")
    return Suggestion(USUAL, f"{best.at_once} at once are as quick as one; no limit was seen")

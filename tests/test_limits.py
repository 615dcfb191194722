"""Limits, ceilings and replicas: the parts on a clock of their own, no waiting."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clair_cli.endpoint.limits.ceiling import Ceiling
from clair_cli.endpoint.limits.gate import Gate
from clair_cli.endpoint.limits.lane import Admission, Lane
from clair_cli.endpoint.limits.pace import Bucket, Pace, Quota, quota
from clair_cli.records import EndpointError, RunError

WALL = 1_800_000_000.0

HEADERS = [
    ({"x-ratelimit-limit-requests": "600"}, Quota(600, None, None)),
    (
        {
            "x-ratelimit-limit-requests": "60",
            "x-ratelimit-remaining-requests": "59",
            "x-ratelimit-reset-requests": "1s",
        },
        Quota(60, 59, 1),
    ),
    ({"x-ratelimit-reset-requests": "6m0s"}, Quota(None, None, 360)),
    ({"x-ratelimit-reset-requests": "120ms"}, Quota(None, None, 0.12)),
    ({"x-ratelimit-reset-requests": "1h2m3.5s"}, Quota(None, None, 3723.5)),
    ({"x-ratelimit-reset-requests": "59.7"}, Quota(None, None, 59.7)),
    ({"x-ratelimit-reset-requests": str(int(WALL + 30))}, Quota(None, None, 30)),
    ({"x-ratelimit-reset": str(int((WALL + 30) * 1000))}, Quota(None, None, 30)),
    ({"anthropic-ratelimit-requests-reset": "2027-01-15T08:01:00Z"}, Quota(None, None, 60)),
    ({"x-ratelimit-reset-requests": "Fri, 15 Jan 2027 08:00:10 GMT"}, Quota(None, None, 10)),
    ({"x-ratelimit-remaining-requests": "-1"}, Quota(None, None, None)),
    ({"x-ratelimit-remaining-requests": ""}, Quota(None, None, None)),
    ({"x-ratelimit-reset-requests": "tomorrow"}, Quota(None, None, None)),
    ({"x-ratelimit-limit-requests": "nan"}, Quota(None, None, None)),
    ({}, Quota(None, None, None)),
]


@pytest.mark.parametrize(("headers", "expected"), HEADERS)
def test_headers_of_providers_are_understood(headers: dict[str, str], expected: Quota) -> None:
    assert quota(headers, "requests", WALL) == pytest.approx(expected)


@given(st.dictionaries(st.sampled_from([f"x-ratelimit-{w}-tokens" for w in
       ("limit", "remaining", "reset")]), st.text()))  # fmt: skip
def test_any_header_text_is_survived(headers: dict[str, str]) -> None:
    found = quota(headers, "tokens", WALL)
    assert all(value is None or value >= 0 for value in (found.limit, found.remaining, found.reset))


def test_a_bucket_lets_its_rate_through() -> None:
    bucket = Bucket(rate=10.0, capacity=1.0, now=0.0)
    now, gone = 0.0, 0
    while now < 60.0:
        wait = bucket.ready_in(1, now)
        now += wait
        if now < 60.0:
            bucket.take(1, now)
            gone += 1
    assert 600 <= gone <= 602


def test_a_bucket_believes_the_endpoint_within_reason() -> None:
    bucket = Bucket(rate=10.0, capacity=600.0, now=0.0)
    bucket.learn(Quota(600, 100, 50.0), outstanding=20, age=0.1, now=0.1)
    assert bucket.level == pytest.approx(102.0)  # 100, one for rounding, one for the time since
    bucket.learn(Quota(600, 400, 20.0), outstanding=20, age=0.1, now=0.1)
    assert bucket.level == pytest.approx(380.0)  # what others gave back, less what is on its way


@pytest.mark.parametrize(("period", "rate"), [(60.0, 10.0), (86400.0, 600 / 86400), (1.0, 600.0)])
def test_the_period_of_a_limit_is_learnt(period: float, rate: float) -> None:
    bucket = Bucket(rate=10.0, capacity=600.0, now=0.0)
    for used in (60, 120, 180):
        quota_now = Quota(600, 600 - used, used * period / 600)
        bucket.learn(quota_now, outstanding=0, age=0.0, now=0.0)
    assert bucket.rate == pytest.approx(rate)


def test_a_request_larger_than_the_limit_waits_for_all_of_it_and_not_for_ever() -> None:
    pace = Pace(tpm=600.0)
    assert pace.ready_in(100_000, 0.0) == 0.0
    pace.take(100_000, 0.0)
    assert pace.ready_in(1, 0.0) > 0


def test_a_cooldown_holds_everything() -> None:
    pace = Pace()
    pace.cool(5.0, 10.0)
    pace.cool(1.0, 11.0)
    assert pace.ready_in(1, 12.0) == pytest.approx(3.0)
    assert pace.ready_in(1, 15.0) == 0.0


def test_a_ceiling_halves_once_a_round_trip_and_grows_back() -> None:
    ceiling = Ceiling(most=100)
    assert int(ceiling) == 100
    for serial in range(1, 51):
        ceiling.overloaded(serial, admitted=100)
    assert int(ceiling) == 50  # one cut for all that had been admitted
    ceiling.overloaded(101, admitted=150)
    assert int(ceiling) == 25
    for _ in range(25):
        ceiling.answered(0.1)
    assert 26 <= int(ceiling) <= 28  # two per cent of the most a round
    for _ in range(100_000):
        ceiling.answered(0.1)
    assert int(ceiling) == 100


def test_a_ceiling_does_not_grow_while_latency_is_high() -> None:
    ceiling = Ceiling(most=4096)
    for _ in range(600):
        ceiling.answered(0.1)
    grown = ceiling.value
    assert grown > 512
    for _ in range(20_000):
        ceiling.answered(1.0)
    assert ceiling.value < grown * 3


@given(st.lists(st.sampled_from(["answer", "overload"]), max_size=300), st.integers(1, 2000))
def test_a_ceiling_stays_in_its_bounds(events: list[str], most: int) -> None:
    ceiling = Ceiling(most)
    for serial, event in enumerate(events, start=1):
        if event == "answer":
            ceiling.answered(0.1)
        else:
            ceiling.overloaded(serial, serial)
        assert 1 <= int(ceiling) <= most


def run(body: Callable[[], "asyncio.Future[None]"]) -> None:
    asyncio.run(body())


def lanes(number: int, most: int = 4) -> list[Lane]:
    return [Lane(f"http://replica-{n}", n, most) for n in range(number)]


def test_the_gate_goes_to_the_replica_with_the_most_room() -> None:
    async def body() -> None:
        gate = Gate(10, lanes(2, most=4))
        async with gate.slot() as first, gate.slot() as second, gate.slot() as third:
            assert [first.lane.number, second.lane.number] == [0, 1]
            assert gate.in_flight == 3
            assert third.lane.number == 0
        assert gate.in_flight == 0

    run(body)


def test_a_failed_replica_rests_and_is_tried_by_one_request() -> None:
    async def body() -> None:
        sick, well = pair = lanes(2, most=4)
        gate = Gate(8, pair)
        async with gate.slot() as admission:
            gate.on_failure(admission, at_once=True)
        assert sick.is_resting
        async with gate.slot() as one, gate.slot() as two:
            assert one.lane is two.lane is well
        await asyncio.sleep(1.05)
        assert sick.room == 1
        async with gate.slot() as probe, gate.slot() as other:
            assert {probe.lane, other.lane} == {sick, well}
            on_sick = probe if probe.lane is sick else other
            gate.on_answer(on_sick, {}, 0)
        assert not sick.is_resting
        assert sick.room == 4

    run(body)


def test_a_closed_gate_turns_the_waiting_away_and_leaves_the_others() -> None:
    async def body() -> None:
        gate = Gate(1, lanes(1, most=1))
        error = EndpointError("over")

        async def late() -> RunError | None:
            try:
                async with gate.slot():
                    return None
            except RunError as exc:
                return exc

        async with gate.slot():
            waiting = [asyncio.create_task(late()) for _ in range(3)]
            await asyncio.sleep(0)
            gate.close(error)
            assert await asyncio.gather(*waiting) == [error] * 3
            assert gate.in_flight == 1
        with pytest.raises(EndpointError):
            await gate.pause(1)

    run(body)


def test_a_cancelled_waiter_loses_no_slot() -> None:
    async def body() -> None:
        gate = Gate(1, lanes(1, most=1))
        order: list[str] = []

        async def use(name: str) -> None:
            async with gate.slot() as admission:
                assert isinstance(admission, Admission)
                order.append(name)

        async with gate.slot():
            gone, stays = asyncio.create_task(use("gone")), asyncio.create_task(use("stays"))
            await asyncio.sleep(0)
            gone.cancel()
        await asyncio.wait({gone, stays})
        assert order == ["stays"]
        assert gate.in_flight == 0

    run(body)


def test_no_number_of_overloads_is_too_many() -> None:
    lane = Lane("http://replica", 0, 4)
    for number in range(3000):
        admission = lane.admit(0.0, float(number))
        lane.on_overload(admission, None, float(number), only_paced=False)
        lane.leave(admission)
    assert 0 < (lane.ready_in(0.0, 3000.0) or 0) <= 60

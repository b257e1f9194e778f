"""The circuit breaker, step by step."""

from bot.llm.breaker import FAILURES, Breaker, State


def failed(times: int, now: float = 0.0) -> Breaker:
    found = Breaker()
    for _ in range(times):
        found = found.failed(now)
    return found


def test_a_few_failures_are_nothing() -> None:
    found = failed(FAILURES - 1)
    assert (found.state, found.admits(0.0)) == (State.CLOSED, True)


def test_failures_in_a_row_open_it() -> None:
    found = failed(FAILURES, now=100.0)
    assert found.state is State.OPEN
    assert [found.admits(now) for now in (100.0, 109.9, 110.0)] == [False, False, True]


def test_one_success_between_them_starts_anew() -> None:
    found = failed(FAILURES - 1).succeeded().failed(0.0)
    assert (found.state, found.failures) == (State.CLOSED, 1)


def test_what_the_operator_must_mend_opens_it_at_once() -> None:
    assert Breaker().failed(0.0, at_once=True).state is State.OPEN


def test_the_endpoint_may_ask_for_a_longer_rest() -> None:
    found = Breaker().failed(0.0, at_once=True, rest=60.0)
    assert [found.admits(now) for now in (59.9, 60.0)] == [False, True]


def test_a_shorter_one_is_not_taken() -> None:
    assert not Breaker().failed(0.0, at_once=True, rest=1.0).admits(2.0)


def test_after_the_rest_there_is_one_trial() -> None:
    trial = failed(FAILURES).begun(10.0)
    assert trial.state is State.HALF_OPEN
    assert not trial.admits(11.0)


def test_a_trial_that_fails_rests_twice_as_long() -> None:
    found = failed(FAILURES).begun(10.0).failed(12.0)
    assert found.state is State.OPEN
    assert [found.admits(now) for now in (31.9, 32.0)] == [False, True]


def test_rests_end() -> None:
    found = Breaker()
    for _ in range(50):
        found = found.failed(0.0, at_once=True)
    assert [found.admits(now) for now in (299.0, 300.0)] == [False, True]


def test_a_trial_that_succeeds_closes_it() -> None:
    assert failed(FAILURES).begun(10.0).succeeded() == Breaker()


def test_a_trial_that_was_given_up_may_be_made_again() -> None:
    found = failed(FAILURES).begun(10.0).abandoned(11.0)
    assert found.admits(11.0)
    assert found.state is State.OPEN


def test_a_trial_that_nobody_heard_of_ends_too() -> None:
    assert failed(FAILURES).begun(10.0).admits(130.0)


def test_what_is_given_up_in_a_good_time_changes_nothing() -> None:
    found = failed(1)
    assert found.begun(1.0).abandoned(2.0) == found

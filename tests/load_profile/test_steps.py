"""What every step of a run returns, whoever calls it."""

import time

from load_profile.steps import SECONDS, Step


def test_seconds_are_those_of_the_whole_step_and_no_value_of_it_hides_them():
    def slow(_) -> dict[str, object]:
        time.sleep(0.05)
        return {"files written": 1}

    values = Step("slow", slow, "Waiting", group="files", kinds=frozenset()).values(None)
    assert values["files written"] == 1
    assert 0.05 <= values[SECONDS] < 5

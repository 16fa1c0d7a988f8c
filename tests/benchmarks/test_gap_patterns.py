"""The check of exports by random gap patterns finds nothing, and finds what is wrong."""

from pathlib import Path

import gap_patterns
import numpy as np
import pytest

from ingest.workspace import Workspace
from load_profile.exports.catalog import KINDS
from load_profile.exports.options import Options, Use

WRONG = ("invented", "lost", "changed", "wrong refusals")


@pytest.fixture(scope="module")
def batch(sample, tmp_path_factory) -> tuple[gap_patterns.Batch, Path]:
    made = gap_patterns.make_batch(np.random.default_rng(4), 24, None, 0)
    place = tmp_path_factory.mktemp("gaps") / "batch.duckdb"
    gap_patterns.publish(made, Workspace(sample).published, place)
    return made, place


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values() if not kind.is_yearly])
def test_no_value_is_invented_lost_or_changed(batch, tmp_path, kind):
    for use, allow_partial in ((Use.strict, False), (Use.final, True)):
        options = Options(use=use, allow_partial=allow_partial)
        counts = gap_patterns.check(batch[0], kind, options, tmp_path / use, batch[1])
        assert counts["written"] + counts["refused"] <= counts["patterns"] == 24
        assert not any(counts[name] for name in WRONG), counts
        assert counts["values"] or not allow_partial


def test_a_value_too_many_too_few_or_other_is_counted(batch, tmp_path, monkeypatch):
    read = gap_patterns.READERS["csv"]

    def damaged(folder, *words):
        found = read(folder, *words)
        kept = [own for own in found.values() if own.values]
        known = [(own, at) for own in kept for at, row in own.values.items() if row["kw"]]
        for (own, at), change in zip(known[::7], ("other", "lost", "invented"), strict=False):
            if change == "other":
                own.values[at]["kw"] += 0.001
            elif change == "lost":
                del own.values[at]
            else:
                own.values[at + np.timedelta64(1, "s")] = dict(own.values[at])
        return found

    monkeypatch.setitem(gap_patterns.READERS, "csv", damaged)
    options = Options(use=Use.final, allow_partial=True)
    counts = gap_patterns.check(batch[0], "csv", options, tmp_path, batch[1])
    assert [counts[name] for name in WRONG] == [1, 1, 1, 0]

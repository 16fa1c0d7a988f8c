"""The words of letters: every problem has its own, and no words are left over."""

import re
import tomllib
from pathlib import Path

from ingest import letters
from ingest.problems import CODES, NEVER_RELEASED, OUTCOME_OF, RELEASABLE

WORDS = tomllib.loads(Path(letters.__file__).with_suffix(".toml").read_text("utf-8"))


def test_every_code_of_a_problem_has_words_and_all_words_are_of_a_code():
    assert WORDS["codes"].keys() == OUTCOME_OF.keys()
    assert WORDS["outcomes"].keys() == CODES.keys()
    assert OUTCOME_OF.keys() >= RELEASABLE | NEVER_RELEASED


def test_every_code_has_all_four_texts_its_own_or_of_its_like_or_of_its_outcome():
    for code, own in WORDS["codes"].items():
        like = WORDS["codes"][own["like"]] if "like" in own else {}
        texts = WORDS["outcomes"][OUTCOME_OF[code]] | like | own
        assert texts.keys() >= {"title", "expected", "found", "advice"}, code


def test_a_closing_note_is_above_the_letter_and_names_the_file_in_one_line():
    note = letters.closing_note("north\n1.csv", "the letter")
    assert note == "Closed: north\\n1.csv was accepted since.\n\nthe letter"


def test_a_note_has_a_noun_for_one_thing_and_for_several():
    for code in WORDS["notes"]:
        one, several = (letters.note_in_words(code, count) for count in (1, 2000))
        assert not re.match(r"1 \w+s\b", one) and "{" not in one
        assert "2,000 " in several or one == several

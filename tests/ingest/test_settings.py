"""settings.toml has one reader, which names file, line, key, value and what is allowed."""

import pytest

from ingest.settings import Email, Settings, SettingsError, Webhook, read_settings

EMAIL = "[email]\nserver = 'a'\nsender = 'b'\nrecipients = ['c']\n"


def test_settings_have_values_of_their_own_without_a_file(tmp_path):
    assert read_settings(tmp_path / "settings.toml") == Settings(keep_runs=60)
    (tmp_path / "settings.toml").write_text("keep_runs = 5  # few\n")
    assert read_settings(tmp_path / "settings.toml").keep_runs == 5


def test_the_receivers_of_alerts_are_settings(tmp_path):
    text = EMAIL + "port = 587\nstarttls = true\nuser = 'd'\n[webhook]\nurl = 'e'\n"
    (tmp_path / "settings.toml").write_text(text)
    email = Email("a", "b", ["c"], port=587, starttls=True, user="d")
    assert read_settings(tmp_path / "settings.toml") == Settings(email=email, webhook=Webhook("e"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("keep_run = 5", "line 1: 'keep_run' is unknown; allowed are keep_runs, "),
        ("# few\nkeep_runs = 0", "line 2: keep_runs is 0; allowed is a whole number from 1 to"),
        ("keep_runs = true", "keep_runs is True"),
        ("keep_runs = 1.5", "keep_runs is 1.5"),
        ("keep_runs = '5'", "keep_runs is '5'"),
        ("keep_runs = 2024-01-01", "keep_runs is '2024-01-01'"),
        ("keep_runs =", "cannot be read"),
        ("holes = 'ignore'", 'line 1: holes is \'ignore\'; allowed is "quarantine" or "accept".'),
        (
            "date_format = 'us'",
            'line 1: date_format is \'us\'; allowed is "iso", "day-first" or "month-first".',
        ),
        ("[keep_runs]", "keep_runs is {}"),
        (f"{EMAIL}port = 99999", "line 5: [email] port is 99999; allowed is a whole number from"),
        (f"{EMAIL}starttls = 'yes'", "[email] starttls is 'yes'; allowed is true or false"),
        (EMAIL.replace("'c'", ""), "[email] recipients is []; allowed is a list of one or more"),
        (EMAIL.replace("'c'", "3"), "[email] recipients is 3; allowed is a list of one or more"),
        (EMAIL.replace("sender", "from"), "line 3: '[email] from' is unknown; allowed are server"),
        ("[[webhook]]\nurl = 'x'", "line 1: webhook is [{'url': 'x'}]; allowed is a table"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_allowed(tmp_path, text, named):
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(SettingsError) as found:
        read_settings(tmp_path / "settings.toml")
    assert named in str(found.value) and "settings.toml" in str(found.value)


def test_a_file_that_alerts_were_set_up_in_before_is_not_passed_over(tmp_path):
    (tmp_path / "alerts.toml").write_text(EMAIL)
    with pytest.raises(SettingsError, match=r"move \[email\] and \[webhook\] into settings.toml"):
        read_settings(tmp_path / "settings.toml")

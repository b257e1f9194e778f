"""What people write fits the sample project."""

from bot.demo import texts
from bot.sandbox.sample_files import FILES, GUIDE


def test_the_guide_is_changed_where_the_story_says() -> None:
    lines = texts.GUIDE_CHANGED.split("\n")
    assert texts.GUIDE_CHANGED != GUIDE
    assert all(lines[number - 1] not in GUIDE for number in texts.GUIDE_FIXES)
    assert texts.DEAD_LINK in lines[texts.DEAD_LINK_LINE - 1]
    assert f"docs/{texts.DEAD_LINK}" not in FILES


def test_the_form_is_filled_in_but_for_the_version() -> None:
    changed = set(texts.EMPTY_LEVEL.split("\n")) ^ set(texts.EMPTY_LEVEL_WITH_VERSION.split("\n"))
    assert changed == {"_No response_", "1.4.0"}


def test_the_log_of_the_form_is_like_those_of_the_sample_project() -> None:
    assert "2024-05-01T06:00;1.21;m\n" in texts.EMPTY_LEVEL
    assert "2024-05-01T06:20;;m\n" in texts.EMPTY_LEVEL

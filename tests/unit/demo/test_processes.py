"""Children see a clean environment, and what a server leaves behind is ended, no more."""

import subprocess
import sys
import time
from pathlib import Path

import psutil

from bot.demo.processes import clean_environment
from bot.demo.remains import end_remains


def test_only_the_place_and_the_model_are_passed_on() -> None:
    caller = {
        "PATH": "/bin", "HOME": "/h", "LANG": "C", "ASSISTANT_MODEL": "m", "OPENAI_BASE_URL": "http://x",
        "OPENAI_API_KEY": "", "DATABASE_URL": "postgresql://", "GITHUB_APP_ID": "1", "PYTHONPATH": "/x", "PORT": "1",
    }  # fmt: skip
    seen = clean_environment(caller)
    passed = {name: seen[name] for name in caller if name in seen and name != "PYTHONPATH"}
    assert passed == {
        "PATH": "/bin", "HOME": "/h", "LANG": "C", "ASSISTANT_MODEL": "m", "OPENAI_BASE_URL": "http://x",
    }  # fmt: skip
    assert (Path(seen["PYTHONPATH"]) / "bot" / "demo").is_dir()


def test_children_of_the_group_may_come_to_their_end(tmp_path: Path) -> None:
    done = tmp_path / "done"
    script = f"import pathlib, time; time.sleep(0.5); pathlib.Path({str(done)!r}).touch()"
    with subprocess.Popen([sys.executable, "-c", script], start_new_session=True) as child:
        end_remains(child.pid, tmp_path)
        assert done.exists()


def test_a_process_that_is_no_database_of_this_folder_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd=tmp_path) as other:
        (tmp_path / "postmaster.pid").write_text(f"{other.pid}\n")
        began = time.monotonic()
        end_remains(2**22 + 1, tmp_path)
        assert time.monotonic() - began < 5
        assert psutil.pid_exists(other.pid)
        other.kill()

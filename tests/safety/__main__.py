"""python -m tests.safety [--nightly] [LANE …]: every lane at full length; exit code 1 if one failed."""

from tests.support import lanes

if __name__ == "__main__":
    lanes.run("tests.safety", ("adversary", "injections", "mutants"))

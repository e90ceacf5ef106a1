"""What holds for all tests: every program that a session compiles passes the verifier first.

Machine code is kept beside pytest's own cache, never in the user's.
"""

import os
from pathlib import Path

os.environ["PANTARHEI_VERIFY"] = "1"
os.environ["PANTARHEI_CACHE"] = str(Path(__file__).parents[1] / ".pytest_cache" / "pantarhei")

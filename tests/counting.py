"""Work that is counted in calls, which repeat, and not in seconds, which do not."""

import gc
import sys


def calls(run):
    """How many functions, of Python and of C, a run calls."""
    count = 0

    def count_calls(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    gc.disable()  # or weak references' callbacks would be counted
    before = sys.getprofile()
    sys.setprofile(count_calls)
    try:
        run()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count

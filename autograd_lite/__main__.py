"""Run the command line as ``python -m autograd_lite``."""

import sys

from .cli import main

sys.exit(main())

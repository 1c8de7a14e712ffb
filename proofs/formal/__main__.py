"""``python -m proofs.formal``: compile the theorems and every claim's lemmas, and compare what they assume.

INSTALL=1 in the environment installs Coq first. ``--outside`` translates every claim and writes anew which ones
are outside, without Coq.
"""

import sys

from proofs.formal.run import main

sys.exit(main())

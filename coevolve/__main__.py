"""`python -m coevolve COMMAND`: the command line where the console script is not on the path.

python -m coevolve directions
"""

import sys

from coevolve.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

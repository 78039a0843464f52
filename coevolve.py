"""Entry of the Ray job: `ray job submit --working-dir . -- python coevolve.py run
configs/demo.toml`.

`import coevolve` elsewhere takes the package of the same name; this file only calls its command
line.
"""

import sys

from coevolve.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

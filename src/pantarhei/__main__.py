"""`python -m pantarhei COMMAND` is `pantarhei COMMAND`."""

import sys

from pantarhei.commands.main import main

if __name__ == "__main__":
    sys.exit(main())

"""``python -m toolkit``: the command line."""

from toolkit.cli.main import main

raise SystemExit(main())

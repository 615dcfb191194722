"""`python -m clair_cli` is `clair`."""

from clair_cli.cli.main import main

if __name__ == "__main__":
    main()

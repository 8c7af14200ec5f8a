"""``python -m zepix_core`` is the ``zepix`` command."""

from zepix_core.cli.main import main

if __name__ == "__main__":
    main()

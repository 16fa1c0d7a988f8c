"""Start the command `load-profile`: Ctrl-C is one line also while it is being imported."""

import sys


def main() -> None:
    try:
        from load_profile.cli import main as run_command

        run_command()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()

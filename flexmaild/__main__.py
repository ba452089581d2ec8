"""`python -m flexmaild` is the same as `flexmaild`."""

from flexmaild.cli.flexmaild import main

if __name__ == "__main__":
    main()

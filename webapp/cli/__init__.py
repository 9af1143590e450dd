"""The command line, one command a file; ``webapp.__main__`` puts them together."""
